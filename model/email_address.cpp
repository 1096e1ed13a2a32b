#include "model/email_address.hpp"

#include <algorithm>

namespace ingot {

namespace {

constexpr std::size_t local_part_bytes_max = 64; // RFC 5321 4.5.3.1.1
constexpr std::size_t label_bytes_max = 63;      // RFC 1035 2.3.4

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 5322 3.2.3.
bool is_atom_text(char c) {
  return is_letter_or_digit(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

bool is_label(std::string_view x) {
  return !x.empty() && x.size() <= label_bytes_max && x.front() != '-' && x.back() != '-' &&
         std::all_of(x.begin(), x.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

/// Are there parts with a dot between them, each of which `is_part`? @returns how many; 0: no
template <class Predicate>
std::size_t dotted_parts(std::string_view text, Predicate is_part) {
  auto parts = std::size_t{0};
  for (;; ++parts) {
    const auto dot = text.find('.');
    if (!is_part(text.substr(0, dot)))
      return 0;
    if (dot == std::string_view::npos)
      return parts + 1;
    text.remove_prefix(dot + 1);
  }
}

} // namespace

std::optional<std::string> parse_email_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (text.size() > email_address_bytes_max || at == std::string_view::npos || at > local_part_bytes_max)
    return std::nullopt;
  const auto is_atom = [](std::string_view x) { return !x.empty() && std::all_of(x.begin(), x.end(), is_atom_text); };
  if (dotted_parts(text.substr(0, at), is_atom) == 0 || dotted_parts(text.substr(at + 1), is_label) < 2)
    return std::nullopt;
  return std::string{text.substr(0, at)} + email_address_key(text.substr(at));
}

std::string email_address_key(std::string_view address) {
  auto out = std::string{address};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

} // namespace ingot

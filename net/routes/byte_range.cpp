#include "net/routes/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace ingot::routes {

namespace {

std::string_view trimmed(std::string_view x) noexcept {
  while (!x.empty() && (x.front() == ' ' || x.front() == '\t'))
    x.remove_prefix(1);
  while (!x.empty() && (x.back() == ' ' || x.back() == '\t'))
    x.remove_suffix(1);
  return x;
}

/// Digits alone; what is beyond 64 bits is as good as the greatest number.
std::optional<std::uint64_t> number(std::string_view x) noexcept {
  if (x.empty() || x.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  auto out = std::uint64_t{0};
  const auto [end, problem] = std::from_chars(x.data(), x.data() + x.size(), out);
  return problem == std::errc::result_out_of_range ? ~std::uint64_t{0} : out;
}

} // namespace

range_verdict judge_range(std::string_view field, std::uint64_t size) noexcept {
  auto x = trimmed(field);
  if (!x.starts_with("bytes="))
    return {};
  x = trimmed(x.substr(6));
  const auto dash = x.find('-');
  if (dash == std::string_view::npos)
    return {};
  const auto first = number(x.substr(0, dash)), last = number(x.substr(dash + 1));
  if (dash == 0) { // `-500`: the last ones
    if (!last)
      return {};
    if (*last == 0 || size == 0)
      return {.unsatisfiable = true, .range = {}};
    const auto count = std::min(*last, size);
    return {.unsatisfiable = false, .range = byte_range{size - count, count}};
  }
  const auto open = dash + 1 == x.size();
  if (!first || (!open && (!last || *last < *first)))
    return {};
  if (*first >= size)
    return {.unsatisfiable = true, .range = {}};
  const auto end = open ? size : std::min(*last, size - 1) + 1;
  return {.unsatisfiable = false, .range = byte_range{*first, end - *first}};
}

bool names_tag(std::string_view field, std::string_view tag) noexcept {
  if (trimmed(field) == "*")
    return true;
  while (!field.empty()) {
    // Our tags hold no comma, so that a comma within another's tag does no harm.
    const auto end = std::min(field.find(','), field.size());
    auto one = trimmed(field.substr(0, end));
    if (one.starts_with("W/"))
      one.remove_prefix(2);
    if (one == tag)
      return true;
    field.remove_prefix(std::min(end + 1, field.size()));
  }
  return false;
}

} // namespace ingot::routes

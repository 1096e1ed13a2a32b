#include "model/github/webhook_form.hpp"

#include <algorithm>
#include <optional>

namespace ingot::github {

namespace {

int hex_digit(char c) noexcept {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

failure malformed(std::size_t at, std::string message) {
  return {fault::malformed_body, "the body is not a valid form", {{"byte " + std::to_string(at), std::move(message)}}};
}

/// Decodes `text` into `out`. @returns offset of an escape that is broken
std::optional<std::size_t> decode(std::string_view text, std::string& out) {
  // room for simdjson's padding as well, so that the decoded text needs no copy
  out.reserve(text.size() + 64);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return i;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return std::nullopt;
}

} // namespace

std::variant<std::string, failure> decode_form_payload(std::string_view body) {
  constexpr std::string_view wanted = "payload=";
  std::optional<std::string> found;
  for (std::size_t begin = 0; begin <= body.size();) {
    const auto end = std::min(body.find('&', begin), body.size());
    const auto field = body.substr(begin, end - begin);
    if (field.starts_with(wanted)) {
      if (found)
        return malformed(begin, "expected one field payload, and another came");
      found.emplace();
      if (const auto bad = decode(field.substr(wanted.size()), *found))
        return malformed(begin + wanted.size() + *bad, "expected two hexadecimal digits after '%'");
    }
    begin = end + 1;
  }
  if (!found)
    return failure{
        fault::missing_field, "the form needs a field payload", {{"payload", "expected the event's JSON, and nothing came"}}};
  return std::move(*found);
}

} // namespace ingot::github

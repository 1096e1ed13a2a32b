#include "model/html_text.hpp"

namespace ingot {

std::string html_escaped(std::string_view text) {
  auto out = std::string{};
  out.reserve(text.size());
  for (const auto c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += c;
    }
  return out;
}

} // namespace ingot

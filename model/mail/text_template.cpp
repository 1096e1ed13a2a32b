#include "model/mail/text_template.hpp"

#include <algorithm>

namespace ingot::mail {

std::optional<std::string> judge_template(std::string_view text, std::initializer_list<std::string_view> names) {
  for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
    const auto close = text.find('}', open);
    if (close == std::string_view::npos)
      return "a { is never closed";
    const auto name = text.substr(open + 1, close - open - 1);
    if (std::find(names.begin(), names.end(), name) == names.end())
      return "there is no placeholder {" + std::string{name} + "}";
  }
  return std::nullopt;
}

std::string fill_template(std::string_view text, template_values values) {
  auto out = std::string{};
  while (!text.empty()) {
    const auto open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    const auto close = text.find('}');
    const auto* const value =
        close == std::string_view::npos
            ? values.end()
            : std::find_if(values.begin(), values.end(), [&](const auto& x) { return x.first == text.substr(1, close - 1); });
    const auto taken = value != values.end() ? close + 1 : std::min<std::size_t>(1, text.size());
    out += value != values.end() ? value->second : text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return out;
}

std::string one_line(std::string_view text, std::size_t bytes_max) {
  auto size = std::min(bytes_max, text.size());
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;
  auto out = std::string{text.substr(0, size)};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

} // namespace ingot::mail

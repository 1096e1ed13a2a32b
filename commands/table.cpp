#include "commands/table.hpp"

#include "model/json_locate.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

namespace ingot::commands {

namespace {

std::string_view code_of(colour x) {
  switch (x) {
  case colour::good:
    return "\x1b[32m";
  case colour::warning:
    return "\x1b[33m";
  case colour::bad:
    return "\x1b[31m";
  case colour::faint:
    return "\x1b[2m";
  case colour::none:
    break;
  }
  return "";
}

/// Characters, not bytes.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void print_row(std::ostream& out, const std::vector<cell>& row, const std::vector<std::size_t>& widths, bool coloured) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    auto text = presentable(row[i].text);
    auto padding = i + 1 < row.size() ? widths[i] - width(text) + 2 : 0;
    out << paint(text, row[i].as, coloured) << std::string(padding, ' ');
  }
  out << '\n';
}

} // namespace

void print(std::ostream& out, const table& x, bool coloured) {
  std::vector<std::size_t> widths;
  std::vector<cell> header;
  for (const auto& name : x.header) {
    widths.push_back(width(name));
    header.emplace_back(name, colour::faint);
  }
  for (const auto& row : x.rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(presentable(row[i].text)));
  }
  if (!header.empty())
    print_row(out, header, widths, coloured);
  for (const auto& row : x.rows)
    print_row(out, row, widths, coloured);
}

std::string paint(std::string_view text, colour as, bool coloured) {
  auto code = coloured ? code_of(as) : std::string_view{};
  return std::string{code} + std::string{text} + (code.empty() ? "" : "\x1b[0m");
}

std::string presentable(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    auto sound = text.substr(0, find_bad_utf8(text));
    for (std::size_t i = 0; i < sound.size(); ++i) {
      auto byte = static_cast<unsigned char>(sound[i]);
      bool c1 = byte == 0xC2 && i + 1 < sound.size() && static_cast<unsigned char>(sound[i + 1]) < 0xA0;
      if (c1)
        byte = static_cast<unsigned char>(sound[++i]);
      if (byte < 0x20 || byte == 0x7F || c1)
        out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
      else
        out += static_cast<char>(byte);
    }
    text.remove_prefix(sound.size());
    if (!text.empty()) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  return out;
}

bool is_terminal(int descriptor) {
  return ::isatty(descriptor) == 1;
}

bool wants_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  return (refused == nullptr || *refused == '\0') && is_terminal(descriptor);
}

} // namespace ingot::commands

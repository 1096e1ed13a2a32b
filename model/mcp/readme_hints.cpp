#include "model/mcp/readme_hints.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ingot::mcp {

namespace {

/// Letters and digits in small letters, one space for whatever is between them, and one at each end.
std::string words_of(std::string_view text) {
  auto out = std::string{" "};
  for (const auto c : text) {
    const auto small = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9'))
      out += small;
    else if (out.back() != ' ')
      out += ' ';
  }
  if (out.back() != ' ')
    out += ' ';
  return out;
}

using named_words = std::pair<std::string_view, std::string_view>;

/// The longer names first: "lgpl 3" holds "gpl 3" for nobody, but "gnu general public license" stands in no other.
constexpr auto licences = std::array<named_words, 32>{{
    {" apache 2 ", "Apache-2.0"},
    {" apache license ", "Apache-2.0"},
    {" apache licence ", "Apache-2.0"},
    {" agpl 3 ", "AGPL-3.0"},
    {" agplv3 ", "AGPL-3.0"},
    {" affero general public ", "AGPL-3.0"},
    {" lgpl 3 ", "LGPL-3.0"},
    {" lgplv3 ", "LGPL-3.0"},
    {" lgpl 2 1 ", "LGPL-2.1"},
    {" lesser general public license v3 ", "LGPL-3.0"},
    {" gpl 3 ", "GPL-3.0"},
    {" gplv3 ", "GPL-3.0"},
    {" general public license v3 ", "GPL-3.0"},
    {" general public license version 3 ", "GPL-3.0"},
    {" gpl 2 ", "GPL-2.0"},
    {" gplv2 ", "GPL-2.0"},
    {" mpl 2 ", "MPL-2.0"},
    {" mozilla public license ", "MPL-2.0"},
    {" bsd 3 ", "BSD-3-Clause"},
    {" 3 clause bsd ", "BSD-3-Clause"},
    {" bsd 2 ", "BSD-2-Clause"},
    {" 2 clause bsd ", "BSD-2-Clause"},
    {" isc ", "ISC"},
    {" unlicense ", "Unlicense"},
    {" cc0 ", "CC0-1.0"},
    {" epl 2 ", "EPL-2.0"},
    {" business source license ", "BUSL-1.1"},
    {" busl 1 1 ", "BUSL-1.1"},
    {" elastic license ", "Elastic-2.0"},
    {" mit 0 ", "MIT-0"},
    {" 0bsd ", "0BSD"},
    {" mit ", "MIT"},
}};

struct command_start {
  std::string_view words;
  snippet_kind kind;
};

constexpr auto commands = std::array<command_start, 26>{{
    {"npx", snippet_kind::npx},
    {"bunx", snippet_kind::npx},
    {"uvx", snippet_kind::uvx},
    {"uv tool run", snippet_kind::uvx},
    {"docker run", snippet_kind::docker},
    {"docker pull", snippet_kind::docker},
    {"docker compose", snippet_kind::docker},
    {"pip install", snippet_kind::pip},
    {"pip3 install", snippet_kind::pip},
    {"pipx", snippet_kind::pip},
    {"python -m pip", snippet_kind::pip},
    {"python3 -m pip", snippet_kind::pip},
    {"uv add", snippet_kind::pip},
    {"uv pip", snippet_kind::pip},
    {"uv tool install", snippet_kind::pip},
    {"npm install", snippet_kind::other},
    {"npm i", snippet_kind::other},
    {"pnpm add", snippet_kind::other},
    {"yarn add", snippet_kind::other},
    {"brew install", snippet_kind::other},
    {"cargo install", snippet_kind::other},
    {"go install", snippet_kind::other},
    {"dotnet tool", snippet_kind::other},
    {"claude mcp add", snippet_kind::other},
    {"codex mcp add", snippet_kind::other},
    {"code --add-mcp", snippet_kind::other},
}};

/// `line` without a prompt and without the variables that are set before the command.
std::string_view command_of(std::string_view line) {
  const auto trim = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  trim();
  if (line.starts_with("$ ") || line.starts_with("> "))
    line.remove_prefix(2);
  for (auto setting = true; setting;) {
    trim();
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    const auto word = line.substr(0, end);
    setting = word == "env" || word == "sudo" ||
              (word.find('=') != std::string_view::npos && word.find_first_of("-/\"'{") > word.find('='));
    if (setting)
      line.remove_prefix(end);
  }
  return line;
}

bool begins_with_words(std::string_view line, std::string_view words) {
  return line.starts_with(words) && (line.size() == words.size() || line[words.size()] == ' ' || line[words.size()] == '\t');
}

} // namespace

std::optional<snippet_kind> snippet_kind_of(std::string_view code) {
  const auto has = [&](std::string_view x) { return code.find(x) != std::string_view::npos; };
  if (has("\"mcpServers\"") || has("[mcp_servers.") || (has("\"servers\"") && (has("\"command\"") || has("\"url\""))))
    return snippet_kind::client_config;
  while (!code.empty()) {
    const auto end = std::min(code.find('\n'), code.size());
    const auto line = command_of(code.substr(0, end));
    for (const auto& x : commands)
      if (begins_with_words(line, x.words))
        return x.kind;
    code.remove_prefix(std::min(end + 1, code.size()));
  }
  return std::nullopt;
}

std::string licence_in(std::string_view text) {
  const auto words = words_of(text);
  const auto found =
      std::find_if(licences.begin(), licences.end(), [&](const auto& x) { return words.find(x.first) != std::string::npos; });
  return found == licences.end() ? std::string{} : std::string{found->second};
}

bool is_licence_heading(std::string_view heading) {
  const auto words = words_of(heading);
  return words.find(" license ") != std::string::npos || words.find(" licence ") != std::string::npos ||
         words.find(" licensing ") != std::string::npos;
}

} // namespace ingot::mcp

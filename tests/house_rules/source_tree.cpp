#include "tests/house_rules/source_tree.hpp"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace house_rules {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t file_bytes_max = 4 * 1024 * 1024;

bool is_left_out(const std::string& name) {
  return name == "build" || name == ".git" || name == "data" || name == "node_modules" || name == ".cache";
}

/// Past the end of the comment that begins at `at`.
std::size_t skip_comment(std::string_view text, std::size_t at) {
  auto end = text[at + 1] == '/' ? text.find('\n', at) : text.find("*/", at + 2);
  if (end == std::string_view::npos)
    return text.size();
  return text[at + 1] == '/' ? end : end + 2;
}

/// Reads the literal whose opening quote is at `at` into `out`. @returns the position past its closing quote
std::size_t read_literal(std::string_view text, std::size_t at, bool raw, std::string& out) {
  char quote = text[at];
  if (raw) {
    auto paren = text.find('(', at);
    if (paren == std::string_view::npos)
      return text.size();
    auto closing = ")" + std::string{text.substr(at + 1, paren - at - 1)} + "\"";
    auto end = text.find(closing, paren);
    if (end == std::string_view::npos)
      return text.size();
    out.append(text.substr(paren + 1, end - paren - 1));
    return end + closing.size();
  }
  for (++at; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\' && at + 1 < text.size())
      ++at;
    out.push_back(text[at]);
  }
  return at + 1;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

} // namespace

std::vector<source> read_tree() {
  std::vector<source> result;
  fs::path root = INGOT_SOURCE_DIR;
  for (fs::recursive_directory_iterator it{root}, end; it != end; ++it) {
    if (it->is_directory() && is_left_out(it->path().filename().string())) {
      it.disable_recursion_pending();
      continue;
    }
    if (!it->is_regular_file() || it->file_size() > file_bytes_max)
      continue;
    std::ifstream in{it->path(), std::ios::binary};
    result.push_back({fs::relative(it->path(), root).generic_string(), std::string{std::istreambuf_iterator<char>{in}, {}}});
  }
  return result;
}

bool is_cpp(const source& x) {
  return x.path.ends_with(".cpp") || x.path.ends_with(".hpp");
}

std::vector<include> includes_of(const source& x) {
  std::vector<include> result;
  std::istringstream lines{x.text};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    auto at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '#')
      continue;
    at = line.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || line.compare(at, 7, "include") != 0)
      continue;
    auto open = line.find_first_of("<\"", at);
    if (open == std::string::npos)
      continue;
    auto close = line.find(line[open] == '<' ? '>' : '"', open + 1);
    if (close != std::string::npos)
      result.push_back({number, line[open] == '"', line.substr(open + 1, close - open - 1)});
  }
  return result;
}

lexed lex(std::string_view text) {
  lexed result;
  bool joins = false; // the last thing read was a literal, so that another one continues it
  for (std::size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*')) {
      at = skip_comment(text, at);
      continue;
    }
    bool digit_separator = c == '\'' && at > 0 && is_word(text[at - 1]) && !result.code.ends_with("u8");
    if ((c == '"' || c == '\'') && !digit_separator) {
      bool raw = c == '"' && at > 0 && text[at - 1] == 'R';
      if (!joins)
        result.literals.emplace_back();
      at = read_literal(text, at, raw, result.literals.back());
      result.code += c == '"' ? "\"\"" : "''";
      joins = true;
      continue;
    }
    if (std::isspace(static_cast<unsigned char>(c)) == 0)
      joins = false;
    result.code.push_back(c);
    ++at;
  }
  return result;
}

} // namespace house_rules

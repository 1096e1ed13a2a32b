#include "model/mcp/markdown_tree.hpp"

#include "model/json_text.hpp"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <new>

namespace ingot::mcp {

namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Could it open this many quotes and list items?
bool nests_too_deeply(std::string_view line) {
  auto markers = std::size_t{0}, columns = std::size_t{0};
  for (auto i = std::size_t{0}; i < line.size(); ++i) {
    const auto c = line[i];
    const auto spaced = i + 1 >= line.size() || line[i + 1] == ' ' || line[i + 1] == '\t';
    if (c == ' ' || c == '\t')
      columns += c == '\t' ? 4 : 1;
    else if (c == '>' || (spaced && (c == '-' || c == '*' || c == '+' || c == '.' || c == ')')))
      ++markers;
    else if (c < '0' || c > '9')
      break;
    if (markers > markdown_markers_max || columns > markdown_indent_max)
      return true;
  }
  return false;
}

/// How many columns a table would have of which `line` is the row below the head; 0: it is none.
std::size_t columns_of(std::string_view line) {
  if (line.find('-') == std::string_view::npos || line.find_first_not_of("|:- \t\r>*+0123456789.)") != std::string_view::npos)
    return 0;
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), '|')) + 1;
}

/// Takes a text line after line.
class bounding {
public:
  void take(std::string_view line) {
    if (is_blank(line)) {
      run_ = columns_ = 0;
    } else if (!fits(line)) {
      out_.truncated = true;
      return;
    }
    if (line.size() > markdown_run_bytes_max) {
      line = line.substr(0, markdown_run_bytes_max);
      out_.truncated = true;
    }
    run_ += line.size() + 1;
    if (run_ > markdown_run_bytes_max) {
      out_.text += '\n';
      run_ = line.size() + 1;
      columns_ = 0;
    }
    out_.text.append(line) += '\n';
  }

  bounded_text finish() && { return std::move(out_); }

private:
  bool fits(std::string_view line) {
    if (nests_too_deeply(line))
      return false;
    columns_ = std::max(columns_, columns_of(line));
    if (cells_ + columns_ > markdown_cells_max)
      return false;
    cells_ += columns_;
    return true;
  }

  bounded_text out_;
  std::size_t run_ = 0, columns_ = 0, cells_ = 0;
};

/// Once in a process: cmark keeps them in a list without a lock.
void register_extensions() {
  static const auto done = [] {
    cmark_gfm_core_extensions_ensure_registered();
    return true;
  }();
  static_cast<void>(done);
}

struct parser_deleter {
  void operator()(cmark_parser* x) const noexcept { cmark_parser_free(x); }
};

struct iterator_deleter {
  void operator()(cmark_iter* x) const noexcept { cmark_iter_free(x); }
};

} // namespace

bounded_text bound_markdown(std::string_view text, std::size_t bytes_max) {
  const auto cut = text.size() > bytes_max;
  text = text.substr(0, bytes_max);
  auto lines = bounding{};
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    lines.take(text.substr(0, end));
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  auto out = std::move(lines).finish();
  out.truncated = out.truncated || cut;
  return out;
}

void node_deleter::operator()(cmark_node* x) const noexcept {
  cmark_node_free(x);
}

std::unique_ptr<cmark_node, node_deleter> parse_markdown(std::string_view text) {
  register_extensions();
  const auto parser = std::unique_ptr<cmark_parser, parser_deleter>{cmark_parser_new(CMARK_OPT_VALIDATE_UTF8)};
  if (parser == nullptr)
    throw std::bad_alloc{};
  for (const auto* name : {"table", "strikethrough", "tasklist"})
    if (auto* extension = cmark_find_syntax_extension(name))
      cmark_parser_attach_syntax_extension(parser.get(), extension);
  cmark_parser_feed(parser.get(), text.data(), text.size());
  auto out = std::unique_ptr<cmark_node, node_deleter>{cmark_parser_finish(parser.get())};
  if (out == nullptr)
    throw std::bad_alloc{};
  return out;
}

std::string plain_text(cmark_node* node, std::size_t bytes_max) {
  auto out = std::string{};
  const auto iterator = std::unique_ptr<cmark_iter, iterator_deleter>{cmark_iter_new(node)};
  while (out.size() <= bytes_max && cmark_iter_next(iterator.get()) != CMARK_EVENT_DONE) {
    auto* at = cmark_iter_get_node(iterator.get());
    if (cmark_iter_get_event_type(iterator.get()) != CMARK_EVENT_ENTER)
      continue;
    const auto type = cmark_node_get_type(at);
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
      out += cmark_node_get_literal(at);
    else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
      out += ' ';
  }
  const auto first = out.find_first_not_of(" \t\n");
  if (first == std::string::npos)
    return {};
  out.erase(out.find_last_not_of(" \t\n") + 1);
  out.erase(0, first);
  return cut_for_echo(out, bytes_max);
}

} // namespace ingot::mcp

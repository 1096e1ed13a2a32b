#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct cmark_node;

namespace ingot::mcp {

/// Inline text between two blank lines, bytes: cmark's time is quadratic in it with hostile brackets and stars.
inline constexpr std::size_t markdown_run_bytes_max = 16 * 1024;
/// Cells of all tables: a wide head makes cmark fill up every row below it.
inline constexpr std::size_t markdown_cells_max = 20'000;
/// Quotes and lists that one line opens: every later line walks through them.
inline constexpr std::size_t markdown_markers_max = 40;
/// Columns by which a line may be indented: so deep may lists nest.
inline constexpr std::size_t markdown_indent_max = 200;

struct bounded_text {
  std::string text;
  bool truncated = false;
};

/// `text` without what makes cmark slow or large: cut at `bytes_max`, long runs broken by a blank line, lines that nest too
/// deeply or continue too large a table left out. A text that is within all limits stays as it is.
bounded_text bound_markdown(std::string_view text, std::size_t bytes_max);

struct node_deleter {
  void operator()(cmark_node* x) const noexcept;
};

/// GitHub's Markdown as a tree of nodes. Autolinks are left to the reader: of this extension the packaged version reads out of
/// bounds.
/// @pre `text` was bounded. Throws std::bad_alloc.
std::unique_ptr<cmark_node, node_deleter> parse_markdown(std::string_view text);

/// The text of `node` and all below it, breaks as spaces, without what is raw HTML; up to `bytes_max`, then `…`.
std::string plain_text(cmark_node* node, std::size_t bytes_max);

} // namespace ingot::mcp

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a README says about its server, and how it may be shown. It is read as GitHub reads it (CommonMark with tables,
/// strikethrough and task lists), by cmark-gfm; nothing of its raw HTML reaches a page but what was taken out of it by name.
namespace ingot::mcp {

/// Longer READMEs are read up to here.
inline constexpr std::size_t readme_bytes_max = 256 * 1024;
/// Of the rendered page; what would follow is left out.
inline constexpr std::size_t readme_html_bytes_max = 1024 * 1024;
inline constexpr std::size_t readme_headings_max = 200, readme_snippets_max = 100, readme_links_max = 500,
                             readme_images_max = 200;
/// Of a title, a heading, a link's text: bytes.
inline constexpr std::size_t readme_text_bytes_max = 300;
/// Of the summary and of a snippet: bytes.
inline constexpr std::size_t readme_summary_bytes_max = 2'000, readme_snippet_bytes_max = 8'000;

/// Where relative links lead. Absolute https URLs that end in `/`; with an empty one, relative links are dropped.
struct readme_base {
  std::string links;  ///< such as `https://github.com/owner/name/blob/HEAD/`
  std::string images; ///< such as `https://raw.githubusercontent.com/owner/name/HEAD/`
  std::string folder; ///< of the README in its repository, such as `packages/server/`; empty: the root
};

struct readme_heading {
  unsigned level = 1; ///< 1 to 6
  std::string text;
};

enum class snippet_kind : std::uint8_t {
  client_config, ///< JSON with `mcpServers`, or VS Code's `servers`
  npx,
  uvx,
  docker,
  pip,   ///< pip, pipx or uv
  other, ///< another install command that is known
};

std::string_view to_string(snippet_kind x) noexcept;

/// A block of code that says how the server is installed or configured.
struct readme_snippet {
  snippet_kind kind = snippet_kind::other;
  std::string language; ///< as the fence names it, in small letters; empty: none
  std::string text;     ///< cut at readme_snippet_bytes_max
};

struct readme_link {
  std::string text, url; ///< url: absolute, http, https or mailto
};

struct readme_image {
  std::string alt, url; ///< url: absolute, https
  bool badge = false;   ///< a status picture, such as shields.io's
};

/// Valid UTF-8 without NUL, everything within its limit.
struct readme_facts {
  std::string title;   ///< plain text; empty: no heading
  std::string summary; ///< the first paragraph that says something, plain text
  std::vector<readme_heading> headings;
  std::vector<readme_snippet> snippets;
  std::vector<readme_link> links;
  std::vector<readme_image> images;
  std::string licence; ///< an SPDX identifier, guessed from the section on the licence or a badge; empty: none seen
  std::vector<std::string> languages; ///< of its code blocks, most frequent first, ten at most
  /// Made of these tags alone: p br hr h1 to h6 (id) blockquote ul ol li pre code em strong del table thead tbody tr th td
  /// (align), a (href, rel, title) and img (src, alt, title, loading, referrerpolicy). URLs: see readme_base; images are https
  /// only. Headings' ids and links to them begin with `readme-`, so that they name nothing else of the page.
  std::string sanitized_html;
  bool truncated = false; ///< something was left out for a limit's sake
};

/// Takes any bytes; what is no UTF-8 becomes U+FFFD. Time and memory are linear in the text, but for short pieces whose length is
/// bounded.
readme_facts read_readme(std::string_view markdown, const readme_base& base = {});

} // namespace ingot::mcp

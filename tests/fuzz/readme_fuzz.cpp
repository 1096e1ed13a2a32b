#include "model/json_text.hpp"
#include "model/mcp/readme.hpp"

#include <cstdint>
#include <cstdlib>

// Input: a README. Whatever it is, every `<` of the page begins a tag that we write, and no URL runs a script.

using namespace ingot;

namespace {

bool begins_our_tag(std::string_view rest) {
  for (const auto name : {"p",  "br",  "hr",   "h1", "h2",     "h3",  "h4",    "h5", "h6", "blockquote", "ul", "ol",
                          "li", "pre", "code", "em", "strong", "del", "table", "tr", "th", "td",         "a",  "img"}) {
    const auto word = std::string_view{name};
    if (rest.starts_with(word) && rest.size() > word.size() && (rest[word.size()] == '>' || rest[word.size()] == ' '))
      return true;
  }
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto base = mcp::readme_base{"https://example.org/blob/", "https://example.org/raw/", "folder/"};
  const auto read = mcp::read_readme({reinterpret_cast<const char*>(data), size}, base);
  const auto page = std::string_view{read.sanitized_html};
  for (auto at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1))
    if (!begins_our_tag(page.substr(at + (page.substr(at).starts_with("</") ? 2 : 1))))
      std::abort();
  if (find_bad_utf8(page) != std::string_view::npos || find_bad_utf8(read.title) != std::string_view::npos ||
      page.find("href=\"javascript") != std::string_view::npos || page.size() > mcp::readme_html_bytes_max + 1'000)
    std::abort();
  return 0;
}

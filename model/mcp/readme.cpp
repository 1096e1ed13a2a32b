#include "model/mcp/readme.hpp"

#include "model/json_text.hpp"
#include "model/mcp/html_scan.hpp"
#include "model/mcp/markdown_tree.hpp"
#include "model/mcp/readme_hints.hpp"
#include "model/mcp/readme_html.hpp"
#include "model/mcp/readme_url.hpp"

#include <cmark-gfm.h>

#include <algorithm>
#include <map>
#include <memory>

namespace ingot::mcp {

namespace {

constexpr auto languages_max = std::size_t{10};
/// Of a code block's language.
constexpr auto language_bytes_max = std::size_t{30};

std::string_view text_of(const char* x) {
  return x == nullptr ? std::string_view{} : std::string_view{x};
}

std::string small_letters(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

/// One space for any white space, none at the ends; cut at `bytes_max`.
std::string one_line(std::string_view text, std::size_t bytes_max) {
  auto out = std::string{};
  for (const auto c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  return cut_for_echo(out, bytes_max);
}

/// Has it a letter outside of links and pictures? A row of badges or of links introduces nothing.
bool says_something(cmark_node* paragraph) {
  for (auto* x = cmark_node_first_child(paragraph); x != nullptr; x = cmark_node_next(x)) {
    const auto type = cmark_node_get_type(x);
    if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE || type == CMARK_NODE_HTML_INLINE)
      continue;
    const auto text = plain_text(x, readme_text_bytes_max);
    const auto is_letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
    };
    const auto is_url = text.starts_with("https://") || text.starts_with("http://");
    if (std::any_of(text.begin(), text.end(), is_letter) && (!is_url || text.find(' ') != std::string::npos))
      return true;
  }
  return false;
}

class reader {
public:
  explicit reader(const readme_base& base) : base_{base} {}

  readme_facts run(cmark_node* document);

private:
  void take(cmark_node* x);
  void heading(unsigned level, std::string text);
  void paragraph(cmark_node* x);
  void code(cmark_node* x);
  void link(std::string text, std::string_view url);
  void image(std::string alt, std::string_view url);
  void raw(std::string_view html);

  /// Appends within a limit.
  template <class T>
  void add(std::vector<T>& to, T&& x, std::size_t count_max) {
    if (to.size() < count_max)
      to.push_back(std::forward<T>(x));
    else
      out_.truncated = true;
  }

  const readme_base& base_;
  readme_facts out_;
  std::string first_heading_;
  std::map<std::string, std::size_t> languages_;
  bool in_licence_ = false;
};

void reader::heading(unsigned level, std::string text) {
  in_licence_ = is_licence_heading(text);
  if (level == 1 && out_.title.empty())
    out_.title = text;
  if (first_heading_.empty())
    first_heading_ = text;
  if (!text.empty())
    add(out_.headings, readme_heading{level, std::move(text)}, readme_headings_max);
}

void reader::paragraph(cmark_node* x) {
  if (in_licence_ && out_.licence.empty())
    out_.licence = licence_in(plain_text(x, readme_summary_bytes_max));
  const auto* parent = cmark_node_parent(x);
  if (out_.summary.empty() && cmark_node_parent(const_cast<cmark_node*>(parent)) == nullptr && says_something(x))
    out_.summary = one_line(plain_text(x, readme_summary_bytes_max), readme_summary_bytes_max);
}

void reader::code(cmark_node* x) {
  const auto info = text_of(cmark_node_get_fence_info(x));
  const auto language =
      small_letters(cut_for_echo(info.substr(0, std::min(info.find_first_of(" ,{\t"), info.size())), language_bytes_max));
  if (!language.empty() && (languages_.contains(language) || languages_.size() < readme_snippets_max))
    ++languages_[language];
  const auto text = text_of(cmark_node_get_literal(x));
  if (const auto kind = snippet_kind_of(text.substr(0, readme_snippet_bytes_max)))
    add(out_.snippets, readme_snippet{*kind, language, cut_for_echo(text, readme_snippet_bytes_max)}, readme_snippets_max);
}

void reader::link(std::string text, std::string_view url) {
  if (auto to = link_url(url, base_); to && !to->starts_with('#'))
    add(out_.links, readme_link{std::move(text), std::move(*to)}, readme_links_max);
}

void reader::image(std::string alt, std::string_view url) {
  auto source = image_url(url, base_);
  if (!source)
    return;
  const auto badge = is_badge(*source);
  if (out_.licence.empty() && badge && is_licence_heading(alt + " " + *source))
    out_.licence = licence_in(alt + " " + *source);
  add(out_.images, readme_image{std::move(alt), std::move(*source), badge}, readme_images_max);
}

/// Titles, links and pictures are often written in HTML, to be centred.
void reader::raw(std::string_view html) {
  auto level = 0U;
  auto text = std::string{}, link_text = std::string{}, address = std::string{};
  const auto on_tag = [&](const html_tag& tag) {
    if (tag.name.size() == 2 && tag.name[0] == 'h' && tag.name[1] >= '1' && tag.name[1] <= '6') {
      if (tag.closing && level > 0)
        heading(level, one_line(text, readme_text_bytes_max));
      level = tag.closing ? 0 : static_cast<unsigned>(tag.name[1] - '0');
      text.clear();
    } else if (tag.name == "img" && !tag.closing) {
      image(one_line(tag.attribute("alt"), readme_text_bytes_max), tag.attribute("src"));
    } else if (tag.name == "a") {
      if (!address.empty())
        link(one_line(link_text, readme_text_bytes_max), address);
      address = tag.closing ? std::string{} : tag.attribute("href");
      link_text.clear();
    }
  };
  const auto on_text = [&](std::string_view x) {
    if (level > 0)
      text += x;
    if (!address.empty())
      link_text += x;
  };
  scan_html(html, on_text, on_tag);
  if (!address.empty())
    link(one_line(link_text, readme_text_bytes_max), address);
}

void reader::take(cmark_node* x) {
  switch (cmark_node_get_type(x)) {
  case CMARK_NODE_HEADING:
    heading(static_cast<unsigned>(cmark_node_get_heading_level(x)),
            one_line(plain_text(x, readme_text_bytes_max), readme_text_bytes_max));
    break;
  case CMARK_NODE_PARAGRAPH:
    paragraph(x);
    break;
  case CMARK_NODE_CODE_BLOCK:
    code(x);
    break;
  case CMARK_NODE_LINK:
    if (out_.links.size() < readme_links_max)
      link(one_line(plain_text(x, readme_text_bytes_max), readme_text_bytes_max), text_of(cmark_node_get_url(x)));
    break;
  case CMARK_NODE_IMAGE:
    if (out_.images.size() < readme_images_max)
      image(one_line(plain_text(x, readme_text_bytes_max), readme_text_bytes_max), text_of(cmark_node_get_url(x)));
    break;
  case CMARK_NODE_HTML_BLOCK:
  case CMARK_NODE_HTML_INLINE:
    raw(text_of(cmark_node_get_literal(x)));
    break;
  default:
    break;
  }
}

readme_facts reader::run(cmark_node* document) {
  struct iterator_deleter {
    void operator()(cmark_iter* x) const noexcept { cmark_iter_free(x); }
  };
  const auto iterator = std::unique_ptr<cmark_iter, iterator_deleter>{cmark_iter_new(document)};
  for (auto event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(iterator.get()))
    if (event == CMARK_EVENT_ENTER)
      take(cmark_iter_get_node(iterator.get()));
  if (out_.title.empty())
    out_.title = first_heading_;
  for (const auto& [language, count] : languages_)
    out_.languages.push_back(language);
  std::stable_sort(out_.languages.begin(), out_.languages.end(),
                   [this](const auto& a, const auto& b) { return languages_.at(a) > languages_.at(b); });
  out_.languages.resize(std::min(out_.languages.size(), languages_max));
  return std::move(out_);
}

} // namespace

std::string_view to_string(snippet_kind x) noexcept {
  switch (x) {
  case snippet_kind::client_config:
    return "client_config";
  case snippet_kind::npx:
    return "npx";
  case snippet_kind::uvx:
    return "uvx";
  case snippet_kind::docker:
    return "docker";
  case snippet_kind::pip:
    return "pip";
  case snippet_kind::other:
    return "other";
  }
  return "unknown";
}

readme_facts read_readme(std::string_view markdown, const readme_base& base) {
  const auto bounded = bound_markdown(markdown, readme_bytes_max);
  const auto document = parse_markdown(bounded.text);
  auto out = reader{base}.run(document.get());
  auto page = render_readme(document.get(), base);
  out.sanitized_html = std::move(page.html);
  out.truncated = out.truncated || bounded.truncated || page.truncated;
  return out;
}

} // namespace ingot::mcp

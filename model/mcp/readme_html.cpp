#include "model/mcp/readme_html.hpp"

#include "model/html_text.hpp"
#include "model/mcp/html_scan.hpp"
#include "model/mcp/markdown_tree.hpp"
#include "model/mcp/readme_url.hpp"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace ingot::mcp {

namespace {

/// Tags within each other; deeper ones are left out, their text is not. Browsers stop at 512.
constexpr auto depth_max = std::size_t{64};

std::string_view literal_of(cmark_node* x) {
  const auto* text = cmark_node_get_literal(x);
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

std::string_view text_of(const char* x) {
  return x == nullptr ? std::string_view{} : std::string_view{x};
}

bool is_tight(cmark_node* paragraph) {
  auto* item = cmark_node_parent(paragraph);
  auto* list = item == nullptr ? nullptr : cmark_node_parent(item);
  return list != nullptr && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list) != 0;
}

/// A fence's language as a class may carry it.
std::string language_class(std::string_view info) {
  auto out = std::string{};
  for (const auto c : info.substr(0, std::min(info.find_first_of(" ,{"), info.size())))
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '#')
      out += c;
  return out.substr(0, 30);
}

class renderer {
public:
  explicit renderer(const readme_base& base) : base_{base} {}

  rendered_readme run(cmark_node* document);

private:
  void enter(cmark_node* x);
  void leaf(cmark_node* x);
  void block(cmark_node* x);
  void heading(cmark_node* x);
  void list(cmark_node* x);
  void table_part(cmark_node* x, std::string_view kind);
  void link(cmark_node* x);
  void image(std::string_view url, std::string_view alt, std::string_view title);
  void raw_block(std::string_view html);
  void raw_tag(const html_tag& tag);

  /// Begins an element that the node's end closes; `attributes` begin with a space. An empty name: nothing is written.
  void open(std::string_view name, std::string_view attributes = {});
  void close();
  void raw(std::string_view html);
  void text(std::string_view text);

  const readme_base& base_;
  std::string out_;
  bool full_ = false; ///< nothing but ends is written any more
  bool truncated_ = false;
  std::vector<std::string> open_; ///< of every node that is open: what closes it
  std::map<std::string, unsigned> anchors_;
  std::size_t column_ = 0; ///< of a table
  bool in_raw_link_ = false;
};

void renderer::raw(std::string_view html) {
  full_ = full_ || out_.size() + html.size() > readme_html_bytes_max;
  if (!full_)
    out_ += html;
}

void renderer::text(std::string_view text) {
  raw(html_escaped(text));
}

void renderer::open(std::string_view name, std::string_view attributes) {
  if (name.empty() || open_.size() >= depth_max) {
    truncated_ = truncated_ || !name.empty();
    open_.emplace_back();
    return;
  }
  raw("<" + std::string{name} + std::string{attributes} + ">");
  open_.push_back(full_ ? std::string{} : "</" + std::string{name} + ">");
}

void renderer::close() {
  out_ += open_.back(); // what is open is closed, however long the page is
  open_.pop_back();
}

void renderer::heading(cmark_node* x) {
  auto anchor = heading_anchor(plain_text(x, readme_text_bytes_max));
  if (const auto before = anchors_[anchor]++; before > 0)
    anchor += "-" + std::to_string(before);
  open("h" + std::to_string(std::clamp(cmark_node_get_heading_level(x), 1, 6)), " id=\"" + html_escaped(anchor) + "\"");
}

void renderer::list(cmark_node* x) {
  const auto start = cmark_node_get_list_start(x);
  if (cmark_node_get_list_type(x) != CMARK_ORDERED_LIST)
    open("ul");
  else
    open("ol", start == 1 ? std::string{} : " start=\"" + std::to_string(start) + "\"");
}

void renderer::table_part(cmark_node* x, std::string_view kind) {
  if (kind == "table")
    return open("table");
  if (kind == "table_header" || kind == "table_row") {
    column_ = 0;
    return open("tr");
  }
  auto* row = cmark_node_parent(x);
  auto* table = cmark_node_parent(row);
  const auto* alignments = cmark_gfm_extensions_get_table_alignments(table);
  const auto side = alignments != nullptr && column_ < cmark_gfm_extensions_get_table_columns(table) ? alignments[column_] : 0;
  ++column_;
  const auto* attribute = side == 'l'   ? " align=\"left\""
                          : side == 'c' ? " align=\"center\""
                          : side == 'r' ? " align=\"right\""
                                        : "";
  open(cmark_gfm_extensions_get_table_row_is_header(row) != 0 ? "th" : "td", attribute);
}

void renderer::link(cmark_node* x) {
  const auto url = link_url(text_of(cmark_node_get_url(x)), base_);
  if (!url)
    return open("");
  const auto title = text_of(cmark_node_get_title(x));
  open("a", " href=\"" + html_escaped(*url) + "\" rel=\"nofollow noopener noreferrer\"" +
                (title.empty() ? "" : " title=\"" + html_escaped(title) + "\""));
}

void renderer::image(std::string_view url, std::string_view alt, std::string_view title) {
  const auto source = image_url(url, base_);
  if (!source)
    return text(alt);
  raw("<img src=\"" + html_escaped(*source) + "\" alt=\"" + html_escaped(alt) + "\"" +
      (title.empty() ? "" : " title=\"" + html_escaped(title) + "\"") + " loading=\"lazy\" referrerpolicy=\"no-referrer\">");
}

void renderer::raw_tag(const html_tag& tag) {
  if (tag.name == "br") {
    raw("<br>");
  } else if (tag.name == "img" && !tag.closing) {
    image(tag.attribute("src"), tag.attribute("alt"), tag.attribute("title"));
  } else if (tag.name == "a") {
    if (std::exchange(in_raw_link_, false))
      raw("</a>");
    const auto url = tag.closing ? std::nullopt : link_url(tag.attribute("href"), base_);
    if (url) {
      raw("<a href=\"" + html_escaped(*url) + "\" rel=\"nofollow noopener noreferrer\">");
      in_raw_link_ = !full_;
    }
  }
}

/// Of a block of HTML its text, pictures and links are kept.
void renderer::raw_block(std::string_view html) {
  const auto before = out_.size();
  open("p");
  const auto begin = out_.size();
  scan_html(
      html, [this](std::string_view x) { text(x); }, [this](const html_tag& x) { raw_tag(x); });
  if (std::exchange(in_raw_link_, false))
    out_ += "</a>";
  const auto says_nothing = out_.find_first_not_of(" \t\r\n", begin) == std::string::npos;
  close();
  if (says_nothing)
    out_.resize(before);
  else
    raw("\n");
}

void renderer::block(cmark_node* x) {
  switch (cmark_node_get_type(x)) {
  case CMARK_NODE_BLOCK_QUOTE:
    return open("blockquote");
  case CMARK_NODE_LIST:
    return list(x);
  case CMARK_NODE_ITEM:
    open("li");
    if (text_of(cmark_node_get_type_string(x)) == "tasklist")
      raw(cmark_gfm_extensions_get_tasklist_item_checked(x) ? "\u2611 " : "\u2610 ");
    return;
  case CMARK_NODE_PARAGRAPH:
    return open(is_tight(x) ? "" : "p");
  case CMARK_NODE_HEADING:
    return heading(x);
  case CMARK_NODE_EMPH:
    return open("em");
  case CMARK_NODE_STRONG:
    return open("strong");
  case CMARK_NODE_LINK:
    return link(x);
  default:
    break;
  }
  const auto kind = text_of(cmark_node_get_type_string(x));
  if (kind == "strikethrough")
    return open("del");
  if (kind.starts_with("table"))
    return table_part(x, kind);
  open("");
}

/// What has no nodes within it.
void renderer::leaf(cmark_node* x) {
  switch (cmark_node_get_type(x)) {
  case CMARK_NODE_CODE_BLOCK: {
    const auto language = language_class(text_of(cmark_node_get_fence_info(x)));
    raw("<pre><code" + (language.empty() ? std::string{} : " class=\"language-" + language + "\"") + ">" +
        html_escaped(literal_of(x)) + "</code></pre>\n");
    break;
  }
  case CMARK_NODE_HTML_BLOCK:
    raw_block(literal_of(x));
    break;
  case CMARK_NODE_HTML_INLINE:
    scan_html(
        literal_of(x), [](std::string_view) {},
        [this](const html_tag& tag) {
          if (tag.name != "a") // its end would be another node
            raw_tag(tag);
        });
    break;
  case CMARK_NODE_THEMATIC_BREAK:
    raw("<hr>\n");
    break;
  case CMARK_NODE_TEXT:
    text(literal_of(x));
    break;
  case CMARK_NODE_CODE:
    raw("<code>" + html_escaped(literal_of(x)) + "</code>");
    break;
  case CMARK_NODE_SOFTBREAK:
    raw("\n");
    break;
  case CMARK_NODE_LINEBREAK:
    raw("<br>");
    break;
  default:
    break;
  }
}

bool is_leaf(cmark_node* x) {
  switch (cmark_node_get_type(x)) {
  case CMARK_NODE_CODE_BLOCK:
  case CMARK_NODE_HTML_BLOCK:
  case CMARK_NODE_HTML_INLINE:
  case CMARK_NODE_THEMATIC_BREAK:
  case CMARK_NODE_TEXT:
  case CMARK_NODE_CODE:
  case CMARK_NODE_SOFTBREAK:
  case CMARK_NODE_LINEBREAK:
    return true;
  default:
    return false;
  }
}

rendered_readme renderer::run(cmark_node* document) {
  struct iterator_deleter {
    void operator()(cmark_iter* x) const noexcept { cmark_iter_free(x); }
  };
  const auto iterator = std::unique_ptr<cmark_iter, iterator_deleter>{cmark_iter_new(document)};
  for (auto event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(iterator.get())) {
    auto* x = cmark_iter_get_node(iterator.get());
    if (is_leaf(x)) {
      leaf(x);
    } else if (cmark_node_get_type(x) == CMARK_NODE_IMAGE) {
      if (event == CMARK_EVENT_ENTER) {
        image(text_of(cmark_node_get_url(x)), plain_text(x, readme_text_bytes_max), text_of(cmark_node_get_title(x)));
        cmark_iter_reset(iterator.get(), x, CMARK_EVENT_EXIT); // its text is the alternative
      }
    } else if (event == CMARK_EVENT_ENTER) {
      block(x);
    } else {
      const auto ends_line = !open_.back().empty() && cmark_node_parent(x) != nullptr &&
                             (cmark_node_get_type(x) & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK;
      close();
      if (ends_line)
        raw("\n");
    }
  }
  return {std::move(out_), truncated_ || full_};
}

} // namespace

rendered_readme render_readme(cmark_node* document, const readme_base& base) {
  return renderer{base}.run(document);
}

} // namespace ingot::mcp

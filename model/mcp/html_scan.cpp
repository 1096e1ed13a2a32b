#include "model/mcp/html_scan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ingot::mcp {

namespace {

constexpr auto white = std::string_view{" \t\r\n\f"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_name_character(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Their contents are no text.
bool hides_contents(std::string_view name) {
  constexpr auto names =
      std::array<std::string_view, 9>{"script", "style", "template", "noscript", "iframe", "textarea", "title", "svg", "math"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string decoded(std::string_view text) {
  constexpr auto entities = std::array<std::pair<std::string_view, std::string_view>, 6>{
      {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&nbsp;", " "}}};
  auto out = std::string{};
  while (!text.empty()) {
    const auto* found = text.front() != '&' ? entities.end() : std::find_if(entities.begin(), entities.end(), [&](const auto& x) {
      return text.starts_with(x.first);
    });
    if (found == entities.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return out;
}

/// The end of the tag that begins `html`, its `>` included; a `>` within quotes does not end it. All of it, when it has no end.
std::size_t tag_end(std::string_view html) {
  auto quote = '\0';
  for (auto i = std::size_t{1}; i < html.size(); ++i) {
    const auto c = html[i];
    if (quote != '\0')
      quote = c == quote ? '\0' : quote;
    else if ((c == '"' || c == '\'') && html[i - 1] == '=')
      quote = c;
    else if (c == '>')
      return i + 1;
  }
  return html.size();
}

html_tag read_tag(std::string_view text) {
  auto out = html_tag{};
  text.remove_prefix(1);
  if (text.starts_with('/')) {
    out.closing = true;
    text.remove_prefix(1);
  }
  while (!text.empty() && is_name_character(text.front())) {
    out.name += lower(text.front());
    text.remove_prefix(1);
  }
  out.attributes = text.ends_with('>') ? text.substr(0, text.size() - 1) : text;
  return out;
}

/// How much of `html` a comment, a declaration or an instruction takes that begins it; 0: none does.
std::size_t markup_end(std::string_view html) {
  if (!html.starts_with("<!") && !html.starts_with("<?"))
    return 0;
  const auto end = html.starts_with("<!--") ? std::string_view{"-->"} : std::string_view{">"};
  const auto at = html.find(end, 2);
  return at == std::string_view::npos ? html.size() : at + end.size();
}

/// Where `</name` begins; the end when it does not.
std::size_t contents_end(std::string_view html, std::string_view name) {
  for (auto at = html.find("</"); at != std::string_view::npos; at = html.find("</", at + 2))
    if (same_word(html.substr(at + 2, name.size()), name))
      return at;
  return html.size();
}

} // namespace

std::string html_tag::attribute(std::string_view wanted) const {
  auto rest = attributes;
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n\f/"), rest.size()));
    const auto found = rest.substr(0, std::min(rest.find_first_of(" \t\r\n\f/="), rest.size()));
    if (found.empty() && !rest.starts_with('='))
      break;
    rest.remove_prefix(found.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(white), rest.size()));
    auto value = std::string_view{};
    if (rest.starts_with('=')) {
      rest.remove_prefix(1);
      rest.remove_prefix(std::min(rest.find_first_not_of(white), rest.size()));
      const auto quoted = rest.starts_with('"') || rest.starts_with('\'');
      const auto begin = quoted ? std::size_t{1} : std::size_t{0};
      const auto end = std::min(quoted ? rest.find(rest.front(), 1) : rest.find_first_of(white), rest.size());
      value = rest.substr(begin, end - begin);
      rest.remove_prefix(std::min(end + begin, rest.size()));
    }
    if (same_word(found, wanted))
      return decoded(value);
  }
  return {};
}

void scan_html(std::string_view html, const std::function<void(std::string_view)>& on_text,
               const std::function<void(const html_tag&)>& on_tag) {
  while (!html.empty()) {
    const auto is_tag = html.size() > 1 && html[0] == '<' && (html[1] == '/' || is_name_character(html[1]));
    if (const auto skipped = markup_end(html); skipped > 0) {
      html.remove_prefix(skipped);
    } else if (is_tag) {
      const auto end = tag_end(html);
      const auto tag = read_tag(html.substr(0, end));
      html.remove_prefix(end);
      if (!tag.closing && hides_contents(tag.name))
        html.remove_prefix(contents_end(html, tag.name));
      on_tag(tag);
    } else {
      const auto end = std::min(html.find('<', 1), html.size());
      on_text(decoded(html.substr(0, end)));
      html.remove_prefix(end);
    }
  }
}

} // namespace ingot::mcp

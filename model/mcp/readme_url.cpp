#include "model/mcp/readme_url.hpp"

#include "model/web_url.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace ingot::mcp {

namespace {

constexpr auto anchor_prefix = std::string_view{"readme-"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

/// What is no character of a URL is escaped; a `%` that escapes nothing, too.
std::string escaped(std::string_view text) {
  constexpr auto taken = std::string_view{"-._~:/?#[]@!$&'()*+,;="};
  constexpr auto digits = std::string_view{"0123456789ABCDEF"};
  auto out = std::string{};
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    const auto c = text[i];
    const auto escape = c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (escape || is_letter(c) || is_digit(c) || taken.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15U];
    }
  }
  return out;
}

/// The scheme in small letters; empty: it is relative. @returns nothing when what stands before the first colon is no scheme:
/// a browser might take it for one all the same
std::optional<std::string> scheme_of(std::string_view url) {
  const auto end = url.find_first_of(":/?#");
  if (end == std::string_view::npos || url[end] != ':')
    return std::string{};
  const auto scheme = url.substr(0, end);
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  if (scheme.empty() || !is_letter(scheme.front()) || !std::all_of(scheme.begin(), scheme.end(), fits))
    return std::nullopt;
  return lower(scheme);
}

/// `path` below the root of the repository, without `.` and `..`; never above the root.
std::string resolved(std::string_view path, std::string_view folder) {
  const auto end = std::min(path.find_first_of("?#"), path.size());
  const auto rest = path.substr(end);
  auto whole = std::string{path.starts_with('/') ? std::string_view{} : folder};
  whole += path.substr(0, end);
  auto segments = std::vector<std::string_view>{};
  for (auto left = std::string_view{whole}; !left.empty();) {
    const auto slash = std::min(left.find('/'), left.size());
    const auto segment = left.substr(0, slash);
    if (segment == ".." && !segments.empty())
      segments.pop_back();
    else if (!segment.empty() && segment != "." && segment != "..")
      segments.push_back(segment);
    left.remove_prefix(std::min(slash + 1, left.size()));
  }
  auto out = std::string{};
  for (const auto segment : segments)
    out.append(out.empty() ? "" : "/").append(segment);
  return out.append(rest);
}

/// Without white space around it; nothing when there is a character in it that browsers leave out or read as another one.
std::optional<std::string_view> readable(std::string_view written) {
  const auto first = written.find_first_not_of(" \t\r\n\f");
  if (first == std::string_view::npos || written.size() > readme_url_bytes_max)
    return std::nullopt;
  written = written.substr(first, written.find_last_not_of(" \t\r\n\f") + 1 - first);
  const auto misleads = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; };
  if (std::any_of(written.begin(), written.end(), misleads))
    return std::nullopt;
  return written;
}

/// An http or https URL, or one that is relative to `base`.
std::optional<std::string> web_url(std::string_view written, const std::string& scheme, std::string_view base,
                                   std::string_view folder) {
  auto out = std::string{};
  if (!scheme.empty())
    out = escaped(written);
  else if (written.starts_with("//"))
    out = "https:" + escaped(written);
  else if (base.empty())
    return std::nullopt;
  else
    out = std::string{base} + escaped(resolved(written, folder));
  if (!is_web_url(out)) // has no user name, either
    return std::nullopt;
  return out;
}

} // namespace

std::optional<std::string> link_url(std::string_view written, const readme_base& base) {
  const auto url = readable(written);
  if (!url)
    return std::nullopt;
  if (url->starts_with('#'))
    return "#" + std::string{anchor_prefix} + escaped(lower(url->substr(1)));
  const auto scheme = scheme_of(*url);
  if (!scheme)
    return std::nullopt;
  if (*scheme == "mailto")
    return "mailto:" + escaped(url->substr(std::string_view{"mailto:"}.size()));
  if (!scheme->empty() && *scheme != "http" && *scheme != "https")
    return std::nullopt;
  return web_url(*url, *scheme, base.links, base.folder);
}

std::optional<std::string> image_url(std::string_view written, const readme_base& base) {
  const auto url = readable(written);
  const auto scheme = url ? scheme_of(*url) : std::nullopt;
  if (!scheme || (!scheme->empty() && *scheme != "https"))
    return std::nullopt;
  auto out = web_url(*url, *scheme, base.images, base.folder);
  if (!out || !lower(out->substr(0, 8)).starts_with("https://"))
    return std::nullopt;
  return out;
}

bool is_badge(std::string_view url) noexcept {
  constexpr auto signs =
      std::array<std::string_view, 6>{"img.shields.io/", "/badge", "badgen.net/", "badge.fury.io/", "badge.svg", "://badges."};
  return std::any_of(signs.begin(), signs.end(), [&](auto sign) { return url.find(sign) != std::string_view::npos; });
}

std::string heading_anchor(std::string_view text) {
  auto out = std::string{anchor_prefix};
  for (const auto c : text)
    if (c == ' ')
      out += '-';
    else if (is_letter(c) || is_digit(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80)
      out += lower(c);
  return out;
}

} // namespace ingot::mcp

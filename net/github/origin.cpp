#include "net/github/origin.hpp"

#include <algorithm>
#include <charconv>

namespace ingot::github {

namespace {

constexpr std::size_t url_bytes_max = 8 * 1024;

bool is_visible(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

bool is_host(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("@:[]\\%<>\"'`{}|^") == text.npos;
}

/// `host`, `host:443`, `[::1]:443`.
std::optional<origin> parse_authority(bool tls, std::string_view text) {
  auto out = origin{tls, {}, static_cast<std::uint16_t>(tls ? 443 : 80)};
  auto port = std::string_view{};
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos || end == 1 || text.substr(1, end - 1).find_first_not_of("0123456789abcdefABCDEF:.") != text.npos)
      return std::nullopt;
    out.host = lower(text.substr(1, end - 1));
    port = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    if (!is_host(text.substr(0, colon)))
      return std::nullopt;
    out.host = lower(text.substr(0, colon));
    port = colon == text.npos ? std::string_view{} : text.substr(colon);
  }
  if (port.empty())
    return out;
  const auto end = port.data() + port.size();
  const auto [at, error] = std::from_chars(port.data() + 1, end, out.port);
  if (port.front() != ':' || error != std::errc{} || at != end || out.port == 0)
    return std::nullopt;
  return out;
}

std::optional<web_place> parse_hierarchy(bool tls, std::string_view rest) {
  rest = rest.substr(0, rest.find('#'));
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  auto at = parse_authority(tls, rest.substr(0, end));
  if (!at)
    return std::nullopt;
  const auto target = rest.substr(end);
  return web_place{std::move(*at), target.starts_with('/') ? std::string{target} : "/" + std::string{target}};
}

} // namespace

std::string origin::authority() const {
  auto out = host.find(':') == host.npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80))
    out += ":" + std::to_string(port);
  return out;
}

std::string web_place::url() const {
  return (at.tls ? "https://" : "http://") + at.authority() + target;
}

std::optional<web_place> parse_url(std::string_view url) {
  if (url.size() > url_bytes_max || !is_visible(url))
    return std::nullopt;
  const auto colon = url.find("://");
  if (colon == url.npos)
    return std::nullopt;
  const auto scheme = lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https")
    return std::nullopt;
  return parse_hierarchy(scheme == "https", url.substr(colon + 3));
}

std::optional<web_place> resolve(const web_place& base, std::string_view reference) {
  if (reference.size() > url_bytes_max || !is_visible(reference))
    return std::nullopt;
  if (reference.starts_with("//"))
    return parse_hierarchy(base.at.tls, reference.substr(2));
  if (reference.starts_with('/'))
    return web_place{base.at, std::string{reference.substr(0, reference.find('#'))}};
  return parse_url(reference);
}

} // namespace ingot::github

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::github {

/// Whom a URL leads to (RFC 6454): a token that is meant for one is sent to no other.
struct origin {
  bool tls = true;
  std::string host; ///< a name in lower case, or an address; of IPv6 without brackets
  std::uint16_t port = 443;

  /// `example.com`, with the port unless it is the scheme's own: the Host header's value.
  std::string authority() const;

  friend auto operator<=>(const origin&, const origin&) = default;
};

/// A URL in its parts.
struct web_place {
  origin at;
  std::string target; ///< path and query: what a request line names; begins with `/`

  std::string url() const;
};

/// Takes absolute http and https URLs of visible ASCII; a fragment is dropped. Nothing for anything else, and for one that holds
/// a user name.
std::optional<web_place> parse_url(std::string_view url);

/// What `reference` means at `base` (RFC 3986, section 5; dot segments are left to the server): an absolute URL, one of another
/// host (`//host/path`), or a path from the root. Nothing for anything else.
std::optional<web_place> resolve(const web_place& base, std::string_view reference);

} // namespace ingot::github

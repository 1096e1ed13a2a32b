#pragma once

#include "model/mcp/readme.hpp"

#include <optional>

namespace ingot::mcp {

inline constexpr std::size_t readme_url_bytes_max = 2'000;

/// The URL that a link of a README may lead to: absolute, http, https or mailto, written with none but the characters of RFC
/// 3986. A relative one is resolved, `/` being the repository's root. `#name` becomes `#readme-name`.
/// @returns nothing for another scheme, however it is disguised, for one with a user name in it, and for what is no URL
std::optional<std::string> link_url(std::string_view written, const readme_base& base);

/// The same for a picture: https only.
std::optional<std::string> image_url(std::string_view written, const readme_base& base);

/// Does a picture at this URL tell a state, as shields.io's do?
bool is_badge(std::string_view url) noexcept;

/// The name that GitHub gives a heading: small letters and digits, spaces as `-`, without other ASCII signs.
std::string heading_anchor(std::string_view text);

} // namespace ingot::mcp

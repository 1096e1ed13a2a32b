#pragma once

#include <array>
#include <string>
#include <string_view>

/// How a signed-in browser proves itself: by a cookie that scripts cannot read, and on whatever changes something by a token that
/// only the page of this origin can have (OWASP's signed double submit, with the session's own secret as the key).
namespace ingot {

/// The cookie's name; and over TLS, where the prefix makes a browser refuse it from other hosts and without Secure (RFC 6265bis).
inline constexpr std::string_view session_cookie = "ingot_session";
inline constexpr std::string_view secure_session_cookie = "__Host-ingot_session";

/// 43 characters of base64url of `random`, which must come from the system's generator.
std::string make_session_secret(const std::array<unsigned char, 32>& random);

/// A secret and, behind a dot, its signature in hexadecimal digits under a key derived from the master key, so that a made-up
/// token is refused without asking the database. @param master_key raw bytes
std::string make_session_token(std::string_view master_key, const std::array<unsigned char, 32>& random);

/// Was it made with this master key? Never with an empty one.
bool is_session_token(std::string_view token, std::string_view master_key);

/// What is kept of it: SHA-256, 32 raw bytes.
std::string session_token_hash(std::string_view token);

/// The token that goes with this session as x-csrf-token. Whoever has it cannot find the session's from it.
std::string csrf_token_of(std::string_view session_token);

/// Binds a session to the admin token that it began with: it ends when that is another one.
std::string admin_proof(std::string_view session_token, std::string_view admin_token);

/// The value of a cookie in a Cookie header (RFC 6265 4.2.1), or empty. It lives as long as `header`.
std::string_view cookie_in(std::string_view header, std::string_view name) noexcept;

/// The session's token in a Cookie header, or empty; the one that came over TLS goes before the other. It lives as long as
/// `header`.
std::string_view session_token_in(std::string_view header) noexcept;

} // namespace ingot

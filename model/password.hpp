#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Passwords of reviewers, kept as Argon2id (RFC 9106) in the encoded form of its reference implementation.
namespace ingot {

/// What one hashing costs. Verifying costs what the hash itself says.
struct password_cost {
  std::uint32_t memory_kib = 19'456; ///< 8 at least
  std::uint32_t passes = 2;
};

/// A password has so many bytes: short ones are guessed, and longer ones would only cost time.
inline constexpr std::size_t password_bytes_min = 12;
inline constexpr std::size_t password_bytes_max = 1'024;

/// What is wrong with a new password, as a sentence that does not quote it; nothing when it may be used.
std::optional<std::string> judge_password(std::string_view password);

/// `$argon2id$v=19$m=…,t=…,p=1$salt$hash`. Takes some 20 ms and memory_kib. Throws std::runtime_error when there is no memory.
/// @param salt of the system's generator
std::string hash_password(std::string_view password, const std::array<unsigned char, 32>& salt, const password_cost& cost);

/// Is it the password of this hash? Compared in constant time; false when `hash` is none.
bool is_password(std::string_view password, const std::string& hash);

} // namespace ingot

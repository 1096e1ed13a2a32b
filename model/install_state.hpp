#pragma once

#include "model/time.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// What a user shows on the way to an installation of our GitHub App: a link that a browser follows, and the state that GitHub
/// hands back with the installation. Each is 256 random bits with the time when it ends, signed together with the user whom it
/// stands for; the database says for whom that is, and lets it be shown once (storage/install_states).
namespace ingot {

enum class install_purpose : std::uint8_t { link, state };

inline constexpr std::chrono::minutes install_link_life{10};
inline constexpr std::chrono::hours install_state_life{1};

std::string_view to_string(install_purpose x) noexcept;

/// Makes one. @param master_key raw bytes; what signs is derived from it
/// @param random of the system's generator
std::string make_install_token(std::string_view master_key, install_purpose what, std::string_view user_id, timestamp expires_at,
                               const std::array<unsigned char, 32>& random);

/// When it ends, as it says itself; nothing when it is none. To be trusted after is_signed_for().
std::optional<timestamp> install_token_end(std::string_view token);

/// Was it made with this key for this purpose and user? Compared in constant time.
bool is_signed_for(std::string_view token, std::string_view master_key, install_purpose what, std::string_view user_id);

/// What is kept of it: SHA-256, 32 raw bytes.
std::string install_token_hash(std::string_view token);

} // namespace ingot

#pragma once

#include "model/install_state.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Table `install_states`. All of these block, and throw what libpqxx throws.
namespace ingot::storage {

/// A user has so many links and states at a time that were not shown yet; older ones end when there are more.
inline constexpr unsigned install_states_max = 20;

/// Remembers a token by its hash; forgets those that are over.
void keep_install_token(connection& db, std::string_view token, install_purpose what, const std::string& user_id,
                        timestamp expires_at, timestamp now);

/// Whose it is, once: nothing when it is unknown, was shown before, or is over.
std::optional<std::string> use_install_token(connection& db, std::string_view token, install_purpose what, timestamp now);

} // namespace ingot::storage

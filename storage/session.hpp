#pragma once

#include "config/settings.hpp"

#include <string>

namespace ingot::storage {

/// `url` (either form that libpq takes) with what every connection of ours has: connect_timeout (libpq counts whole seconds, two
/// at least), UTF-8. Throws std::invalid_argument when `url` is no address, without quoting it (law 9).
std::string connection_string(const std::string& url, const database_settings& settings);

/// What a new session is told, as one simple query: UTC, schema public, durable commits, timeouts on the server's side. Its last
/// row says whether the database is read-only (a boolean).
std::string session_sql(milliseconds statement_timeout);

/// Why a read-only database is refused.
inline constexpr const char* read_only_database = "the database is read-only: a standby, or default_transaction_read_only is on";

} // namespace ingot::storage

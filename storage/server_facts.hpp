#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ingot::storage {

/// What an operator wants to know of the database server.
struct server_facts {
  std::string version; ///< as the server writes it: `15.5 (Debian …)`
  int version_number;  ///< 150005
  timestamp clock;     ///< its clock
};

/// Throws what libpqxx throws.
server_facts read_server_facts(connection& db);

/// Version of the libpq that is linked: 150005.
int libpq_version() noexcept;

/// `url` as libpq's environment (PGHOST, PGPASSWORD, …), so that no password stands on a command line, where every user of the
/// machine can read it. Throws std::invalid_argument when it is no connection string (without quoting it).
std::vector<std::pair<std::string, std::string>> libpq_environment(const std::string& url);

} // namespace ingot::storage

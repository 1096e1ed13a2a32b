#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ingot::storage {

/// What an operator wants to know of the database server.
struct server_facts {
  std::string version;  ///< as the server writes it: `15.5 (Debian …)`
  int version_number;   ///< 150005
  timestamp clock;      ///< its clock
  std::string encoding; ///< of the database: `UTF8`
  bool fsync = true, full_page_writes = true;
  std::int64_t connections_max = 0;  ///< that the server takes of ordinary roles
  std::int64_t connections_used = 0; ///< by everybody
  /// Is the process that serves us another one than the one that we were introduced to? A pooler stands between.
  bool pooled = false;
};

/// Throws what libpqxx throws.
server_facts read_server_facts(connection& db);

/// What lies about in the database that a person should look at.
struct unfinished_work {
  std::int64_t jobs_dead = 0, jobs_failed = 0;
  std::int64_t deliveries_failed = 0; ///< of the last week, up to 1,000
  std::int64_t audit_overdue = 0;     ///< lines of the audit log that have waited for their seal for more than a minute
};

/// Of a migrated database. Throws what libpqxx throws.
unfinished_work find_unfinished_work(connection& db);

/// Version of the libpq that is linked: 150005.
int libpq_version() noexcept;

/// `url` as libpq's environment (PGHOST, PGPASSWORD, …), so that no password stands on a command line, where every user of the
/// machine can read it. Throws std::invalid_argument when it is no connection string (without quoting it).
std::vector<std::pair<std::string, std::string>> libpq_environment(const std::string& url);

} // namespace ingot::storage

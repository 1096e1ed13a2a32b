#pragma once

#include "config/settings.hpp"
#include "model/fault.hpp"
#include "storage/connection_watchdog.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <pqxx/pqxx>

namespace ingot::storage {

/// A libpqxx connection whose blocking calls have a deadline: a watchdog thread shuts its socket when one is overdue, so that a
/// database that accepts and never answers looks like one that is gone. Not thread-safe.
class connection {
public:
  /// Connects within connect_timeout (libpq counts whole seconds, two at least; the lookup of a name is not bounded), refuses a
  /// standby or read-only database with pqxx::broken_connection, and sets up the session: UTF-8, UTC, schema public, durable
  /// commits, server-side timeouts. Throws what libpqxx throws, and std::invalid_argument when `url` is no address (without
  /// quoting it: law 9).
  connection(const std::string& url, const database_settings& settings);
  ~connection();

  pqxx::connection& raw() noexcept;

  /// Did the watchdog shut it? Then it is of no further use.
  bool overdue() const noexcept;

  /// While it lives, calls on this connection must end within `limit` (default: statement_timeout), all together. Make it before
  /// the transaction, so that a rollback is bounded too. One inside another replaces it until its own end.
  class deadline : connection_watchdog::deadline {
  public:
    explicit deadline(connection& c);
    deadline(connection& c, milliseconds limit);
  };

private:
  friend class deadline;
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// A statement that the database refused, or (without a SQLSTATE) a session that broke.
class statement_error : public std::runtime_error {
public:
  statement_error(std::string sqlstate, const std::string& message)
      : std::runtime_error{message}, sqlstate_{std::move(sqlstate)} {}
  const std::string& sqlstate() const noexcept { return sqlstate_; }

private:
  std::string sqlstate_;
};

/// What to do after a failed statement or COMMIT.
enum class sql_remedy : std::uint8_t {
  retry,     ///< serialization failure, deadlock: the same transaction again
  reconnect, ///< the database is away, read-only, stopping, hanging, lacks rights or tables, or the outcome is unknown:
             ///< connection dropped; spool
  refused,   ///< the database refuses the content: bisect
};

/// The one place that understands statement_error and libpqxx's exceptions (6.4 and 7.x derive them differently): by SQLSTATE.
/// What is neither (a parameter that cannot be encoded, a result of an unexpected shape) counts as refused.
sql_remedy classify(const std::exception& e) noexcept;

/// The SQLSTATE that `e` carries, or empty.
std::string sqlstate(const std::exception& e);

/// A sentence for logs and `deliveries.error`, without the statement's values: `22P02: invalid input syntax for type json`.
std::string describe(const std::exception& e);

} // namespace ingot::storage

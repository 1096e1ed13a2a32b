#pragma once

#include "config/settings.hpp"
#include "model/fault.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <pqxx/pqxx>

namespace ingot::storage {

/// A libpqxx connection whose blocking calls have a deadline: a watchdog thread shuts its socket when one is overdue, so that a
/// database that accepts and never answers looks like one that is gone. Also bounds connecting. Not thread-safe.
class connection {
public:
  /// Connects, refuses a standby or read-only database. Throws what libpqxx throws.
  connection(const std::string& url, const database_settings& settings);
  ~connection();

  pqxx::connection& raw() noexcept;

  /// While it lives, calls on this connection must end within `limit` (default: statement_timeout).
  class deadline {
  public:
    explicit deadline(connection& c);
    deadline(connection& c, milliseconds limit);
    ~deadline();
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

  private:
    connection& owner_;
  };

private:
  friend class deadline;
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// What to do after a failed statement or COMMIT.
enum class sql_remedy : std::uint8_t {
  retry,     ///< serialization failure, deadlock: the same transaction again
  reconnect, ///< the database is away, read-only, stopping, hanging, or the outcome is unknown: connection dropped; spool
  refused,   ///< the database refuses the content: bisect
};

/// The one place that understands libpqxx's exceptions (6.4 and 7.x derive them differently): by SQLSTATE.
/// Everything that is no pqxx::failure or std::exception of libpqxx is rethrown.
sql_remedy classify(const std::exception& e) noexcept;

/// A sentence for logs and `deliveries.error`, without the statement's values.
std::string describe(const std::exception& e);

} // namespace ingot::storage

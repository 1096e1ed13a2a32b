#pragma once

#include "storage/connection.hpp"
#include "storage/connection_watchdog.hpp"
#include "storage/pgx.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct pg_conn;
struct pg_result;

namespace ingot::storage {

/// The rows that one statement gave.
class answer {
public:
  explicit answer(const pg_result& rows) noexcept : rows_{&rows} {}

  int rows() const noexcept;
  bool is_null(int row, int column) const noexcept;
  /// Valid as long as the answer; empty for NULL.
  std::string_view text(int row, int column) const noexcept;
  /// Throws std::runtime_error when it is no integer.
  std::int64_t integer(int row, int column) const;

private:
  const pg_result* rows_;
};

/// A statement known by a name; the name lives as long as the program.
using named_statement = std::pair<const char*, const char*>;

/// A database session in libpq's pipeline mode: statements are queued and go out together, so that a batch costs two wake-ups of
/// either side instead of two a statement (libpqxx 6.4 has no way to it). One statement that fails ends all that follow it up to
/// the next run(). Not thread-safe.
class pipeline {
public:
  /// Connects and prepares `statements`, as connection does and with the same refusals; all that goes wrong with the session is
  /// thrown as statement_error.
  pipeline(const std::string& url, const database_settings& settings, std::span<const named_statement> statements);
  ~pipeline();
  pipeline(const pipeline&) = delete;
  pipeline& operator=(const pipeline&) = delete;

  /// Prepares more statements, such as name temporary tables that were made meanwhile.
  void prepare(std::span<const named_statement> statements);

  using reader = std::function<void(const answer&)>;

  /// Queues a statement; its parameters are copied. `read` sees its rows once everything queued with it succeeded.
  void add(const char* statement, std::initializer_list<pgx::binary> parameters = {}, reader read = {});

  /// Sends what is queued and does not wait.
  void send();

  /// Waits until all that was queued is answered, sending what was not sent, then calls the readers in order. Throws
  /// statement_error for the first statement that failed; no reader is called then.
  void run();

  /// Ends a transaction that failed at any point, dropping what is queued; never throws: a session that cannot is broken, and the
  /// next run() says so.
  void roll_back() noexcept;

  /// While it lives, all that this session does must end within the statement timeout.
  connection_watchdog::deadline within_statement_timeout();

private:
  struct closer {
    void operator()(pg_conn* c) const noexcept;
  };

  [[noreturn]] void fail() const;

  milliseconds statement_timeout_;
  std::unique_ptr<pg_conn, closer> link_;
  connection_watchdog::entry watched_;
  std::vector<reader> queued_;
  bool sent_ = true;
};

} // namespace ingot::storage

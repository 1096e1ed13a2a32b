#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

namespace ingot::bench {

/// A libpq connection: the harness wants binary results, COPY and prepared statements of any number of parameters.
/// Everything throws std::runtime_error with the server's words.
class database {
public:
  explicit database(const std::string& url);

  /// Runs one or several statements.
  void run(const std::string& sql);

  /// The first field of the first row of a query; empty for none or NULL.
  std::string value(const std::string& sql);
  std::int64_t number(const std::string& sql);

  /// COPY … FROM STDIN: `begin`, pieces, `end`.
  void copy_begin(const std::string& sql);
  void copy_piece(std::string_view bytes);
  void copy_end();

  PGconn* raw() noexcept { return handle_.get(); }

  using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

  /// Throws unless `x` succeeded.
  result checked(PGresult* x);

private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

} // namespace ingot::bench

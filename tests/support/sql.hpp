#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ingot::testing {

/// A connection of the test's own to a node's database. NULL is nothing.
class sql {
public:
  explicit sql(const std::string& url);
  ~sql();

  using row = std::vector<std::optional<std::string>>;
  std::vector<row> rows(const std::string& statement);

  /// Runs statements without a result.
  void run(const std::string& statements);

  /// The only value of the only row; "" for NULL. Throws std::runtime_error when there is another number of rows.
  std::string text(const std::string& statement);
  std::int64_t number(const std::string& statement);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// `text` as an SQL literal.
std::string literal(const std::string& text);

} // namespace ingot::testing

#pragma once

#include "config/settings.hpp"
#include "storage/connection.hpp"

#include <memory>
#include <string>

namespace ingot::commands {

/// The way to the node's database for a command: DATABASE_URL; the embedded cluster of the running node; or, when no node runs,
/// that cluster started for as long as this object lives (under the data lock, so that no node starts meanwhile).
class node_database {
public:
  /// What to do when there is no embedded cluster yet.
  enum class when_missing { refuse, make };

  /// Throws std::runtime_error with what to do when the database cannot be had.
  explicit node_database(const settings& of, when_missing what = when_missing::refuse);
  ~node_database();
  node_database(const node_database&) = delete;
  node_database& operator=(const node_database&) = delete;

  /// libpq connection string. Holds the password: not for people.
  const std::string& url() const noexcept;

  /// Was it started just for this object?
  bool started() const noexcept;

  /// A connection with a command's patience: statements may take half a minute.
  /// Throws std::runtime_error that says where the database was looked for (without its password) and what to do.
  std::unique_ptr<storage::connection> connect() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::commands

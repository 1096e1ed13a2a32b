#pragma once

#include "config/settings.hpp"
#include "storage/connection.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace ingot::testing {

/// A folder of its own below the system's temporary folder, open to the database's user, removed at the end.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// Address of the test run's PostgreSQL (database `postgres`): INGOT_TEST_PG_URL, or what stands in the file that
/// INGOT_TEST_PG_FILE names (written by ingot_test_postgres_server for a whole CTest run), else a cluster that this
/// process starts at its first use and stops at its end.
const std::string& postgres_url();

/// A database of the test's own, made from a migrated template, dropped at the end together with its sessions.
class database {
public:
  enum class content { migrated, empty };

  explicit database(content of = content::migrated);
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  const std::string& url() const noexcept { return url_; }
  const std::string& name() const noexcept { return name_; }

  /// Settings that lead to it; timeouts as in production.
  database_settings settings() const;

  std::unique_ptr<storage::connection> connect() const;

  /// Runs statements on a session of its own. @returns the first column of the first row as text, `NULL` for null, empty without
  /// rows.
  std::string sql(const std::string& statements) const;

private:
  std::string name_;
  std::string url_;
};

} // namespace ingot::testing

#pragma once

#include "storage/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ingot::storage {

/// One moment of the database, held open so that pg_dump and the node's own questions see the same rows. All throw what libpqxx
/// throws. Holds back VACUUM while it lives, as pg_dump does.
class backup_snapshot {
public:
  /// @param db to be used by nobody else meanwhile
  explicit backup_snapshot(connection& db);
  ~backup_snapshot();
  backup_snapshot(const backup_snapshot&) = delete;
  backup_snapshot& operator=(const backup_snapshot&) = delete;

  const std::string& id() const noexcept { return id_; }                 ///< for pg_dump --snapshot
  int schema_version() const noexcept { return schema_version_; }        ///< 0: not migrated
  const std::string& server_version() const noexcept { return server_; } ///< as the server writes it
  int server_version_number() const noexcept { return server_number_; }  ///< 150005
  std::int64_t database_bytes() const noexcept { return bytes_; }        ///< on its disk, indexes included

  /// Keys in the blob store that the rows name, in order, behind `after`.
  std::vector<std::string> blob_keys(const std::string& after, std::size_t count_max);

private:
  connection& db_;
  std::unique_ptr<pqxx::work> transaction_;
  std::string id_, server_;
  int schema_version_ = 0, server_number_ = 0;
  std::int64_t bytes_ = 0;
};

/// How many tables, views and sequences are in the database, whoever's they are.
std::int64_t count_relations(connection& db);

/// Takes everything out of the schema `public`.
void empty_public_schema(connection& db);

} // namespace ingot::storage

#pragma once

#include "bench/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::bench {

/// Rows of one table in PostgreSQL's binary format: the bytes serve as parameters and for COPY alike.
class binary_rows {
public:
  /// Runs `SELECT * …`.
  binary_rows(database& db, const std::string& sql);

  std::size_t size() const noexcept { return static_cast<std::size_t>(PQntuples(rows_.get())); }
  std::size_t columns() const noexcept { return names_.size(); }
  const std::vector<std::string>& names() const noexcept { return names_; }
  const std::vector<Oid>& types() const noexcept { return types_; }
  std::size_t column(std::string_view name) const;

  /// nullptr for NULL.
  const char* data(std::size_t row, std::size_t column) const noexcept;
  int length(std::size_t row, std::size_t column) const noexcept;
  std::string_view bytes(std::size_t row, std::size_t column) const noexcept;
  std::int64_t big_endian(std::size_t row, std::size_t column) const noexcept;

  /// Puts other bytes in place of one column's, one text a row.
  void replace(std::size_t column, std::vector<std::string> bytes);

private:
  database::result rows_;
  std::vector<std::string> names_;
  std::vector<Oid> types_;
  std::vector<std::string> replaced_;
  std::size_t replaced_column_ = static_cast<std::size_t>(-1);
};

/// A table that rows are written to, and how a second write of a row is resolved.
struct target_table {
  std::string name;     ///< with schema
  std::string conflict; ///< `ON CONFLICT …` or empty
};

/// `INSERT INTO t (…) VALUES ($1, …), (…) …` of `rows` rows, prepared under its name on first use.
void insert_rows(database& db, const target_table& into, const binary_rows& from, const std::vector<std::uint32_t>& which);

/// COPY … (FORMAT binary); through a temporary table when conflicts must be resolved.
void copy_rows(database& db, const target_table& into, const binary_rows& from, const std::vector<std::uint32_t>& which);

} // namespace ingot::bench

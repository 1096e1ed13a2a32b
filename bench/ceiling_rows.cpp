#include "bench/ceiling_rows.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>

namespace ingot::bench {
namespace {

constexpr std::size_t rows_in_statement_max = 256;

std::string column_list(const binary_rows& from) {
  std::string out;
  for (const auto& name : from.names())
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string insert_statement(const target_table& into, const binary_rows& from, std::size_t rows) {
  auto sql = "INSERT INTO " + into.name + " (" + column_list(from) + ") VALUES ";
  for (std::size_t row = 0, parameter = 1; row != rows; ++row) {
    sql += row == 0 ? "(" : ", (";
    for (std::size_t c = 0; c != from.columns(); ++c, ++parameter)
      sql += (c == 0 ? "$" : ", $") + std::to_string(parameter);
    sql += ')';
  }
  return sql + ' ' + into.conflict;
}

/// Sends rows [at, at + rows) of `which` with one statement.
void insert_piece(database& db, const target_table& into, const binary_rows& from, const std::vector<std::uint32_t>& which,
                  std::size_t at, std::size_t rows) {
  const auto name = into.name + '_' + std::to_string(rows);
  // A thread has one connection as long as it lives.
  thread_local std::vector<std::pair<PGconn*, std::string>> prepared;
  const std::pair<PGconn*, std::string> mine{db.raw(), name};
  const auto parameters = rows * from.columns();
  if (std::find(prepared.begin(), prepared.end(), mine) == prepared.end()) {
    std::vector<Oid> types;
    for (std::size_t i = 0; i != rows; ++i)
      types.insert(types.end(), from.types().begin(), from.types().end());
    db.checked(PQprepare(db.raw(), name.c_str(), insert_statement(into, from, rows).c_str(), static_cast<int>(parameters),
                         types.data()));
    prepared.push_back(mine);
  }
  std::vector<const char*> values;
  std::vector<int> lengths;
  values.reserve(parameters);
  lengths.reserve(parameters);
  for (std::size_t i = at; i != at + rows; ++i)
    for (std::size_t c = 0; c != from.columns(); ++c) {
      values.push_back(from.data(which[i], c));
      lengths.push_back(from.length(which[i], c));
    }
  const std::vector<int> binary(parameters, 1);
  db.checked(
      PQexecPrepared(db.raw(), name.c_str(), static_cast<int>(parameters), values.data(), lengths.data(), binary.data(), 0));
}

void put_int(std::string& out, std::uint32_t x, int bytes) {
  for (auto shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(x >> shift & 255);
}

} // namespace

binary_rows::binary_rows(database& db, const std::string& sql)
    : rows_{db.checked(PQexecParams(db.raw(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1))} {
  for (int i = 0; i != PQnfields(rows_.get()); ++i) {
    names_.emplace_back(PQfname(rows_.get(), i));
    types_.push_back(PQftype(rows_.get(), i));
  }
}

std::size_t binary_rows::column(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end())
    throw std::runtime_error("no column " + std::string{name});
  return static_cast<std::size_t>(found - names_.begin());
}

const char* binary_rows::data(std::size_t row, std::size_t column) const noexcept {
  if (column == replaced_column_)
    return replaced_[row].data();
  const auto r = static_cast<int>(row), c = static_cast<int>(column);
  return PQgetisnull(rows_.get(), r, c) != 0 ? nullptr : PQgetvalue(rows_.get(), r, c);
}

int binary_rows::length(std::size_t row, std::size_t column) const noexcept {
  if (column == replaced_column_)
    return static_cast<int>(replaced_[row].size());
  return PQgetlength(rows_.get(), static_cast<int>(row), static_cast<int>(column));
}

std::string_view binary_rows::bytes(std::size_t row, std::size_t column) const noexcept {
  const auto* p = data(row, column);
  return p == nullptr ? std::string_view{} : std::string_view{p, static_cast<std::size_t>(length(row, column))};
}

std::int64_t binary_rows::big_endian(std::size_t row, std::size_t column) const noexcept {
  std::int64_t out = 0;
  for (unsigned char c : bytes(row, column))
    out = out << 8 | c;
  return out;
}

void binary_rows::replace(std::size_t column, std::vector<std::string> bytes) {
  replaced_column_ = column;
  replaced_ = std::move(bytes);
}

void insert_rows(database& db, const target_table& into, const binary_rows& from, const std::vector<std::uint32_t>& which) {
  // 65,535 parameters are the protocol's limit.
  auto most = rows_in_statement_max;
  while (most * from.columns() > 65'535)
    most /= 2;
  for (std::size_t at = 0; at != which.size();) {
    auto rows = most;
    while (rows > which.size() - at)
      rows /= 2;
    insert_piece(db, into, from, which, at, rows);
    at += rows;
  }
}

void copy_rows(database& db, const target_table& into, const binary_rows& from, const std::vector<std::uint32_t>& which) {
  if (which.empty())
    return;
  auto name = into.name;
  const auto columns = column_list(from);
  if (!into.conflict.empty()) {
    name = "staged_" + into.name.substr(into.name.find('.') + 1);
    db.run("CREATE TEMP TABLE IF NOT EXISTS " + name + " (LIKE " + into.name + "); TRUNCATE " + name);
  }
  std::string text{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
  db.copy_begin("COPY " + name + " (" + columns + ") FROM STDIN (FORMAT binary)");
  for (auto row : which) {
    put_int(text, static_cast<std::uint32_t>(from.columns()), 2);
    for (std::size_t c = 0; c != from.columns(); ++c) {
      const auto* bytes = from.data(row, c);
      put_int(text, bytes == nullptr ? 0xffffffffu : static_cast<std::uint32_t>(from.length(row, c)), 4);
      if (bytes != nullptr)
        text.append(bytes, static_cast<std::size_t>(from.length(row, c)));
    }
    if (text.size() > 256 * 1024) {
      db.copy_piece(text);
      text.clear();
    }
  }
  put_int(text, 0xffff, 2);
  db.copy_piece(text);
  db.copy_end();
  if (name != into.name)
    db.run("INSERT INTO " + into.name + " (" + columns + ") SELECT " + columns + " FROM " + name + ' ' + into.conflict);
}

} // namespace ingot::bench

#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/// As much of SQLite as the spool needs.
namespace ingot::storage::sqlite {

/// What SQLite refused, in its own words, with its extended result code.
class error : public std::runtime_error {
public:
  error(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

  int code() const noexcept { return code_; }

  /// After this the file must not be trusted by this process: an I/O error (a failed fsync among them) or a damaged page.
  bool distrusts_file() const noexcept;

  /// A page is not what it should be, or the file is no database.
  bool is_damage() const noexcept;

private:
  int code_;
};

/// An open file; made when there is none. Used by one thread at a time.
class file {
public:
  explicit file(const std::filesystem::path& path);
  ~file();
  file(const file&) = delete;
  file& operator=(const file&) = delete;

  void exec(const char* sql);

  /// The first column of the first row, 0 without one.
  std::int64_t number(const char* sql);
  std::string text(const char* sql);

  sqlite3* raw() noexcept { return raw_; }

private:
  sqlite3* raw_ = nullptr;
};

/// A prepared statement. Parameters and columns count from 1 and 0, as in SQLite.
class statement {
public:
  statement(file& in, const char* sql);
  ~statement();
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  /// The bytes must live until reset().
  statement& bind(int parameter, std::string_view text);
  statement& bind_blob(int parameter, std::string_view bytes);
  statement& bind(int parameter, std::int64_t number);

  /// @returns whether there is a row.
  bool step();
  void reset() noexcept;

  std::int64_t number(int column);
  /// Text or blob, valid until the next step or reset.
  std::string_view bytes(int column);

private:
  void check(int code);

  sqlite3* file_;
  sqlite3_stmt* raw_ = nullptr;
};

} // namespace ingot::storage::sqlite

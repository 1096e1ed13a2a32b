#include "storage/sqlite.hpp"

#include <sqlite3.h>

namespace ingot::storage::sqlite {

namespace {

[[noreturn]] void fail(sqlite3* file, int code) {
  const std::string message = file == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(file);
  throw error(code, message + " (SQLite code " + std::to_string(code) + ")");
}

} // namespace

bool error::is_damage() const noexcept {
  // Nobody writes a row that is longer than SQLite can read: one that claims to be is damaged.
  return (code_ & 0xff) == SQLITE_CORRUPT || (code_ & 0xff) == SQLITE_NOTADB || (code_ & 0xff) == SQLITE_TOOBIG;
}

bool error::distrusts_file() const noexcept {
  return is_damage() || (code_ & 0xff) == SQLITE_IOERR;
}

file::file(const std::filesystem::path& path) {
  const int code = sqlite3_open_v2(
      path.c_str(), &raw_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code == SQLITE_OK)
    return;
  const error problem{code, sqlite3_errstr(code)};
  sqlite3_close_v2(raw_);
  throw problem;
}

file::~file() {
  sqlite3_close_v2(raw_);
}

void file::exec(const char* sql) {
  if (const int code = sqlite3_exec(raw_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK)
    fail(raw_, code);
}

std::int64_t file::number(const char* sql) {
  statement s{*this, sql};
  return s.step() ? s.number(0) : 0;
}

std::string file::text(const char* sql) {
  statement s{*this, sql};
  return s.step() ? std::string{s.bytes(0)} : std::string{};
}

statement::statement(file& in, const char* sql) : file_(in.raw()) {
  check(sqlite3_prepare_v3(file_, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw_, nullptr));
}

statement::~statement() {
  sqlite3_finalize(raw_);
}

void statement::check(int code) {
  if (code != SQLITE_OK)
    fail(file_, code);
}

statement& statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL.
  check(sqlite3_bind_text64(raw_, parameter, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

statement& statement::bind_blob(int parameter, std::string_view bytes) {
  check(sqlite3_bind_blob64(raw_, parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC));
  return *this;
}

statement& statement::bind(int parameter, std::int64_t number) {
  check(sqlite3_bind_int64(raw_, parameter, number));
  return *this;
}

bool statement::step() {
  const int code = sqlite3_step(raw_);
  if (code == SQLITE_ROW)
    return true;
  if (code == SQLITE_DONE)
    return false;
  reset();
  fail(file_, code);
}

void statement::reset() noexcept {
  sqlite3_reset(raw_);
}

std::int64_t statement::number(int column) {
  return sqlite3_column_int64(raw_, column);
}

std::string_view statement::bytes(int column) {
  const void* data = sqlite3_column_blob(raw_, column);
  return {static_cast<const char*>(data), data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

} // namespace ingot::storage::sqlite

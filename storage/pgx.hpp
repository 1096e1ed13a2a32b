#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pqxx/pqxx>

/// The seam over libpqxx 6.4 (Debian 12) and 7.x (Debian 13, Ubuntu 24.04): what differs between them is written here once.
namespace ingot::storage::pgx {

/// A parameter in PostgreSQL's binary format; the bytes must live until the call returns.
struct binary {
  std::string_view bytes;
};

namespace detail {

inline auto argument(const binary& value) {
#if PQXX_VERSION_MAJOR >= 7
  const auto* bytes = reinterpret_cast<const std::byte*>(value.bytes.data());
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 10
  return pqxx::bytes_view{bytes, value.bytes.size()};
#else
  return std::basic_string_view<std::byte>{bytes, value.bytes.size()};
#endif
#else
  return pqxx::binarystring{value.bytes.data(), value.bytes.size()};
#endif
}

// 6.4 takes no string_view, and would call is_null on a reference to an array.
inline std::string argument(std::string_view value) {
  return std::string{value};
}
inline std::string argument(const char* value) {
  return value;
}
inline const std::string& argument(const std::string& value) {
  return value;
}
inline std::nullptr_t argument(std::nullopt_t) {
  return nullptr;
}
template <class T>
const T& argument(const T& value) {
  return value;
}

} // namespace detail

/// Registers a statement under `name`; 6.4 sends it at its first use.
inline void prepare(pqxx::connection& c, const std::string& name, const std::string& sql) {
  c.prepare(name, sql);
}

/// Runs a prepared statement. Arguments: numbers, bool, text, pgx::binary, std::nullopt.
template <class... Arguments>
pqxx::result run(pqxx::transaction_base& t, const std::string& name, const Arguments&... arguments) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
  return t.exec(pqxx::prepped{name}, pqxx::params{detail::argument(arguments)...});
#else
  return t.exec_prepared(name, detail::argument(arguments)...);
#endif
}

/// Runs one statement with parameters $1, $2, … without preparing it by name.
template <class... Arguments>
pqxx::result query(pqxx::transaction_base& t, const std::string& sql, const Arguments&... arguments) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
  return t.exec(sql, pqxx::params{detail::argument(arguments)...});
#else
  return t.exec_params(sql, detail::argument(arguments)...);
#endif
}

/// The text of a field without a copy, valid as long as its result; empty for NULL.
inline std::string_view text(const pqxx::field& f) {
  return {f.c_str(), static_cast<std::size_t>(f.size())};
}

/// Nothing for NULL.
template <class T>
std::optional<T> maybe(const pqxx::field& f) {
  if (f.is_null())
    return std::nullopt;
  return f.as<T>();
}

/// The bytes of a bytea field (from its hex text); empty for NULL. Throws std::runtime_error when it is no bytea text.
std::string bytes(const pqxx::field& f);

/// The texts of a text[] field, NULLs left out; none for NULL.
std::vector<std::string> texts(const pqxx::field& f);

/// Forbids 6.4 to reconnect by itself: a connection that broke must stay broken, since its session settings are lost.
void forbid_reactivation(pqxx::connection& c);

/// Closes without waiting for the server.
inline void close(pqxx::connection& c) {
#if PQXX_VERSION_MAJOR >= 7
  c.close();
#else
  c.disconnect();
#endif
}

} // namespace ingot::storage::pgx

#include "bench/database.hpp"

#include <stdexcept>

namespace ingot::bench {

database::database(const std::string& url) : handle_{PQconnectdb(url.c_str()), &PQfinish} {
  if (PQstatus(raw()) != CONNECTION_OK)
    throw std::runtime_error(PQerrorMessage(raw()));
  run("SET client_min_messages = warning");
}

database::result database::checked(PGresult* x) {
  result out{x, &PQclear};
  switch (PQresultStatus(x)) {
  case PGRES_COMMAND_OK:
  case PGRES_TUPLES_OK:
  case PGRES_COPY_IN:
    return out;
  default:
    throw std::runtime_error(PQerrorMessage(raw()));
  }
}

void database::run(const std::string& sql) {
  checked(PQexec(raw(), sql.c_str()));
}

std::string database::value(const std::string& sql) {
  const auto rows = checked(PQexec(raw(), sql.c_str()));
  return PQntuples(rows.get()) == 0 ? std::string{} : std::string{PQgetvalue(rows.get(), 0, 0)};
}

std::int64_t database::number(const std::string& sql) {
  const auto text = value(sql);
  return text.empty() ? 0 : std::stoll(text);
}

void database::copy_begin(const std::string& sql) {
  run(sql);
}

void database::copy_piece(std::string_view bytes) {
  if (PQputCopyData(raw(), bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error(PQerrorMessage(raw()));
}

void database::copy_end() {
  if (PQputCopyEnd(raw(), nullptr) != 1)
    throw std::runtime_error(PQerrorMessage(raw()));
  checked(PQgetResult(raw()));
  while (PQgetResult(raw()) != nullptr) {
  }
}

} // namespace ingot::bench

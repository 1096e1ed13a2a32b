#include "storage/server_facts.hpp"

#include "storage/pgx.hpp"

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

namespace ingot::storage {

server_facts read_server_facts(connection& db) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  // clock_timestamp(): the time of this very statement.
  auto row = tx.exec("SELECT current_setting('server_version'), current_setting('server_version_num')::int, "
                     "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint")[0];
  return {std::string{pgx::text(row[0])}, row[1].as<int>(), timestamp{std::chrono::microseconds{row[2].as<std::int64_t>()}}};
}

int libpq_version() noexcept {
  return ::PQlibVersion();
}

std::vector<std::pair<std::string, std::string>> libpq_environment(const std::string& url) {
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options{::PQconninfoParse(url.c_str(), nullptr),
                                                                         ::PQconninfoFree};
  if (!options)
    throw std::invalid_argument{"the database's address is no connection string"};
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto* x = options.get(); x->keyword != nullptr; ++x) {
    if (x->val != nullptr && x->envvar != nullptr)
      out.emplace_back(x->envvar, x->val);
  }
  return out;
}

} // namespace ingot::storage

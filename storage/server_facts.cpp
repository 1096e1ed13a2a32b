#include "storage/server_facts.hpp"

#include "storage/pgx.hpp"

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>

namespace ingot::storage {

namespace {

// clock_timestamp(): the time of this very statement. Not every server that speaks PostgreSQL's language has all settings.
constexpr auto facts_sql = R"sql(
  SELECT current_setting('server_version'), current_setting('server_version_num')::int,
         (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
         current_setting('server_encoding'),
         coalesce(current_setting('fsync', TRUE), 'on') <> 'off', coalesce(current_setting('full_page_writes', TRUE), 'on') <> 'off',
         current_setting('max_connections')::bigint - coalesce(current_setting('superuser_reserved_connections', TRUE)::bigint, 0),
         (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
         pg_backend_pid()
)sql";

// What waits for a person.
constexpr auto unfinished_sql = R"sql(
  SELECT (SELECT count(*) FROM jobs WHERE state = 'dead'), (SELECT count(*) FROM jobs WHERE state = 'failed'),
         (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE outcome = 'failed' AND received_at > now() - interval '7 days'
                                LIMIT 1000) AS failed),
         (SELECT count(*) FROM (SELECT 1 FROM audit_log WHERE seq IS NULL AND at < now() - interval '1 minute' LIMIT 1000) AS overdue)
)sql";

} // namespace

server_facts read_server_facts(connection& db) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  const auto row = tx.exec(facts_sql)[0];
  auto out = server_facts{};
  out.version = pgx::text(row[0]);
  out.version_number = row[1].as<int>();
  out.clock = timestamp{std::chrono::microseconds{row[2].as<std::int64_t>()}};
  out.encoding = pgx::text(row[3]);
  out.fsync = row[4].as<bool>();
  out.full_page_writes = row[5].as<bool>();
  out.connections_max = row[6].as<std::int64_t>();
  out.connections_used = row[7].as<std::int64_t>();
  // Poolers answer the start-up with numbers of their own.
  out.pooled = row[8].as<int>() != db.raw().backendpid();
  return out;
}

unfinished_work find_unfinished_work(connection& db) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  const auto row = tx.exec(unfinished_sql)[0];
  const auto number = [&](int column) { return row[column].as<std::int64_t>(); };
  return {number(0), number(1), number(2), number(3)};
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

#include "storage/migrations.hpp"

#include "storage/pgx.hpp"

#include <algorithm>
#include <stdexcept>

namespace ingot::storage {

namespace {

constexpr int attempts_max = 10;

/// A step, and the wait for another node's, may take longer than a statement of daily work.
void allow_long_statements(pqxx::transaction_base& t) {
  t.exec("SET LOCAL statement_timeout = " + std::to_string(migration_limit.count()));
}

/// Does the table of migrations exist?
bool is_prepared(pqxx::transaction_base& t) {
  return !t.exec("SELECT to_regclass('public.schema_migrations')")[0][0].is_null();
}

/// Makes the table and its lock row, version 0.
void prepare_database(connection& db) {
  for (int attempt = 1;; ++attempt) {
    try {
      connection::deadline limit{db, migration_limit};
      pqxx::work t{db.raw()};
      allow_long_statements(t);
      if (is_prepared(t))
        return;
      // Its rows are the versions that are applied.
      t.exec("CREATE TABLE IF NOT EXISTS schema_migrations ("
             "version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())");
      // The row that everybody locks.
      t.exec("INSERT INTO schema_migrations (version, name) VALUES (0, 'lock') ON CONFLICT (version) DO NOTHING");
      t.commit();
      return;
    } catch (const std::exception& e) {
      // IF NOT EXISTS loses against a simultaneous CREATE: 23505 in the catalog, 42P07 or 42710 for the table or its type.
      const auto state = sqlstate(e);
      const bool lost_the_race = state == "23505" || state == "42P07" || state == "42710" || classify(e) == sql_remedy::retry;
      if (!lost_the_race || attempt == attempts_max)
        throw;
    }
  }
}

int newest_version(pqxx::transaction_base& t) {
  return t.exec("SELECT coalesce(max(version), 0) FROM schema_migrations")[0][0].as<int>();
}

/// Applies the step after the database's version. @returns whether there was one.
bool apply_next(connection& db, std::span<const migration> steps) {
  connection::deadline limit{db, migration_limit};
  pqxx::work t{db.raw()};
  allow_long_statements(t);
  // One node at a time.
  t.exec("SELECT version FROM schema_migrations WHERE version = 0 FOR UPDATE");
  const int at = newest_version(t);
  const int newest = steps.empty() ? 0 : steps.back().version;
  if (at > newest)
    throw std::runtime_error("the database is at schema version " + std::to_string(at) + ", this program knows " +
                             std::to_string(newest) + ": start the newer program that migrated it");
  const auto next = std::find_if(steps.begin(), steps.end(), [&](const migration& m) { return m.version > at; });
  if (next == steps.end())
    return false;
  try {
    t.exec(std::string{next->sql});
  } catch (const std::exception& e) {
    if (classify(e) != sql_remedy::refused)
      throw;
    throw std::runtime_error("migration " + std::to_string(next->version) + " (" + std::string{next->name} +
                             ") was refused: " + describe(e));
  }
  pgx::query(t, "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", next->version, next->name);
  t.commit();
  return true;
}

} // namespace

int migrated_to(connection& db) {
  connection::deadline limit{db};
  pqxx::work t{db.raw()};
  return is_prepared(t) ? newest_version(t) : 0;
}

int migrate(connection& db, std::span<const migration> steps) {
  prepare_database(db);
  int applied = 0;
  for (int attempt = 1;;) {
    try {
      if (!apply_next(db, steps))
        return applied;
      ++applied;
      attempt = 1;
    } catch (const std::exception& e) {
      if (dynamic_cast<const pqxx::failure*>(&e) == nullptr || classify(e) != sql_remedy::retry || attempt++ == attempts_max)
        throw;
    }
  }
}

} // namespace ingot::storage

#include "storage/migrations.hpp"

#include "tests/storage/refusal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <array>

#include <sys/wait.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

// The second and third fail when they are applied twice.
constexpr std::array<migration, 3> three{{
    {1, "first", "CREATE TABLE a (n int); INSERT INTO a VALUES (0);"},
    {2, "second", "-- several statements\nUPDATE a SET n = n + 1; SELECT pg_sleep(0.05); CREATE TABLE b ();"},
    {3, "third", "CREATE TABLE c (text text DEFAULT 'a;b')"},
}};

constexpr std::array<migration, 3> third_is_wrong{{three[0], three[1], {3, "wrong", "CREATE TABLE c (); SELECT 'hunter2'::int"}}};

} // namespace

TEST_CASE("migrations are applied in order, once each") {
  testing::database db{testing::database::content::empty};
  auto c = db.connect();
  CHECK(migrated_to(*c) == 0);
  CHECK(migrate(*c, std::span{three}.first(1)) == 1);
  CHECK(migrated_to(*c) == 1);
  CHECK(migrate(*c, three) == 2);
  CHECK(migrate(*c, three) == 0);
  CHECK(migrated_to(*c) == 3);
  CHECK(db.sql("SELECT string_agg(version || name, ' ' ORDER BY version) FROM schema_migrations WHERE version > 0") ==
        "1first 2second 3third");
  CHECK(db.sql("SELECT n FROM a") == "1");
}

TEST_CASE("every migration of this program applies to an empty database") {
  testing::database db{testing::database::content::empty};
  auto c = db.connect();
  CHECK(migrate(*c) == static_cast<int>(all_migrations().size()));
  CHECK(migrated_to(*c) == static_cast<int>(all_migrations().size()));
  int expected = 0;
  for (const auto& m : all_migrations())
    CHECK(m.version == ++expected);
}

TEST_CASE("a migration that the database refuses leaves nothing of itself, and what came before works") {
  testing::database db{testing::database::content::empty};
  auto c = db.connect();
  const auto told = testing::refusal([&] { migrate(*c, third_is_wrong); });
  CHECK(told == "migration 3 (wrong) was refused: 22P02: invalid input syntax for type integer: \"…\"");
  CHECK(migrated_to(*c) == 2);
  CHECK(db.sql("SELECT to_regclass('c')") == "NULL");
  CHECK(migrate(*c, three) == 1);
}

TEST_CASE("a database that a newer program migrated is refused and left alone") {
  testing::database db{testing::database::content::empty};
  auto c = db.connect();
  migrate(*c, three);
  const auto told = testing::refusal([&] { migrate(*c, std::span{three}.first(2)); });
  CHECK(told == "the database is at schema version 3, this program knows 2: start the newer program that migrated it");
  CHECK(migrated_to(*c) == 3);
}

TEST_CASE("a step may take longer than a statement of daily work") {
  testing::database db{testing::database::content::empty};
  auto settings = db.settings();
  settings.statement_timeout = milliseconds{40};
  connection c{db.url(), settings};
  CHECK(migrate(c, three) == 3);
  pqxx::work t{c.raw()};
  CHECK(t.exec("SHOW statement_timeout")[0][0].c_str() == std::string{"40ms"});
}

TEST_CASE("nodes that start together apply every migration once") {
  testing::database db{testing::database::content::empty};
  constexpr int nodes = 4;
  std::array<pid_t, nodes> processes{};
  for (auto& p : processes) {
    p = ::fork();
    if (p == 0) {
      try {
        auto c = db.connect();
        migrate(*c, three);
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
  }
  for (auto p : processes) {
    int status = 0;
    REQUIRE(::waitpid(p, &status, 0) == p);
    CHECK(status == 0);
  }
  CHECK(db.sql("SELECT n FROM a") == "1");
  CHECK(db.sql("SELECT count(*) FROM schema_migrations WHERE version > 0") == "3");
}

} // namespace ingot::storage

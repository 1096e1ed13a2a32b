#include "actors/reader.hpp"
#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::test;

namespace {

struct reader_fixture : actor_fixture {
  testing::database db;
  reader_actor aut;
  int runs = 0;
  std::vector<std::string> said;

  reader_fixture() {
    context->open_connection = [this] { return db.connect(); };
    aut = sys.spawn(reader, context, false);
    settle();
  }
  ~reader_fixture() { end(aut); }

  /// Runs one statement and notes its value.
  void ask(const std::string& sql, bool repeatable = true) {
    auto x = query{};
    x.run = [this, sql](storage::connection& c) {
      ++runs;
      auto tx = pqxx::work{c.raw()};
      said.emplace_back(storage::pgx::text(tx.exec(sql)[0][0]));
    };
    x.refuse = [this](const failure& why) { said.emplace_back(to_string(why.code)); };
    x.repeatable = repeatable;
    caf::anon_send(aut, query_atom_v, query_ptr{std::make_shared<const query>(x)});
    settle();
  }
};

} // namespace

TEST_CASE_METHOD(reader_fixture, "a READER keeps its connection from query to query, and takes a new one when it died") {
  ask("SELECT pg_backend_pid()");
  ask("SELECT pg_backend_pid()");
  REQUIRE(said.size() == 2);
  CHECK(said[0] == said[1]);
  db.sql("SELECT pg_terminate_backend(" + said[0] + ", 5000)");
  ask("SELECT pg_backend_pid()");
  REQUIRE(said.size() == 3);
  CHECK(said[2] != said[1]);
  CHECK(runs == 4);
}

TEST_CASE_METHOD(reader_fixture, "law 2: a query that changes something is run once at most") {
  ask("SELECT pg_terminate_backend(pg_backend_pid())", false);
  CHECK(runs == 1);
  CHECK(said == answers{"storage_unavailable"});
  db.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
         "pg_backend_pid()");
  ask("SELECT 'on a fresh connection'", false);
  CHECK(said.back() == "on a fresh connection");
}

TEST_CASE_METHOD(reader_fixture, "law 6: a query that cannot be answered is refused with the reason's code") {
  ask("SELECT 1/0");
  context->open_connection = []() -> std::unique_ptr<storage::connection> { throw pqxx::broken_connection{"gone"}; };
  ask("SELECT 1", false);
  auto x = query{};
  x.run = [](storage::connection&) { throw storage::refused_change{{fault::conflict, "taken", {}}}; };
  x.refuse = [this](const failure& why) { said.emplace_back(to_string(why.code)); };
  context->open_connection = [this] { return db.connect(); };
  caf::anon_send(aut, query_atom_v, query_ptr{std::make_shared<const query>(x)});
  settle();
  CHECK(said == answers{"refused_by_database", "storage_unavailable", "conflict"});
}

TEST_CASE_METHOD(reader_fixture, "maintenance goes round by round while there is more, then waits an hour") {
  auto rounds = 0;
  context->maintain = [&](timestamp) { return ++rounds < 3; };
  const auto maintainer = sys.spawn(reader, context, true);
  settle();
  CHECK(rounds == 1); // and queries come in between
  advance(std::chrono::milliseconds{100});
  CHECK(rounds == 2);
  advance(std::chrono::milliseconds{100});
  CHECK(rounds == 3);
  advance(std::chrono::minutes{59});
  CHECK(rounds == 3);
  advance(std::chrono::minutes{1});
  CHECK(rounds == 4);
  end(maintainer);
}

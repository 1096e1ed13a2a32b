#include "storage/pipeline.hpp"

#include "storage/binary_array.hpp"
#include "storage/session.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <array>
#include <csignal>

namespace ingot::storage {

namespace {

constexpr auto statements = std::to_array<named_statement>({
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"roll_back", "ROLLBACK"},
    {"add", "INSERT INTO numbers SELECT unnest($1::int8[]) RETURNING n"},
    {"all", "SELECT n FROM numbers ORDER BY n"},
    {"backend", "SELECT pg_backend_pid()"},
    {"sleep", "SELECT pg_sleep(60)"},
});

struct pipeline_fixture {
  testing::database db{testing::database::content::empty};

  pipeline_fixture() { db.sql("CREATE TABLE numbers (n bigint PRIMARY KEY)"); }

  static void add(pipeline& to, std::int64_t n, pipeline::reader read = {}) {
    auto ns = int8_array{};
    ns.add(n);
    to.add("add", {ns.parameter()}, std::move(read));
  }

  sql_remedy remedy_of_run(pipeline& x) {
    try {
      x.run();
    } catch (const std::exception& e) {
      return classify(e);
    }
    FAIL("nothing failed");
    return {};
  }
};

} // namespace

TEST_CASE_METHOD(pipeline_fixture, "pipeline: what is queued runs in order, and each reader sees its own rows") {
  auto link = pipeline{db.url(), db.settings(), statements};
  auto seen = std::vector<std::int64_t>{};
  link.add("begin");
  add(link, 1, [&](const answer& rows) { seen.push_back(rows.integer(0, 0)); });
  add(link, 2);
  link.add("all", {}, [&](const answer& rows) { seen.push_back(rows.rows()); });
  link.add("commit");
  link.send();
  CHECK(seen.empty());
  link.run();
  CHECK(seen == std::vector<std::int64_t>{1, 2});
  link.run(); // nothing queued: nothing happens
  CHECK(db.sql("SELECT count(*) FROM numbers") == "2");
}

TEST_CASE_METHOD(pipeline_fixture, "pipeline: after a statement that fails nothing is done, and the session goes on") {
  auto link = pipeline{db.url(), db.settings(), statements};
  auto read = 0;
  link.add("begin");
  add(link, 1, [&](const answer&) { ++read; });
  add(link, 1); // 23505
  add(link, 2);
  link.add("commit");
  try {
    link.run();
    FAIL("nothing failed");
  } catch (const statement_error& e) {
    CHECK(e.sqlstate() == "23505");
    CHECK(describe(e).starts_with("23505: duplicate key"));
    CHECK(classify(e) == sql_remedy::refused);
  }
  CHECK(read == 0);
  link.roll_back();
  CHECK(db.sql("SELECT count(*) FROM numbers") == "0");
  add(link, 3);
  link.run();
  CHECK(db.sql("SELECT n FROM numbers") == "3");
}

TEST_CASE_METHOD(pipeline_fixture, "pipeline: what was queued and never run is rolled back") {
  auto link = pipeline{db.url(), db.settings(), statements};
  auto read = 0;
  link.add("begin");
  add(link, 1, [&](const answer&) { ++read; });
  link.roll_back();
  CHECK(read == 0);
  CHECK(db.sql("SELECT count(*) FROM numbers") == "0");
  link.roll_back(); // outside of a transaction it does no harm
  add(link, 4);
  link.run();
  CHECK(db.sql("SELECT n FROM numbers") == "4");
}

TEST_CASE_METHOD(pipeline_fixture, "pipeline: a backend that is terminated asks for a new connection, now and for ever after") {
  auto link = pipeline{db.url(), db.settings(), statements};
  auto pid = std::int64_t{0};
  link.add("backend", {}, [&](const answer& rows) { pid = rows.integer(0, 0); });
  link.run();
  db.sql("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
  for (auto i = 0; i < 3; ++i) {
    auto failed = false;
    try {
      add(link, 1);
      link.run();
    } catch (const std::exception& e) {
      failed = true;
      CHECK(classify(e) == sql_remedy::reconnect);
    }
    CHECK(failed);
    link.roll_back();
  }
}

TEST_CASE_METHOD(pipeline_fixture,
                 "pipeline: a statement that hangs ends at the statement timeout, a database that hangs at the deadline") {
  auto settings = db.settings();
  settings.statement_timeout = milliseconds{300};
  auto link = pipeline{db.url(), settings, statements};
  {
    const auto limit = link.within_statement_timeout();
    link.add("sleep");
    CHECK(remedy_of_run(link) == sql_remedy::reconnect);
  }
  // One whose server hangs altogether.
  auto other = pipeline{db.url(), settings, statements};
  auto pid = std::int64_t{0};
  other.add("backend", {}, [&](const answer& rows) { pid = rows.integer(0, 0); });
  other.run();
  ::kill(static_cast<pid_t>(pid), SIGSTOP);
  {
    const auto limit = other.within_statement_timeout();
    other.add("all");
    CHECK(remedy_of_run(other) == sql_remedy::reconnect);
  }
  ::kill(static_cast<pid_t>(pid), SIGCONT);
}

TEST_CASE_METHOD(pipeline_fixture, "pipeline: an integer that is none is an error") {
  constexpr auto more =
      std::to_array<named_statement>({{"roll_back", "ROLLBACK"}, {"text", "SELECT 'x', NULL, 9223372036854775807"}});
  auto words = pipeline{db.url(), db.settings(), more};
  auto read = false;
  words.add("text", {}, [&](const answer& rows) {
    read = true;
    CHECK_THROWS_AS(rows.integer(0, 0), std::runtime_error);
    CHECK(rows.is_null(0, 1));
    CHECK(rows.text(0, 1).empty());
    CHECK(rows.integer(0, 2) == 9223372036854775807);
  });
  words.run();
  CHECK(read);
}

TEST_CASE_METHOD(pipeline_fixture, "pipeline: a read-only database and an address that is none are refused like everywhere") {
  db.sql("ALTER DATABASE " + db.name() + " SET default_transaction_read_only = on");
  try {
    pipeline{db.url(), db.settings(), statements};
    FAIL("connected");
  } catch (const std::exception& e) {
    CHECK(classify(e) == sql_remedy::reconnect);
    CHECK(describe(e) == read_only_database);
  }
  CHECK_THROWS_AS((pipeline{"no address", db.settings(), statements}), std::invalid_argument);
  CHECK_THROWS_AS((pipeline{"host=/nowhere dbname=x", db.settings(), statements}), statement_error);
}

} // namespace ingot::storage

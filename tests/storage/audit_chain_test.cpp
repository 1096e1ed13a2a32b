#include "storage/audit_chain.hpp"

#include "storage/audit_log.hpp"
#include "storage/audit_queries.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <atomic>
#include <barrier>
#include <limits>
#include <thread>

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:34:56.789Z");

void append(connection& db, const std::string& subject, const audit_change& change = {}) {
  auto tx = pqxx::work{db.raw()};
  append_audit_line(tx, {"admin", noon, "request-1"}, "key revoked", subject, "a \"reason\"", change);
  tx.commit();
}

/// A chain of so many lines.
void make_chain(connection& db, int lines) {
  for (auto i = 1; i <= lines; ++i)
    append(db, "site " + std::to_string(i), {R"({"b":1,"a":[1.50]})", "null"});
  REQUIRE(seal_audit_lines(db) == static_cast<std::size_t>(lines));
}

std::string damage_of(connection& db, const std::optional<audit::chain_end>& anchor = {}) {
  const auto report = verify_audit(db, anchor);
  return report.damage ? report.damage->what : "whole";
}

} // namespace

TEST_CASE("audit lines are sealed in the order of their ids and read back as they were written") {
  testing::database db;
  auto c = db.connect();
  CHECK(seal_audit_lines(*c) == 0);
  CHECK(damage_of(*c) == "whole");
  make_chain(*c, 3);
  append(*c, "site 4");
  const auto report = verify_audit(*c);
  CHECK_FALSE(report.damage);
  CHECK(report.end.lines == 3);
  CHECK(report.unsealed == 1);
  CHECK(count_unsealed_lines(*c).lines == 1);
  db.sql("UPDATE audit_log SET at = now() - interval '1 hour' WHERE seq IS NULL");
  CHECK(count_unsealed_lines(*c).oldest_seconds >= 3'600);
  db.sql("UPDATE audit_log SET at = '" + to_rfc3339(noon) + "' WHERE seq IS NULL");
  CHECK(seal_audit_lines(*c) == 1);
  CHECK(seal_audit_lines(*c) == 0);
  CHECK(count_unsealed_lines(*c).lines == 0);
  CHECK(count_unsealed_lines(*c).oldest_seconds == 0);
  CHECK(verify_audit(*c, report.end).end.lines == 4);
  CHECK(db.sql("SELECT string_agg(seq::text, ',' ORDER BY id) FROM audit_log") == "1,2,3,4");

  const auto lines = newest_audit_lines(*c, {}, std::numeric_limits<std::int64_t>::max(), 10);
  REQUIRE(lines.size() == 4);
  CHECK(lines[3].at == noon);
  CHECK(lines[3].reason == "a \"reason\"");
  CHECK(lines[3].request_id == "request-1");
  CHECK(lines[3].before == R"({"a": [1.50], "b": 1})");
  CHECK(lines[3].after == "null");
  CHECK(lines[0].before.empty());
  CHECK(lines[3].seq == 1);
  CHECK(lines[3].hash.size() == 64);
}

TEST_CASE("a changed, a removed and an inserted audit line are each found in the database") {
  testing::database db;
  auto c = db.connect();
  make_chain(*c, 5);
  const auto whole = verify_audit(*c).end;
  struct harm {
    std::string sql, undo, found;
  };
  const auto keep = std::string{"CREATE TABLE kept AS SELECT * FROM audit_log; "};
  const auto undo = std::string{"DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept; DROP TABLE kept"};
  for (const auto& x : std::vector<harm>{
           {"UPDATE audit_log SET actor = 'nobody' WHERE seq = 3", undo, "line 3 is not what was sealed: changed"},
           {"UPDATE audit_log SET after = '1' WHERE seq = 5", undo, "line 5 is not what was sealed: changed"},
           {"DELETE FROM audit_log WHERE seq = 2", undo, "line 2 is missing: removed"},
           {"DELETE FROM audit_log WHERE seq = 5", undo,
            "the chain ends with line 4, and its head names line 5: the last ones were removed"},
           {"DELETE FROM audit_log", undo, "the chain ends with line 0, and its head names line 5: the last ones were removed"},
           {"INSERT INTO audit_log (at, actor, action, seq, previous_hash, hash) "
            "SELECT at, actor, action, seq, previous_hash, hash FROM audit_log WHERE seq = 3",
            undo, "line 3 is there more than once: inserted"},
           {"INSERT INTO audit_log (at, actor, action, seq, previous_hash, hash) "
            "SELECT at, actor, action, 6, hash, hash FROM audit_log WHERE seq = 5",
            undo, "line 6 is not what was sealed: changed"},
           {"UPDATE audit_log SET seq = seq + 1 WHERE seq > 3", undo, "line 4 is missing: removed"},
           {"UPDATE audit_chain SET lines = 4, hash = (SELECT hash FROM audit_log WHERE seq = 4)",
            undo + "; UPDATE audit_chain SET lines = 5, hash = (SELECT hash FROM audit_log WHERE seq = 5)",
            "the chain goes on behind its head's line 4: inserted, or the head was changed"},
           {"DELETE FROM audit_chain",
            undo + "; INSERT INTO audit_chain (lines, hash) SELECT seq, hash FROM audit_log WHERE seq = 5",
            "the head of the chain is missing"},
       }) {
    INFO(x.sql);
    db.sql(keep + x.sql);
    CHECK(damage_of(*c) == x.found);
    db.sql(x.undo);
    REQUIRE(damage_of(*c, whole) == "whole");
  }

  // Both the tail and the head: only what was written down elsewhere tells.
  db.sql(
      "DELETE FROM audit_log WHERE seq > 3; UPDATE audit_chain SET lines = 3, hash = (SELECT hash FROM audit_log WHERE seq = 3)");
  CHECK(damage_of(*c) == "whole");
  CHECK(damage_of(*c, whole) == "the chain is shorter than the one that was written down: the last lines were removed");
}

TEST_CASE("a forged audit line does not keep the others from being sealed") {
  testing::database db;
  auto c = db.connect();
  make_chain(*c, 2);
  db.sql("INSERT INTO audit_log (at, actor, action, seq, previous_hash, hash) VALUES (now(), 'x', 'y', 3, '\\x00', '\\x00')");
  append(*c, "site 3");
  CHECK(seal_audit_lines(*c) == 1);
  CHECK(damage_of(*c) == "line 3 does not carry the hash of the line before: one of the two was replaced");
}

TEST_CASE("law 12: several nodes that seal while others write make one chain without a gap") {
  testing::database db;
  constexpr auto writers = 3, lines_each = 120, sealers = 3;
  auto left = std::atomic<int>{writers};
  auto start = std::barrier{writers + sealers};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0; i < writers; ++i)
    threads.emplace_back([&, i] {
      auto c = db.connect();
      start.arrive_and_wait();
      for (auto n = 0; n < lines_each; ++n) {
        // A transaction with an early id that commits late.
        auto tx = pqxx::work{c->raw()};
        append_audit_line(tx, {"admin", noon}, "key revoked", std::to_string(i));
        append_audit_line(tx, {"admin", noon}, "key created", std::to_string(n));
        n % 10 == 3 ? tx.abort() : tx.commit();
      }
      --left;
    });
  for (auto i = 0; i < sealers; ++i)
    threads.emplace_back([&] {
      auto c = db.connect();
      start.arrive_and_wait();
      while (left > 0 || seal_audit_lines(*c) > 0)
        seal_audit_lines(*c);
    });
  for (auto& x : threads)
    x.join();
  auto c = db.connect();
  while (seal_audit_lines(*c) > 0) {
  }
  const auto report = verify_audit(*c);
  CHECK_FALSE(report.damage);
  CHECK(report.unsealed == 0);
  CHECK(report.end.lines == writers * (lines_each - lines_each / 10) * 2);
}

TEST_CASE("more audit lines than one look reads are sealed and verified in pages") {
  testing::database db;
  auto c = db.connect();
  db.sql("INSERT INTO audit_log (at, actor, action) SELECT now(), 'admin', 'n ' || n FROM generate_series(1, 12001) n");
  auto sealed = std::size_t{0};
  while (const auto now = seal_audit_lines(*c)) {
    CHECK(now <= audit_seal_batch);
    sealed += now;
  }
  CHECK(sealed == 12001);
  CHECK(verify_audit(*c).end.lines == 12001);
  db.sql("UPDATE audit_log SET action = 'another' WHERE seq = 11000");
  CHECK(damage_of(*c) == "line 11000 is not what was sealed: changed");
}

TEST_CASE("audit lines are filtered and paged from either end") {
  testing::database db;
  auto c = db.connect();
  for (auto i = 0; i < 6; ++i) {
    auto tx = pqxx::work{c->raw()};
    append_audit_line(tx, {i % 2 == 0 ? "admin" : "user ada", noon + std::chrono::hours{i}},
                      i < 3 ? "key created" : "key revoked", "site " + std::to_string(i % 3));
    tx.commit();
  }
  const auto all = std::numeric_limits<std::int64_t>::max();
  const auto count = [&](const audit_filter& x) { return newest_audit_lines(*c, x, all, 100).size(); };
  CHECK(count({}) == 6);
  CHECK(count({.actor = "user ada"}) == 3);
  CHECK(count({.actor = "user"}) == 0);
  CHECK(count({.actor = "user ada", .action = "key revoked"}) == 2);
  CHECK(count({.subject = "site 1"}) == 2);
  CHECK(count({.since = noon + std::chrono::hours{2}}) == 4);
  CHECK(count({.since = noon + std::chrono::hours{2}, .until = noon + std::chrono::hours{4}}) == 2);
  const auto first = newest_audit_lines(*c, {}, all, 4);
  REQUIRE(first.size() == 4);
  CHECK(newest_audit_lines(*c, {}, first.back().id, 4).size() == 2);
  const auto oldest = oldest_audit_lines(*c, {}, 0, 4);
  CHECK(oldest.front().at == noon);
  CHECK(oldest_audit_lines(*c, {}, oldest.back().id, 4).size() == 2);
}

TEST_CASE("a line that somebody inserts for a time long ago is found, though a node sealed it") {
  testing::database db;
  auto c = db.connect();
  make_chain(*c, 3);
  db.sql(
      "INSERT INTO audit_log (at, actor, action) SELECT at - interval '2 hours', 'admin', 'key created' FROM audit_log LIMIT 1");
  CHECK(seal_audit_lines(*c) == 1);
  CHECK(damage_of(*c).starts_with("line 4 is of 2"));
}

TEST_CASE("no line's time can stop the sealing") {
  testing::database db;
  auto c = db.connect();
  for (const auto* at : {"infinity", "-infinity", "294276-01-01Z", "1969-01-01Z"})
    CHECK_THROWS(db.sql("INSERT INTO audit_log (at, actor, action) VALUES ('" + std::string{at} + "', 'x', 'y')"));
  db.sql("INSERT INTO audit_log (at, actor, action) VALUES ('9999-12-31 23:59:59Z', 'x', 'y')");
  CHECK(seal_audit_lines(*c) == 1);
}

TEST_CASE("law 6: a chain without its head is told from one that another node holds, and lines that nobody seals are counted") {
  testing::database db;
  auto c = db.connect(), other = db.connect();
  make_chain(*c, 1);
  db.sql("INSERT INTO audit_log (at, actor, action) VALUES (now(), 'x', 'y'), (now() - interval '2 minutes', 'x', 'y')");
  CHECK(verify_audit(*c).unsealed == 2);
  CHECK(verify_audit(*c).overdue == 1);
  {
    auto tx = pqxx::work{other->raw()};
    tx.exec("SELECT FROM audit_chain FOR UPDATE");
    CHECK(seal_audit_lines(*c) == 0);
  }
  db.sql("DELETE FROM audit_chain");
  CHECK_THROWS_AS(seal_audit_lines(*c), chain_head_missing);
}

#include "storage/nightly_runs.hpp"

#include "model/contents/sync_order.hpp"
#include "model/mcp/check_order.hpp"
#include "storage/refused_change.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto by = operator_action{"test", *parse_rfc3339("2026-05-01T03:00:00Z")};

/// Follows repositories `o/r1` to `o/rN`, and `other/x`; begins no run.
void follow(const testing::database& db, int count) {
  db.sql("INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, last_commit_sha, last_tree_sha, "
         "last_branch, complete) "
         "SELECT '', 'github', 'o', 'r' || n, n, repeat('a', 40), repeat('b', 40), 'main', TRUE FROM generate_series(1, " +
         std::to_string(count) + ") n");
  db.sql("INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, state) VALUES ('', 'github', 'Other', "
         "'x', 999, 'gone'), "
         "('', 'github', 'o', 'left', 1000, 'removed')");
}

/// Leases the job of a run, as JOBS does.
job_lease lease(const testing::database& db, std::int64_t run) {
  const auto where = " WHERE id = (SELECT job_id FROM nightly_runs WHERE id = " + std::to_string(run) + ")";
  db.sql("UPDATE jobs SET state = 'running', lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'" + where);
  return {std::stoll(db.sql("SELECT id FROM jobs" + where)), db.sql("SELECT lease_token FROM jobs" + where), nightly::run_kind};
}

nightly_result result(std::int64_t id, nightly_result::outcome x) {
  auto out = nightly_result{};
  out.repository_id = id;
  out.came_to = x;
  out.commit = std::string(40, 'a');
  return out;
}

timestamp at(std::string_view text) {
  return parse_rfc3339(text).value();
}

} // namespace

TEST_CASE("a nightly run has an item for each repository that it names, and there is one run at a time") {
  testing::database db;
  auto c = db.connect();
  follow(db, 3);
  const auto first = start_nightly_run(*c, {}, by);
  CHECK(first.begun);
  CHECK(find_nightly_run(*c, first.run_id)->repositories == 4); // the one that is gone too, not the one that was removed
  const auto second = start_nightly_run(*c, {}, by);
  CHECK_FALSE(second.begun);
  CHECK(second.run_id == first.run_id);
  db.sql("UPDATE jobs SET state = 'dead', last_error = 'it fell' WHERE kind = 'nightly_run'");
  const auto dead = *find_nightly_run(*c, first.run_id);
  CHECK(dead.state == "failed");
  CHECK(dead.error == "it fell");
  const auto third = start_nightly_run(*c, {false, "content", {"OTHER/*", "o/R2"}, {}}, by);
  CHECK(third.begun);
  CHECK(find_nightly_run(*c, third.run_id)->repositories == 2);
  CHECK(list_nightly_runs(*c, third.run_id + 1, 10).size() == 2);
  CHECK(list_nightly_runs(*c, third.run_id, 10).size() == 1);
}

TEST_CASE("law 2: what was recorded of a nightly run is not counted again, and nothing without the job's lease") {
  testing::database db;
  auto c = db.connect();
  follow(db, 3);
  const auto run = start_nightly_run(*c, {}, by).run_id;
  const auto job = lease(db, run);
  REQUIRE(nightly_run_of(*c, job)->id == run);
  const auto subjects = next_nightly_subjects(*c, run, 10, {});
  REQUIRE(subjects.size() == 4);
  CHECK(next_nightly_subjects(*c, run, 10, {0}).empty());
  CHECK(subjects[0].known.synced->branch == "main");
  auto moved = result(subjects[1].id, nightly_result::outcome::changed);
  moved.jobs.push_back(contents::job_of({subjects[1].id, contents::urgency::nightly, false, {}}));
  auto renamed = result(subjects[2].id, nightly_result::outcome::changed);
  renamed.known_at = subjects[2].known_at;
  renamed.drift = {"renamed", "archived"};
  renamed.what = contents::description{3, "p", "n", "trunk", false, true};
  const auto all = std::vector<nightly_result>{result(subjects[0].id, nightly_result::outcome::unchanged), moved, renamed};
  auto cost = contents::sync_cost{};
  cost.requests = 1;
  cost.points = 2;
  record_nightly(*c, job, run, all, cost, std::chrono::hours{1});
  auto again = std::vector<nightly_result>{all[0], all[2]};
  record_nightly(*c, job, run, again, {}, std::chrono::hours{1});
  auto seen = *find_nightly_run(*c, run);
  CHECK(seen.unchanged == 1);
  CHECK(seen.changed == 2);
  CHECK(seen.requests == 1);
  CHECK(seen.points == 2);
  CHECK(db.sql("SELECT drift ->> 'renamed' || ' ' || (drift ->> 'archived') FROM nightly_runs") == "1 1");
  CHECK(db.sql("SELECT owner || '/' || name || ' ' || default_branch || ' ' || archived FROM provider_repositories WHERE id = " +
               std::to_string(subjects[2].id)) == "p/n trunk true");
  CHECK(db.sql("SELECT next_check_at > now() + interval '50 minutes' FROM provider_repositories WHERE id = " +
               std::to_string(subjects[0].id)) == "t");
  auto stolen = job;
  stolen.token = "00000000-0000-0000-0000-000000000000";
  CHECK_THROWS(
      record_nightly(*c, stolen, run, {result(subjects[3].id, nightly_result::outcome::unchanged)}, {}, std::chrono::hours{1}));
  CHECK(nightly_remains_of(*c, run).pending == 1);
  CHECK(nightly_remains_of(*c, run).syncs == 1);
}

TEST_CASE("a repository that could not be looked at comes last, and one that is given up is none of a nightly run's") {
  testing::database db;
  auto c = db.connect();
  follow(db, 2);
  const auto run = start_nightly_run(*c, {}, by).run_id;
  const auto job = lease(db, run);
  const auto first = next_nightly_subjects(*c, run, 1, {}).at(0).id;
  auto again = result(first, nightly_result::outcome::again);
  again.known_at = next_nightly_subjects(*c, run, 1, {}).at(0).known_at;
  again.reason = "no answer";
  record_nightly(*c, job, run, {again}, {}, std::chrono::hours{1});
  const auto next = next_nightly_subjects(*c, run, 10, {});
  REQUIRE(next.size() == 3);
  CHECK(next.back().id == first);
  CHECK(next.back().attempts == 1);
  CHECK(db.sql("SELECT last_error FROM provider_repositories WHERE id = " + std::to_string(first)) == "no answer");
  db.sql("UPDATE provider_repositories SET state = 'removed' WHERE id = " + std::to_string(first));
  CHECK(nightly_remains_of(*c, run).pending == 2);
  CHECK(find_nightly_run(*c, run)->unchanged == 1);
}

TEST_CASE("law 4: what a nightly run saw does not overwrite what was told of a repository since") {
  testing::database db;
  auto c = db.connect();
  follow(db, 4);
  const auto run = start_nightly_run(*c, {}, by).run_id;
  const auto job = lease(db, run);
  const auto subjects = next_nightly_subjects(*c, run, 4, {});
  db.sql("UPDATE provider_repositories SET owner = 'newer', updated_at = updated_at + interval '1 microsecond' WHERE id <= " +
         std::to_string(subjects[1].id));
  auto results = std::vector<nightly_result>{};
  for (const auto& x : subjects) {
    results.push_back(result(x.id, nightly_result::outcome::changed));
    results.back().known_at = x.known_at;
  }
  for (const auto i : {0, 2})
    results[i].what = contents::description{std::int64_t{i} + 1, "older", "n", "", true, true};
  for (const auto i : {1, 3}) {
    results[i].becomes = "gone";
    results[i].reason = "it is gone";
  }
  record_nightly(*c, job, run, results, {}, std::chrono::hours{1});
  CHECK(db.sql("SELECT string_agg(owner || ' ' || state || ' ' || is_private, ', ' ORDER BY id) FROM provider_repositories WHERE id "
               "<= " +
               std::to_string(subjects[3].id)) ==
        "newer active false, newer active false, older active true, o gone false");
}

TEST_CASE("a nightly run takes a repository for current only if everything of it is stored, and restores its state") {
  testing::database db;
  auto c = db.connect();
  follow(db, 3);
  db.sql("UPDATE provider_repositories SET next_check_at = now(), default_branch = 'main'; UPDATE provider_repositories SET state = "
         "'gone', state_reason = 'it was gone', last_error = 'x' WHERE name = 'r3'");
  const auto run = start_nightly_run(*c, {}, by).run_id;
  const auto job = lease(db, run);
  const auto subjects = next_nightly_subjects(*c, run, 3, {});
  auto results = std::vector<nightly_result>{};
  for (const auto& x : subjects) {
    results.push_back(result(x.id, nightly_result::outcome::unchanged));
    results.back().known_at = x.known_at;
  }
  results[1].is_current = false;
  results[2].came_to = nightly_result::outcome::changed;
  results[2].becomes = "active";
  record_nightly(*c, job, run, results, {}, std::chrono::hours{1});
  CHECK(db.sql("SELECT string_agg((next_check_at > now() + interval '50 minutes')::text || ' ' || state || ' ' || "
               "COALESCE(state_reason, '-') || COALESCE(last_error, '-'), ', ' ORDER BY id) FROM provider_repositories WHERE owner = 'o' "
               "AND state <> 'removed'") == "true active --, false active --, false active --");
  db.sql("UPDATE provider_repositories SET state = 'suspended'");
  CHECK(next_nightly_subjects(*c, run, 10, {}).empty());
}

TEST_CASE("a nightly run waits for the looks at manifests that it ordered, and counts what they cost") {
  testing::database db;
  auto c = db.connect();
  follow(db, 2);
  const auto run = start_nightly_run(*c, {}, by).run_id;
  const auto job = lease(db, run);
  const auto subjects = next_nightly_subjects(*c, run, 2, {});
  auto both = result(subjects[0].id, nightly_result::outcome::changed);
  both.jobs = {mcp::job_of({subjects[0].id, contents::urgency::nightly, false}),
               contents::job_of({subjects[0].id, contents::urgency::nightly, false, {}})};
  auto look = result(subjects[1].id, nightly_result::outcome::changed);
  look.jobs = {mcp::job_of({subjects[1].id, contents::urgency::nightly, false})};
  record_nightly(*c, job, run, {both, look}, {}, std::chrono::hours{1});
  CHECK(nightly_remains_of(*c, run).syncs == 2);
  db.sql("UPDATE jobs SET state = 'succeeded' WHERE kind = 'content_sync'");
  CHECK(nightly_remains_of(*c, run).syncs == 2);
  db.sql(R"(UPDATE jobs SET state = 'succeeded', result = '{"requests": 3, "not_modified": 2}' WHERE kind = 'manifest_check')");
  CHECK(nightly_remains_of(*c, run).syncs == 0);
  const auto over = finish_nightly(*c, job, run, "succeeded");
  CHECK(over.requests == 6);
  CHECK(over.not_modified == 4);
  CHECK(list_nightly_items(*c, run, "changed", 0, 10).size() == 2);
}

TEST_CASE("the end of a nightly run counts what its syncs cost and which of them failed") {
  testing::database db;
  auto c = db.connect();
  follow(db, 2);
  const auto run = start_nightly_run(*c, {}, by).run_id;
  const auto job = lease(db, run);
  auto results = std::vector<nightly_result>{};
  for (const auto& x : next_nightly_subjects(*c, run, 10, {})) {
    results.push_back(result(x.id, nightly_result::outcome::changed));
    results.back().jobs.push_back(contents::job_of({x.id, contents::urgency::nightly, false, {}}));
  }
  record_nightly(*c, job, run, results, {}, std::chrono::hours{1});
  db.sql("UPDATE jobs SET state = 'succeeded' WHERE kind = 'content_sync'");
  db.sql(
      "UPDATE jobs SET state = 'dead', last_error = 'it fell' WHERE id = (SELECT min(id) FROM jobs WHERE kind = 'content_sync')");
  db.sql("INSERT INTO content_syncs (repository_id, job_id, trigger, branch, commit_sha, tree_sha, requests, points) SELECT "
         "repository_id, job_id, "
         "'nightly', 'main', repeat('a', 40), repeat('b', 40), 3, 1 FROM nightly_items");
  const auto over = finish_nightly(*c, job, run, "succeeded");
  CHECK(over.state == "succeeded");
  CHECK(over.changed == 2);
  CHECK(over.failed == 1);
  CHECK(over.requests == 9);
  const auto failures = list_nightly_items(*c, run, "failed", 0, 10);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].reason == "it fell");
  CHECK_THROWS_AS(cancel_nightly_run(*c, run, by), refused_change);
  CHECK_FALSE(nightly_run_of(*c, job).has_value());
}

TEST_CASE("each time of the schedule has one nightly run, and one that is missed is told of once") {
  testing::database db;
  auto c = db.connect();
  follow(db, 1);
  auto config = nightly_settings{};
  config.alert_url = "https://example.org/alerts";
  const auto monday = at("2026-05-04T03:00:00Z"), tuesday = at("2026-05-05T03:00:00Z");
  // A node that is new has missed nothing.
  CHECK(start_scheduled_night(*c, config, monday, monday + std::chrono::hours{5}) == 0);
  CHECK(start_scheduled_night(*c, config, monday, monday + std::chrono::minutes{5}) == 1);
  CHECK(start_scheduled_night(*c, config, monday, monday + std::chrono::hours{5}) == 0);
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'nightly_alert'") == "0");
  // Monday's goes on when Tuesday's should begin.
  CHECK(start_scheduled_night(*c, config, tuesday, tuesday + std::chrono::minutes{5}) == 0);
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'nightly_alert'") == "0");
  for (auto i = 0; i < 2; ++i)
    CHECK(start_scheduled_night(*c, config, tuesday, tuesday + std::chrono::hours{3}) == 0);
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'nightly_alert' AND payload -> 'data' ->> 'rule' = 'missed'") == "1");
  db.sql("UPDATE nightly_runs SET finished_at = now(), state = 'succeeded'");
  CHECK(start_scheduled_night(*c, config, tuesday, tuesday + std::chrono::hours{4}) == 1);
  CHECK(db.sql("SELECT array_to_string(alerts, ',') FROM nightly_runs ORDER BY id DESC LIMIT 1") == "missed");
}

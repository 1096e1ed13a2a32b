#include "storage/job_queries.hpp"
#include "storage/job_store.hpp"
#include "storage/refused_change.hpp"
#include "storage/write_session.hpp"
#include "tests/storage/switched_off.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <thread>

using namespace ingot;
using namespace ingot::storage;

namespace {

constexpr auto lease = std::chrono::seconds{10};

new_job noop(const std::string& key, int priority = 0, const std::string& kind = "noop") {
  return {.kind = kind, .key = key, .dedupe_key = {}, .payload = "{}", .priority = priority, .body = {}};
}

job_completion done(const claimed_job& x) {
  return {x.lease, job_state::succeeded, "{\"n\": 1}", {}, {}};
}

job_completion tried_in_vain(const claimed_job& x, std::chrono::milliseconds delay = {}) {
  return {x.lease, job_state::pending, {}, "try again", delay};
}

using id_list = std::vector<std::int64_t>;

id_list ids(const std::vector<claimed_job>& jobs) {
  auto out = id_list{};
  for (const auto& x : jobs)
    out.push_back(x.lease.id);
  return out;
}

struct job_fixture {
  testing::database db;
  pipeline session{db.url(), db.settings(), write_statements({job_statements()})};
  std::unique_ptr<job_store> store = open_job_store(db.url(), db.settings());
  std::vector<job_quota> kinds{{"noop", 1'000}};

  job_ids enqueue(const std::vector<new_job>& jobs) {
    auto new_ids = job_ids{};
    enqueue_jobs(session, jobs, [&](const job_ids& x) { new_ids = x; });
    session.run();
    return new_ids;
  }

  std::vector<claimed_job> claim(std::size_t jobs_max = 100) { return store->turn({}, kinds, jobs_max, lease).claimed; }

  job_turn complete(const std::vector<job_completion>& x, std::size_t jobs_max = 0) {
    return store->turn(x, kinds, jobs_max, lease);
  }

  void let_leases_run_out() { db.sql("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE state = 'running'"); }

  /// `key:head`, r for running or w for waiting, and how many are unfinished.
  std::string lanes() {
    return db.sql("SELECT string_agg(key || ':' || job_id || CASE WHEN running THEN 'r' ELSE 'w' END || jobs, ' ' ORDER BY key) "
                  "FROM job_lanes");
  }

  std::string states() { return db.sql("SELECT string_agg(id || ' ' || state, ', ' ORDER BY id) FROM jobs"); }

  std::string refusal_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const refused_change& e) {
      return std::string{to_string(e.why().code)} + ": " + e.what();
    }
    return {};
  }
};

} // namespace

TEST_CASE_METHOD(job_fixture, "law 3: of each key one job runs at a time, in the order in which they were enqueued") {
  CHECK(enqueue({noop("b"), noop("a"), noop("a")}) == job_ids{3, 1, 2}); // each at its place
  CHECK(lanes() == "a:1w2 b:3w1");
  const auto first = claim();
  CHECK(ids(first) == id_list{1, 3});
  CHECK(lanes() == "a:1r2 b:3r1");
  CHECK(claim().empty());
  CHECK(enqueue({noop("b")}) == job_ids{4});
  CHECK(claim().empty());
  const auto turn = complete({done(first[0])}, 10);
  CHECK(turn.left.lost.empty());
  CHECK(ids(turn.claimed) == id_list{2});
  CHECK(ids(complete({done(first[1])}, 10).claimed) == id_list{4});
  CHECK(lanes() == "a:2r1 b:4r1");
}

TEST_CASE_METHOD(job_fixture, "a job brings its payload and body along, and its result is kept") {
  auto x = noop("a");
  x.payload = "{\"x\": [1, \"ä\"]}";
  x.body = std::string{"\0\xff bytes", 8};
  enqueue({x});
  const auto got = claim().at(0);
  CHECK(got.kind == "noop");
  CHECK(got.lease.key == "a");
  CHECK(got.payload == x.payload);
  CHECK(got.body == x.body);
  CHECK(got.attempt == 1);
  complete({done(got)});
  CHECK(db.sql("SELECT state || ' ' || result || ' ' || (finished_at IS NOT NULL) || ' ' || (lease_token IS NULL) FROM jobs") ==
        "succeeded {\"n\": 1} true true");
  CHECK(lanes() == "NULL");
}

TEST_CASE_METHOD(job_fixture, "jobs are claimed by priority, and only the kinds and numbers that were asked for") {
  enqueue({noop("a", 2), noop("b", 0), noop("c", 7), noop("d", 0, "other"), noop("e", 1)});
  CHECK(ids(claim(1)) == id_list{2});
  CHECK(ids(claim(2)) == id_list{5, 1});
  kinds = {{"noop", 1'000}, {"other", 1'000}};
  CHECK(ids(claim(10)) == id_list{4, 3}); // a priority beyond the last counts as the last
  enqueue({noop("f"), noop("g"), noop("h"), noop("i", 0, "other")});
  kinds = {{"noop", 2}, {"other", 1}};
  CHECK(claim(10).size() == 3);
  CHECK(claim(0).empty());
}

TEST_CASE_METHOD(job_fixture, "law 2: a job with a known dedupe key is not enqueued again, whatever became of the first") {
  auto x = noop("a");
  x.dedupe_key = "once";
  const auto first = enqueue({x, x}).at(0);
  CHECK(lanes() == "a:" + std::to_string(first) + "w1");
  const auto more = enqueue({noop("c"), x, noop("b")});
  REQUIRE(more.size() == 3);
  CHECK(more[1] == first);
  CHECK(more[0] > more[2]);
  db.sql("DELETE FROM jobs WHERE key <> 'a'; DELETE FROM job_lanes WHERE key <> 'a'");
  complete({done(claim().at(0))});
  CHECK(enqueue({x, x}) == job_ids{first, first});
  CHECK(lanes() == "NULL");
}

TEST_CASE_METHOD(job_fixture, "law 3: a job that waits for its next attempt holds up its own key and no other") {
  enqueue({noop("a"), noop("a"), noop("b")});
  auto first = claim();
  complete({tried_in_vain(first[0], std::chrono::hours{1}), done(first[1])});
  CHECK(lanes() == "a:1w2");
  CHECK(claim().empty());
  enqueue({noop("b")});
  CHECK(claim().size() == 1);
  db.sql("UPDATE jobs SET run_at = now() WHERE id = 1; UPDATE job_lanes SET run_at = now()");
  const auto again = claim();
  REQUIRE(ids(again) == id_list{1});
  CHECK(again[0].attempt == 2);
}

TEST_CASE_METHOD(job_fixture, "law 6: failed attempts stay in the history with their reasons, the newest twenty") {
  enqueue({noop("a"), noop("a")});
  for (auto i = 1; i <= 25; ++i)
    complete({tried_in_vain(claim().at(0))});
  CHECK(db.sql("SELECT jsonb_array_length(history) FROM jobs WHERE id = 1") == "20");
  CHECK(db.sql("SELECT history->0->>'attempt' || ' ' || (history->19->>'attempt') || ' ' || (history->19->>'error') "
               "FROM jobs WHERE id = 1") == "6 25 try again");
  CHECK(db.sql("SELECT (history->19->>'at')::timestamptz BETWEEN now() - interval '1 minute' AND now() FROM jobs WHERE id = 1") ==
        "t");
  auto dead = job_completion{claim().at(0).lease, job_state::dead, {}, "it never works", {}};
  CHECK(ids(complete({dead}, 10).claimed) == id_list{2});
  CHECK(db.sql("SELECT state || ' ' || last_error FROM jobs WHERE id = 1") == "dead it never works");
  CHECK(lanes() == "a:2r1");
}

TEST_CASE_METHOD(job_fixture,
                 "law 2: a lease that ran out is another's: the job runs again, and the late completion is refused") {
  enqueue({noop("a"), noop("a")});
  const auto late = claim().at(0);
  let_leases_run_out();
  auto other = open_job_store(db.url(), db.settings());
  const auto turn = other->turn({}, kinds, 10, lease);
  REQUIRE(ids(turn.claimed) == id_list{1});
  CHECK(turn.claimed[0].attempt == 2);
  CHECK(turn.claimed[0].lease.token != late.lease.token);
  CHECK(complete({done(late)}, 10).left.lost == job_ids{1});
  CHECK(states() == "1 running, 2 pending");
  CHECK(lanes() == "a:1r2");
  CHECK(other->turn(std::vector{done(turn.claimed[0])}, kinds, 0, lease).left.lost.empty());
  CHECK(db.sql("SELECT history->0->>'error' FROM jobs WHERE id = 1") == "its lease ran out");
  CHECK(complete({done(late)}).left.lost == job_ids{1}); // and when it is over, too
  CHECK(states() == "1 succeeded, 2 pending");
}

TEST_CASE_METHOD(job_fixture, "a renewed lease does not run out, and one that is lost is not renewed") {
  enqueue({noop("a")});
  const auto mine = claim().at(0);
  let_leases_run_out();
  store->renew(std::vector{mine.lease}, lease);
  CHECK(claim().empty());
  let_leases_run_out();
  const auto taken = claim().at(0);
  db.sql("UPDATE jobs SET lease_until = now()");
  store->renew(std::vector{mine.lease}, lease);
  CHECK(db.sql("SELECT lease_until <= now() FROM jobs") == "t");
  store->renew(std::vector{taken.lease}, lease);
  CHECK(db.sql("SELECT lease_until > now() FROM jobs") == "t");
}

TEST_CASE_METHOD(job_fixture, "jobs that are given back are pending again, and the attempt does not count") {
  enqueue({noop("a"), noop("a")});
  store->release(std::vector{claim().at(0).lease});
  CHECK(lanes() == "a:1w2");
  const auto again = claim();
  REQUIRE(ids(again) == id_list{1});
  CHECK(again[0].attempt == 1);
  CHECK(db.sql("SELECT history FROM jobs WHERE id = 1") == "[]");
}

TEST_CASE_METHOD(job_fixture, "law 3: giving jobs back waits for none that its handler is completing") {
  enqueue({noop("a"), noop("b")});
  const auto both = claim(2);
  session.add("begin");
  fence_job(session, both.at(0).lease);
  session.run();
  store->release(std::vector{both[0].lease, both[1].lease});
  CHECK(states() == "1 running, 2 pending");
  complete_jobs(session, std::vector{done(both[0])});
  session.add("commit");
  session.run();
  CHECK(states() == "1 succeeded, 2 pending");
}

TEST_CASE_METHOD(job_fixture, "law 2: a job is completed in the transaction of its effect, or nothing of the effect is applied") {
  db.sql("CREATE TABLE effects (n int)");
  const auto effects = std::to_array<named_statement>({{"effect", "INSERT INTO effects VALUES (1)"}});
  auto handler = pipeline{db.url(), db.settings(), write_statements({job_statements(), effects})};
  enqueue({noop("a"), noop("a")});
  const auto apply = [&](const claimed_job& x) {
    handler.add("begin");
    fence_job(handler, x.lease);
    handler.add("effect");
    complete_jobs(handler, std::vector{done(x)});
    handler.add("commit");
    try {
      handler.run();
    } catch (const statement_error& e) {
      handler.roll_back();
      return e.sqlstate();
    }
    return std::string{"applied"};
  };
  const auto late = claim().at(0);
  let_leases_run_out();
  const auto mine = claim().at(0);
  CHECK(apply(late) == job_lost);
  CHECK(db.sql("SELECT count(*) FROM effects") == "0");
  CHECK(apply(mine) == "applied");
  CHECK(apply(mine) == job_lost);
  CHECK(db.sql("SELECT count(*) FROM effects") == "1");
  CHECK(states() == "1 succeeded, 2 pending");
  CHECK(lanes() == "a:2w1");
}

TEST_CASE_METHOD(job_fixture, "test switches: without fencing an attempt that lost its lease writes and ends the job") {
  const testing::switched_off off{"fencing"};
  if (!off)
    return;
  auto node = open_job_store(db.url(), db.settings());
  auto handler = pipeline{db.url(), db.settings(), write_statements({job_statements()})};
  enqueue({noop("a")});
  const auto late = claim().at(0);
  let_leases_run_out();
  REQUIRE(claim().at(0).lease.token != late.lease.token);
  handler.add("begin");
  fence_job(handler, late.lease);
  handler.add("commit");
  handler.run();
  auto outside = pqxx::connection{db.url()};
  auto tx = pqxx::work{outside};
  fence_job(tx, late.lease);
  tx.commit();
  CHECK(node->turn(std::vector{done(late)}, kinds, 0, lease).left.lost.empty());
  CHECK(states() == "1 succeeded");
}

TEST_CASE_METHOD(job_fixture, "a job whose completion is under way is neither taken over nor waited for") {
  enqueue({noop("a"), noop("b")});
  const auto mine = claim();
  let_leases_run_out();
  session.add("begin");
  fence_job(session, mine[0].lease);
  session.run();
  store->renew(std::vector{mine[0].lease}, lease);
  CHECK(ids(claim()) == id_list{2});
  session.add("commit");
  session.run();
  CHECK(ids(claim()) == id_list{1});
}

TEST_CASE_METHOD(job_fixture, "law 3: whoever enqueues while the last job of the key is completed is not forgotten") {
  enqueue({noop("a")});
  const auto last = claim().at(0);
  auto handler = pipeline{db.url(), db.settings(), write_statements({job_statements()})};
  // The enqueuer was first, and has not committed: the completion waits for it, then sees its job.
  session.add("begin");
  enqueue_jobs(session, std::vector{noop("a")});
  session.run();
  auto waits = std::async(std::launch::async, [&] {
    handler.add("begin");
    complete_jobs(handler, std::vector{done(last)});
    handler.add("commit");
    handler.run();
  });
  while (db.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == "0")
    std::this_thread::yield();
  session.add("commit");
  session.run();
  waits.get();
  CHECK(lanes() == "a:2w1");
}

TEST_CASE_METHOD(job_fixture, "a lane that another transaction holds keeps nothing waiting: its job is completed later") {
  enqueue({noop("a"), noop("b"), noop("c")});
  const auto both = claim(2);
  session.add("begin");
  enqueue_jobs(session, std::vector{noop("a")});
  session.run();
  const auto turn = complete({done(both[0]), done(both[1])}, 10);
  CHECK(turn.left.held_up == job_ids{1});
  CHECK(turn.left.lost.empty());
  CHECK(ids(turn.claimed) == id_list{3});
  CHECK(states() == "1 running, 2 succeeded, 3 running");
  store->release(std::vector{both[0].lease});
  CHECK(states() == "1 running, 2 succeeded, 3 running");
  session.add("commit");
  session.run();
  const auto later = complete({done(both[0])}, 10);
  CHECK(later.left.held_up.empty());
  CHECK(ids(later.claimed) == id_list{4});
}

TEST_CASE_METHOD(job_fixture, "a kind gets no more than its share, whatever the priorities and however many leases ran out") {
  enqueue({noop("a", 0), noop("b", 1), noop("c", 2), noop("d", 3), noop("e", 0), noop("f", 0, "other")});
  kinds = {{"noop", 2}};
  CHECK(ids(claim(100)) == id_list{1, 5});
  let_leases_run_out();
  kinds = {{"noop", 3}, {"other", 3}};
  CHECK(ids(claim(100)) == id_list{1, 5, 6, 2}); // those whose lease ran out among them
}

TEST_CASE_METHOD(job_fixture, "a job's body is given up with its success, not with a failure") {
  auto x = noop("a");
  x.body = "large";
  auto y = x;
  y.key = "b";
  enqueue({x, y});
  const auto both = claim();
  complete({done(both[0]), {both[1].lease, job_state::dead, {}, "x", {}}});
  CHECK(db.sql("SELECT string_agg(key || ' ' || COALESCE(body::text, 'NULL'), ', ' ORDER BY key) FROM jobs") ==
        "a NULL, b \\x6c61726765");
}

TEST_CASE_METHOD(job_fixture, "law 2: a job that is tried again while finished ones are forgotten stays") {
  enqueue({noop("a")});
  complete({{claim().at(0).lease, job_state::dead, {}, "x", {}}});
  db.sql("UPDATE jobs SET finished_at = now() - interval '100 days'");
  auto by_operator = db.connect();
  auto tx = pqxx::work{by_operator->raw()};
  tx.exec("UPDATE jobs SET state = 'pending', finished_at = NULL");
  auto forgets = std::async(std::launch::async, [&] {
    auto link = db.connect();
    forget_jobs(*link, std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()), {});
  });
  while (db.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == "0")
    std::this_thread::yield();
  tx.commit();
  forgets.get();
  CHECK(states() == "1 pending");
}

TEST_CASE_METHOD(job_fixture, "law 3: a lane whose head was deleted by hand goes on with the next job, or ends") {
  enqueue({noop("a"), noop("a"), noop("b")});
  claim(1);
  db.sql("DELETE FROM jobs WHERE id IN (1, 3)");
  auto link = db.connect();
  forget_jobs(*link, timestamp{}, {});
  CHECK(lanes() == "a:2w1");
  CHECK(ids(claim()) == id_list{2});
}

TEST_CASE_METHOD(job_fixture, "law 3: whoever enqueues behind a completion that ends the lane gets a new one") {
  enqueue({noop("a")});
  const auto last = claim().at(0);
  auto other = pipeline{db.url(), db.settings(), write_statements({job_statements()})};
  session.add("begin");
  complete_jobs(session, std::vector{done(last)});
  session.run();
  auto waits = std::async(std::launch::async, [&] {
    enqueue_jobs(other, std::vector{noop("a")});
    other.run();
  });
  while (db.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == "0")
    std::this_thread::yield();
  session.add("commit");
  session.run();
  waits.get();
  CHECK(lanes() == "a:2w1");
  CHECK(ids(claim()) == id_list{2});
}

TEST_CASE_METHOD(job_fixture, "law 3: nodes that claim, complete and enqueue at once never run two of one key, and lose none") {
  constexpr auto nodes = 4, keys = 5, jobs_each = 60;
  auto running = std::array<std::atomic<int>, keys>{};
  auto last_of = std::array<std::array<std::atomic<std::int64_t>, keys>, nodes>{}; // of each enqueuer and key
  auto overlaps = std::atomic<int>{0}, disorders = std::atomic<int>{0}, completed = std::atomic<int>{0};
  const auto work = [&](int number) {
    auto own = open_job_store(db.url(), db.settings());
    auto enqueuer = pipeline{db.url(), db.settings(), write_statements({job_statements()})};
    auto finished = std::vector<job_completion>{}, held_up = std::vector<job_completion>{};
    for (auto i = 0; completed < nodes * jobs_each; ++i) {
      if (i < jobs_each) {
        auto x = noop(std::to_string(i % keys));
        x.body = std::to_string(number);
        enqueue_jobs(enqueuer, std::vector{x});
        enqueuer.run();
      }
      for (const auto& x : finished)
        --running[static_cast<std::size_t>(std::stoi(x.lease.key))];
      finished.insert(finished.end(), held_up.begin(), held_up.end());
      const auto turn = own->turn(finished, kinds, 3, lease);
      completed += static_cast<int>(finished.size() - turn.left.held_up.size());
      held_up.clear();
      for (const auto& x : finished)
        if (std::count(turn.left.held_up.begin(), turn.left.held_up.end(), x.lease.id) > 0)
          held_up.push_back(x);
      finished.clear();
      for (const auto& x : turn.claimed) {
        const auto key = static_cast<std::size_t>(std::stoi(x.lease.key));
        overlaps += running[key]++ > 0;
        disorders += last_of[static_cast<std::size_t>(std::stoi(x.body))][key].exchange(x.lease.id) > x.lease.id;
        finished.push_back(done(x));
      }
    }
  };
  auto threads = std::vector<std::future<void>>{};
  for (auto i = 0; i < nodes; ++i)
    threads.push_back(std::async(std::launch::async, work, i));
  for (auto& x : threads)
    x.get();
  CHECK(overlaps == 0);
  CHECK(disorders == 0);
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE state = 'succeeded' AND attempts = 1") == std::to_string(nodes * jobs_each));
  CHECK(lanes() == "NULL");
}

TEST_CASE_METHOD(job_fixture, "law 5: a claim reads as many pages whether a thousand jobs wait or two hundred thousand") {
  const auto pages_read = [&](int waiting) {
    db.sql("TRUNCATE jobs, job_lanes");
    db.sql("INSERT INTO jobs (id, kind, key) SELECT n, 'noop', 'k' || n FROM generate_series(1, " + std::to_string(waiting) +
           ") n; INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) "
           "SELECT key, id, kind, priority, run_at, 1 FROM jobs");
    db.sql("VACUUM ANALYZE jobs");
    db.sql("VACUUM ANALYZE job_lanes");
    auto sql = std::string{};
    for (const auto& [name, text] : job_statements())
      if (std::string_view{name} == "claim_jobs")
        sql = text;
    const auto link = db.connect();
    auto tx = pqxx::work{link->raw()};
    for (const auto* x :
         {"plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off"})
      tx.exec(std::string{"SET LOCAL "} + x);
    tx.exec("PREPARE claim AS " + sql);
    const auto run = "EXECUTE claim ('{noop,site_sync}', '{64,64}', '{64}', '{10000}')";
    tx.exec(run);
    const auto plan = tx.exec("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + std::string{run})[0][0].as<std::string>();
    tx.abort();
    CHECK(plan.find("\"Node Type\": \"Seq Scan\"") == std::string::npos);
    const auto number_after = [&](const std::string& name) { return std::stol(plan.substr(plan.find(name) + name.size())); };
    return number_after("\"Shared Hit Blocks\": ") + number_after("\"Shared Read Blocks\": ");
  };
  const auto few = pages_read(1'000), many = pages_read(200'000);
  INFO(few << " pages, then " << many);
  CHECK(few > 64);
  CHECK(many < few * 2); // an index is a level deeper
}

TEST_CASE_METHOD(job_fixture, "an operator's retry lets a dead job run again, and its audit line says so") {
  enqueue({noop("a"), noop("a")});
  const auto first = claim().at(0);
  complete({{first.lease, job_state::failed, {}, "refused", {}}});
  auto link = db.connect();
  const auto by = operator_action{"admin", timestamp{}};
  CHECK(refusal_of([&] { retry_job(*link, 2, by); }) ==
        "conflict: job 2 is pending; only failed and dead ones can be tried again");
  CHECK(refusal_of([&] { retry_job(*link, 9, by); }) == "not_found: there is no job 9");
  CHECK(retry_job(*link, 1, by).state == "pending");
  CHECK(lanes() == "a:2w2");
  CHECK(db.sql("SELECT actor || ' ' || action || ' ' || subject FROM audit_log") == "admin job retried job 1 (noop of a)");
  const auto second = claim().at(0);
  CHECK(second.lease.id == 2);
  const auto again = complete({done(second)}, 10).claimed;
  REQUIRE(ids(again) == id_list{1});
  CHECK(again[0].attempt == 1);
  complete({{again[0].lease, job_state::dead, {}, "again", {}}});
  CHECK(lanes() == "NULL");
  retry_job(*link, 1, by);
  CHECK(lanes() == "a:1w1");
  CHECK(ids(claim()) == id_list{1});
}

TEST_CASE_METHOD(job_fixture, "an operator buries a pending job, the head of its key or not, and the others go on") {
  enqueue({noop("a"), noop("a"), noop("a")});
  auto link = db.connect();
  const auto by = operator_action{"command line", timestamp{}};
  CHECK(bury_job(*link, 2, by).state == "dead");
  CHECK(lanes() == "a:1w2");
  bury_job(*link, 1, by);
  CHECK(lanes() == "a:3w1");
  const auto third = claim().at(0);
  CHECK(refusal_of([&] { bury_job(*link, 3, by); }) == "conflict: job 3 is running; only pending ones can be buried");
  CHECK(find_job(*link, 1)->last_error == "buried by an operator (command line)");
  complete({done(third)});
  CHECK(lanes() == "NULL");
  CHECK(states() == "1 dead, 2 dead, 3 succeeded");
}

TEST_CASE_METHOD(job_fixture, "jobs are listed from the newest, narrowed by state, kind and key, a page at a time") {
  enqueue({noop("a"), noop("b"), noop("c", 0, "other")});
  complete({done(claim(1).at(0))});
  auto link = db.connect();
  const auto listed = [&](const job_filter& filter) {
    auto out = id_list{};
    for (const auto& x : list_jobs(*link, filter, 10, std::nullopt).items)
      out.push_back(x.id);
    return out;
  };
  CHECK(listed({}) == id_list{3, 2, 1});
  CHECK(listed({"succeeded", "", ""}) == id_list{1});
  CHECK(listed({"", "other", ""}) == id_list{3});
  CHECK(listed({"pending", "", "b"}) == id_list{2});
  const auto page = list_jobs(*link, {}, 2, std::nullopt);
  REQUIRE(page.next == 2);
  CHECK(list_jobs(*link, {}, 2, page.next).items.at(0).id == 1);
  CHECK_FALSE(list_jobs(*link, {}, 2, page.next).next);
}

TEST_CASE_METHOD(job_fixture, "the counts of jobs tell states, and how long a job of the known kinds has been due") {
  enqueue({noop("a"), noop("a"), noop("b"), noop("c"), noop("d", 0, "unknown")});
  const auto three = claim();
  complete({{three[1].lease, job_state::dead, {}, "x", {}}, {three[2].lease, job_state::failed, {}, "x", {}}});
  db.sql("UPDATE job_lanes SET run_at = now() - interval '1 day' WHERE key = 'd'");
  auto link = db.connect();
  auto counted = count_jobs(*link, {"noop"});
  CHECK(counted.pending == 2);
  CHECK(counted.running == 1);
  CHECK(counted.dead == 1);
  CHECK(counted.failed == 1);
  CHECK(counted.oldest_due_seconds == 0); // `a` runs, `d` is not of these kinds
  CHECK(count_jobs(*link, {"noop", "unknown"}).oldest_due_seconds > 86'000);
}

TEST_CASE_METHOD(job_fixture, "finished jobs are forgotten after their retention, unfinished ones never") {
  enqueue({noop("a"), noop("b"), noop("c"), noop("d")});
  const auto all = claim(3);
  complete({done(all[0]), {all[1].lease, job_state::dead, {}, "x", {}}});
  const auto in_days = [](int n) {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()) + std::chrono::hours{24} * n;
  };
  auto link = db.connect();
  CHECK(forget_jobs(*link, in_days(6), {}) == 0);
  CHECK(forget_jobs(*link, in_days(8), {}) == 1);
  CHECK(states() == "2 dead, 3 running, 4 pending");
  CHECK(forget_jobs(*link, in_days(91), {}) == 1);
  CHECK(states() == "3 running, 4 pending");
}

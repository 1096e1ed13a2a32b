#include "storage/rollup.hpp"

#include "model/rollup/order.hpp"
#include "storage/connection.hpp"
#include "storage/metric_days.hpp"
#include "storage/rollup_runs.hpp"
#include "tests/storage/rollup_events.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <thread>

using namespace ingot;
using namespace ingot::testing;
using std::chrono::days;
using std::chrono::hours;

namespace {

/// Events of two weeks: few rules and viewers, so that caps and ties are met.
std::vector<rollup_event> random_events(unsigned seed, int count, std::chrono::sys_days last, int span_days = 14) {
  auto chance = std::mt19937{seed};
  const auto below = [&](int n) { return std::uniform_int_distribution{0, n - 1}(chance); };
  const auto types =
      std::vector<std::string>{"VIEW", "VIEW", "VIEW", "VIEW", "COPY", "SAVE", "UNSAVE", "FORK", "VOTE", "UNVOTE", "COMMENT"};
  auto out = std::vector<rollup_event>{};
  for (auto i = 0; i < count; ++i) {
    const auto second = std::chrono::seconds{below(10) == 0 ? 86'399 * below(2) : below(86'400)}; // the edges, too
    out.push_back({timestamp{last - days{below(span_days)}} + second, below(6), "rule" + std::to_string(below(130)),
                   types[static_cast<std::size_t>(below(static_cast<int>(types.size())))]});
  }
  return out;
}

const auto last_day = std::chrono::sys_days{std::chrono::year{2024} / 5 / 20};

/// Where each row of the metrics is, and by whom it was written.
std::string rows_as_they_lie(const database& db) {
  return db.sql("SELECT md5(string_agg(x, '|' ORDER BY x)) FROM ("
                "SELECT concat_ws(' ', xmin, ctid, date, rule_id) AS x FROM rule_metric_daily UNION ALL "
                "SELECT concat_ws(' ', xmin, ctid, date, author_user_id) FROM author_metric_daily UNION ALL "
                "SELECT concat_ws(' ', xmin, ctid, rule_id) FROM rule_metric_totals UNION ALL "
                "SELECT concat_ws(' ', xmin, ctid, period, date) FROM leaderboard_snapshots) x");
}

struct random_rollups : rollup_database {
  random_rollups() {
    for (auto i = 0; i < 100; ++i) // the rules behind it have no author
      author("rule" + std::to_string(i), "author" + std::to_string(i % 7));
  }
};

} // namespace

TEST_CASE_METHOD(random_rollups, "a rollup finds what a plain loop over all events finds, over days and late events") {
  const auto seed = GENERATE(1u, 2u, 3u);
  config.rollup.views_per_day_max = 3;
  add(random_events(seed, 6'000, last_day));
  roll({last_day, 7});
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
  add(random_events(seed + 100, 40, last_day - days{9}, 3)); // late
  roll({last_day, 7});
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
}

TEST_CASE_METHOD(random_rollups, "law 2: the same rollup again writes no row, asked for by force or not") {
  add(random_events(7, 3'000, last_day));
  roll({last_day, 7});
  const auto before = rows_as_they_lie(db);
  const auto again = roll({last_day, 7});
  CHECK(again.days_counted == 0);
  CHECK(again.days_scored == 0);
  CHECK(rows_as_they_lie(db) == before);
  const auto forced = roll({.date = last_day, .days = 7, .force = true});
  CHECK(forced.days_counted == 7);
  CHECK(forced.rule_rows_written + forced.author_rows_written + forced.leaderboards_written == 0);
  CHECK(rows_as_they_lie(db) == before);
}

TEST_CASE_METHOD(random_rollups, "days whose events did not change are not counted again") {
  add(random_events(8, 2'000, last_day));
  CHECK(roll({last_day - days{1}, 7}).days_counted == 13);
  const auto next = roll({last_day, 7});
  CHECK(next.days_counted == 1);
  CHECK(next.days_scored == 1);
  check(last_day);
  add({{timestamp{last_day - days{3}} + hours{5}, 1, "rule1", "COPY"}});
  const auto mended = roll({last_day, 7});
  CHECK(mended.days_counted == 1);
  CHECK(mended.days_scored == 4); // its own, and those whose window holds it
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
}

TEST_CASE_METHOD(random_rollups, "rollups of dates in any order end in the rows of one") {
  add(random_events(9, 2'000, last_day));
  for (const auto back : {5, 0, 9, 2, 0})
    roll({last_day - days{back}, 7});
  add(random_events(10, 50, last_day));
  for (const auto back : {8, 3, 0})
    roll({last_day - days{back}, 7});
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
}

TEST_CASE_METHOD(random_rollups,
                 "what a rollup of a past date counts comes to the leaderboards of later dates with the next one") {
  add(random_events(17, 2'000, last_day));
  roll({last_day, 7});
  add(std::vector<rollup_event>(99, {timestamp{last_day - days{25}} + hours{1}, 1, "late", "COPY"}));
  roll({last_day - days{10}, 7}); // takes the day, and is not to write what is behind its date
  roll({last_day, 7});
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
}

TEST_CASE_METHOD(random_rollups, "a window of another length is computed anew for the days of the window, and for no others") {
  add(random_events(11, 2'000, last_day));
  roll({last_day, 7});
  roll({last_day, 3});
  for (auto d = last_day - days{2}; d <= last_day; d += days{1})
    check(d, 3);
  check(last_day - days{3}, 7);
  roll({last_day, 7});
  check(last_day, 7);
  config.rollup.fork_weight = 2.5;
  config.rollup.decay = 0.75;
  roll({last_day, 7});
  check(last_day, 7);
}

TEST_CASE_METHOD(random_rollups, "a dry run answers what the rollup then does, and writes nothing") {
  add(random_events(12, 2'000, last_day));
  roll({last_day - days{4}, 7});
  add(random_events(13, 30, last_day - days{6}));
  const auto state = [&] {
    return rows_as_they_lie(db) + db.sql("SELECT string_agg(m::text, ' ' ORDER BY day) FROM metric_days m") +
           db.sql("SELECT count(*) FROM rollup_runs") + db.sql("SELECT count(*) FROM jobs");
  };
  const auto before = state();
  const auto dry = preview({last_day, 7});
  CHECK(state() == before);
  CHECK(dry.rule_rows_written > 0);
  CHECK(counts_json(dry) == counts_json(roll({last_day, 7})));
}

TEST_CASE_METHOD(rollup_database, "a rollup of a single day does not read the counts of all days") {
  db.sql(
      "INSERT INTO rule_metric_daily (date, rule_id, views, copies, saves, forks, votes, score, events) "
      "SELECT d, 'rule' || r, 0, 1, 0, 0, 0, 0.3, 1 FROM generate_series('2023-01-01'::date, '2024-05-19', interval '1 day') d, "
      "generate_series(1, 200) r; ANALYZE rule_metric_daily");
  const auto scans = [&](const std::string& of) {
    return db.sql("SELECT " + of + " FROM pg_stat_user_tables WHERE relname = 'rule_metric_daily'");
  };
  const auto by_index = scans("idx_scan"), whole = scans("seq_scan");
  add({{timestamp{last_day} + hours{1}, 1, "rule1", "COPY"}});
  CHECK(roll({last_day, 7}).days_counted == 1);
  while (scans("idx_scan") == by_index) // a session tells of its scans in order, at its end
    std::this_thread::yield();
  CHECK(scans("seq_scan") == whole);
}

TEST_CASE_METHOD(rollup_database, "views of one address and rule count up to the cap a day, and days end at midnight UTC") {
  auto many = std::vector<rollup_event>{};
  for (auto i = 0; i < 9; ++i)
    many.push_back({at("2024-05-19T23:59:59.999999Z"), 1, "a", "VIEW"});
  many.push_back({at("2024-05-20T00:00:00Z"), 1, "a", "VIEW"});
  many.push_back({at("2024-05-19T12:00:00Z"), 2, "a", "VIEW"});
  add(many);
  roll({last_day, 7});
  CHECK(db.sql("SELECT string_agg(date || ' ' || views || ' ' || events, ', ' ORDER BY date) FROM rule_metric_daily") ==
        "2024-05-19 6 10, 2024-05-20 1 1");
}

TEST_CASE_METHOD(rollup_database, "what is taken back lowers its own day, below zero too, and the sum over days stays right") {
  add({{at("2024-05-18T10:00:00Z"), 1, "a", "SAVE"},
       {at("2024-05-18T10:00:00Z"), 1, "a", "VOTE"},
       {at("2024-05-18T10:00:00Z"), 1, "a", "COPY"}});
  add({{at("2024-05-20T10:00:00Z"), 1, "a", "UNSAVE"}, {at("2024-05-20T10:00:00Z"), 1, "a", "UNVOTE"}});
  roll({last_day, 7});
  CHECK(db.sql("SELECT saves || ' ' || votes FROM rule_metric_daily WHERE date = '2024-05-20'") == "-1 -1");
  CHECK(db.sql("SELECT saves || ' ' || votes || ' ' || copies FROM rule_metric_totals") == "0 0 1");
  CHECK(db.sql("SELECT entries->'rules' FROM leaderboard_snapshots WHERE period = 'ALL' AND date = '2024-05-20'") ==
        R"([{"id": "a", "rank": 1, "points": 0.3}])");
  CHECK(db.sql("SELECT entries->'rules' FROM leaderboard_snapshots WHERE period = 'DAILY' AND date = '2024-05-20'") == "[]");
}

TEST_CASE_METHOD(rollup_database, "a rule that trends without events of the day has a row, until its window is past") {
  add({{at("2024-05-10T10:00:00Z"), 1, "a", "COPY"}, {at("2024-05-20T10:00:00Z"), 1, "b", "COPY"}});
  roll({day("2024-05-10"), 7});
  roll({last_day, 7});
  CHECK(db.sql("SELECT count(*) || ' ' || max(date) FROM rule_metric_daily WHERE rule_id = 'a'") == "7 2024-05-16");
  check(day("2024-05-16"));
  CHECK(db.sql("SELECT copies || ' ' || events FROM rule_metric_daily WHERE rule_id = 'a' AND date = '2024-05-16'") == "0 0");
}

TEST_CASE_METHOD(rollup_database, "donations count for their author on the day they were paid, less what was given back") {
  db.sql("INSERT INTO metric_days (day) VALUES ('2024-05-19')");
  donate("u1", "usd", 500, 0, "succeeded", "2024-05-19T10:00:00Z");
  donate("u1", "usd", 700, 200, "partially_refunded", "2024-05-19T23:59:59Z");
  donate("u1", "eur", 900, 0, "succeeded", "2024-05-19T10:00:00Z");
  donate("u1", "usd", 400, 400, "refunded", "2024-05-19T10:00:00Z");
  donate("u2", "usd", 300, 0, "disputed", "2024-05-19T00:00:00Z");
  donate("u2", "usd", 300, 0, "failed", "2024-05-19T10:00:00Z");
  donate("", "usd", 300, 0, "succeeded", "2024-05-19T10:00:00Z");
  donate("u1", "usd", 1, 0, "succeeded", "2024-05-20T00:00:00Z");
  roll({day("2024-05-19"), 7});
  CHECK(db.sql("SELECT string_agg(concat_ws(' ', author_user_id, donations, donations_cents, views), ', ' ORDER BY "
               "author_user_id) FROM author_metric_daily") == "u1 3 1000 0, u2 1 300 0");
  db.sql("UPDATE donations SET status = 'refunded' WHERE to_user_id = 'u2'; UPDATE metric_days SET changed = TRUE");
  CHECK(roll({last_day, 7}).author_rows_removed == 1);
}

TEST_CASE_METHOD(random_rollups, "a donation alone computes its own day anew, and no other date") {
  add(random_events(19, 2'000, last_day));
  roll({last_day, 7});
  const auto donated = last_day - days{6};
  donate("author1", "usd", 500, 0, "succeeded", to_rfc3339(timestamp{donated} + hours{3}));
  db.sql("UPDATE metric_days SET changed = TRUE WHERE day = '" + date_text(donated) + "'");
  const auto counts = roll({last_day, 7});
  CHECK(counts.days_counted == 1);
  CHECK(counts.days_scored == 1);
  CHECK(counts.rule_rows_written + counts.leaderboards_written == 0);
  CHECK(db.sql("SELECT string_agg(date || ' ' || donations_cents, ', ') FROM author_metric_daily WHERE donations > 0") ==
        date_text(donated) + " 500");
}

TEST_CASE_METHOD(random_rollups, "law 2: dates that a rollup died before it had computed them are computed by the next one") {
  add(random_events(20, 2'000, last_day));
  roll({last_day, 7});
  add(std::vector<rollup_event>(99, {timestamp{last_day - days{10}} + hours{1}, 1, "late", "COPY"}));
  const auto past = rollup_order{last_day - days{8}, 7};
  const auto lease = begin(past);
  const auto connection = db.connect();
  auto stuck = std::optional<pqxx::work>{};
  const auto hold = [&] { // the days are taken, and cannot be released
    if (!stuck)
      stuck.emplace(connection->raw()).exec("SELECT ingot_hold_metric_days()");
    return false;
  };
  CHECK_THROWS(storage::run_rollup(db.url(), config.database, task(past), lease, hold));
  stuck.reset();
  CHECK(db.sql("SELECT count(*) FROM rule_metric_totals WHERE rule_id = 'late'") == "1"); // its rows are written
  db.sql("UPDATE jobs SET state = 'dead', lease_token = NULL, lease_until = NULL, finished_at = now(); DELETE FROM job_lanes");
  roll({last_day, 7});
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
}

TEST_CASE_METHOD(rollup_database, "a day whose events retention took keeps its counts, whatever changes of its donations") {
  add({{at("2024-05-18T10:00:00Z"), 1, "a", "COPY"}});
  author("a", "u1");
  roll({last_day, 7});
  db.sql("DELETE FROM events; UPDATE metric_days SET changed = TRUE");
  config.retention.events_days = 1;
  donate("u1", "usd", 500, 0, "succeeded", "2024-05-18T10:00:00Z");
  CHECK(roll({.date = last_day, .days = 7, .force = true}).rule_rows_removed == 0);
  CHECK(db.sql("SELECT copies || ' ' || donations FROM author_metric_daily WHERE date = '2024-05-18'") == "1 1");
}

TEST_CASE_METHOD(random_rollups, "law 2: days that a dead rollup took are counted by the next one") {
  add(random_events(14, 1'000, last_day));
  auto looks = 0;
  const auto lease = begin({last_day, 7});
  CHECK_THROWS_AS(storage::run_rollup(db.url(), config.database, task({last_day, 7}), lease, [&] { return ++looks > 3; }),
                  storage::rollup_stopped);
  CHECK(db.sql("SELECT count(*) FROM metric_days WHERE counting IS NOT NULL AND NOT changed") == "14");
  CHECK(db.sql("SELECT count(*) FROM rule_metric_daily") == "0");
  CHECK(storage::run_rollup(db.url(), config.database, task({last_day, 7}), lease, [] { return false; }).days_counted == 14);
  check(last_day);
  CHECK(db.sql("SELECT count(*) FROM metric_days WHERE counting IS NOT NULL OR changed") == "0");
}

TEST_CASE_METHOD(random_rollups, "law 2: a rollup whose lease is lost writes nothing, and its days are counted by the next one") {
  add(random_events(15, 500, last_day));
  const auto lease = begin({last_day, 7});
  auto looks = 0;
  const auto lose = [&] {
    if (++looks == 3)
      db.sql("UPDATE jobs SET lease_token = gen_random_uuid()");
    return false;
  };
  CHECK_THROWS(storage::run_rollup(db.url(), config.database, task({last_day, 7}), lease, lose));
  CHECK(db.sql("SELECT count(*) FROM rule_metric_daily") == "0");
  db.sql("UPDATE jobs SET state = 'dead', lease_token = NULL, lease_until = NULL, finished_at = now(); DELETE FROM job_lanes");
  CHECK(roll({last_day, 7}).days_counted == 14);
  check(last_day);
  CHECK(db.sql("SELECT string_agg(state, ' ' ORDER BY id) FROM rollup_runs") == "failed succeeded");
}

TEST_CASE_METHOD(random_rollups, "law 2: an attempt whose lease is lost changes nothing of its run's state any more") {
  add(random_events(18, 100, last_day));
  const auto lease = begin({last_day, 7});
  const auto run_as_it_lies = [&] { return db.sql("SELECT r.xmin::text || r::text FROM rollup_runs r"); };
  auto before = std::string{};
  auto looks = 0;
  const auto lose = [&] {
    if (++looks == 3) {
      db.sql("UPDATE jobs SET lease_token = gen_random_uuid()"); // another attempt began
      before = run_as_it_lies();
    }
    return false;
  };
  CHECK_THROWS(storage::run_rollup(db.url(), config.database, task({last_day, 7}), lease, lose));
  CHECK(looks > 10);
  CHECK(run_as_it_lies() == before);
  storage::note_rollup_failure(*db.connect(), lease, "late", true);
  CHECK(run_as_it_lies() == before);
  CHECK_FALSE(storage::begin_rollup_attempt(*db.connect(), lease));
  CHECK(run_as_it_lies() == before);
}

TEST_CASE_METHOD(random_rollups, "law 2: an event that comes while its day is counted marks the day for the next rollup") {
  add(random_events(16, 300, last_day));
  const auto lease = begin({last_day, 7});
  auto looks = 0;
  const auto intrude = [&] {
    if (++looks == 1) // the days are taken, none is counted
      add({{timestamp{last_day} + hours{1}, 1, "rule1", "FORK"}, {timestamp{last_day - days{2}} + hours{1}, 1, "rule1", "FORK"}});
    if (looks == 17) // all are counted
      add({{timestamp{last_day} + hours{2}, 1, "rule2", "FORK"}});
    return false;
  };
  storage::run_rollup(db.url(), config.database, task({last_day, 7}), lease, intrude);
  CHECK(looks >= 17);
  CHECK(db.sql("SELECT string_agg(day::text, ' ' ORDER BY day) FROM metric_days WHERE changed") == "2024-05-18 2024-05-20");
  CHECK(db.sql("SELECT count(*) FROM metric_days WHERE counting IS NOT NULL") == "0");
  CHECK(roll({last_day, 7}).days_counted == 2);
  for (auto d = last_day - days{13}; d <= last_day; d += days{1})
    check(d);
}

TEST_CASE_METHOD(rollup_database, "a second rollup is refused with the first one's number, until that is over or its job is") {
  const auto first = storage::start_rollup(db.url(), config.database, {last_day, 7});
  CHECK(first.begun);
  const auto second = storage::start_rollup(db.url(), config.database, {last_day, 7});
  CHECK_FALSE(second.begun);
  CHECK(second.run_id == first.run_id);
  db.sql("UPDATE jobs SET state = 'dead', finished_at = now(), last_error = 'why'; DELETE FROM job_lanes");
  CHECK(storage::find_rollup(*db.connect(), first.run_id)->state == "failed");
  const auto third = storage::start_rollup(db.url(), config.database, {last_day, 7});
  CHECK(third.begun);
  CHECK(db.sql("SELECT state || ': ' || error FROM rollup_runs ORDER BY id LIMIT 1") == "failed: why");
  CHECK(storage::list_rollups(*db.connect(), 1).front().id == third.run_id);
}

TEST_CASE_METHOD(rollup_database, "a rollup whose rival ends before it is looked for is begun, and nobody is told of none") {
  // As if another run ended between the two looks: the row is refused once, and no unfinished one is found.
  db.sql("CREATE SEQUENCE tries; CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
         "IF nextval('tries') = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$; "
         "CREATE TRIGGER refuse_once BEFORE INSERT ON rollup_runs FOR EACH ROW EXECUTE FUNCTION refuse_once()");
  const auto started = storage::start_rollup(db.url(), config.database, {last_day, 7});
  CHECK(started.begun);
  CHECK(started.run_id != 0);
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'rollup'") == "1");
}

TEST_CASE_METHOD(rollup_database, "a period's rollup is begun once, whoever asks") {
  CHECK(storage::start_rollup(db.url(), config.database, {last_day, 7}, "1").begun);
  CHECK_FALSE(storage::start_rollup(db.url(), config.database, {last_day, 7}, "1").begun);
  db.sql("UPDATE jobs SET state = 'succeeded', finished_at = now(); DELETE FROM job_lanes; UPDATE rollup_runs SET state = "
         "'succeeded', finished_at = now()");
  CHECK_FALSE(storage::start_rollup(db.url(), config.database, {last_day, 7}, "1").begun);
  CHECK(db.sql("SELECT count(*) FROM rollup_runs") == "1");
  CHECK(storage::start_rollup(db.url(), config.database, {last_day, 7}, "2").begun);
}

TEST_CASE_METHOD(rollup_database, "the application is told once of each rule that enters a leaderboard") {
  config.application.notify_url = "https://app.example/hook";
  add({{at("2024-05-19T10:00:00Z"), 1, "a", "COPY"}});
  roll({day("2024-05-19"), 7});
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'notify'") == "4"); // one a period
  add({{at("2024-05-20T10:00:00Z"), 1, "a", "COPY"}, {at("2024-05-20T10:00:00Z"), 1, "b", "COPY"}});
  roll({last_day, 7});
  CHECK(db.sql("SELECT string_agg(concat_ws(' ', payload->'data'->>'period', payload->'data'->>'rule_id', "
               "payload->'data'->>'rank'), ', ' "
               "ORDER BY id) FROM jobs WHERE kind = 'notify' AND id > (SELECT max(job_id) FROM rollup_runs)") ==
        "ALL b 2, DAILY b 2, MONTHLY b 2, WEEKLY b 2");
  add({{at("2024-05-20T11:00:00Z"), 1, "b", "COPY"}});
  roll({last_day, 7});
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'notify'") == "8");
}

TEST_CASE_METHOD(rollup_database, "a rollup gets its turn while events keep coming") {
  auto stop = std::atomic<bool>{false};
  auto taken = std::atomic<int>{0};
  auto intakes = std::vector<std::thread>{};
  for (auto i = 0; i < 8; ++i)
    intakes.emplace_back([&] {
      const auto begin_and_end = std::to_array<storage::named_statement>(
          {{"begin", "BEGIN"}, {"commit", "COMMIT"}, {"roll_back", "ROLLBACK"}, {"work", "SELECT pg_sleep(0.05)"}});
      auto intake = storage::pipeline{db.url(), config.database, begin_and_end};
      intake.prepare(storage::metric_day_statements());
      while (!stop)
        try {
          const auto today = std::vector{last_day};
          intake.add("begin");
          storage::mark_days_changed(intake, today);
          intake.add("work");
          intake.add("commit");
          intake.run();
          ++taken;
        } catch (const storage::statement_error&) {
          intake.roll_back();
        }
    });
  config.rollup.step_timeout = std::chrono::seconds{10};
  for (auto i = 0; i < 3; ++i) {
    for (const auto before = taken.load(); taken < before + 16;) // all of them are at it
      std::this_thread::yield();
    CHECK_NOTHROW(roll({last_day, 7}));
  }
  stop = true;
  for (auto& x : intakes)
    x.join();
}

TEST_CASE_METHOD(rollup_database, "one who never lets go of the days fails a rollup for now, and the next one comes to its end") {
  config.rollup.step_timeout = std::chrono::seconds{30};
  add({{timestamp{last_day} + hours{1}, 1, "a", "COPY"}});
  const auto lease = begin({last_day, 7});
  const auto attempt = [&](const std::function<bool()>& stopping) {
    return storage::run_rollup(db.url(), config.database, task({last_day, 7}), lease, stopping);
  };
  const auto state_of_failure = [&](const std::function<bool()>& stopping) {
    try {
      attempt(stopping);
    } catch (const std::exception& e) {
      CHECK(storage::classify(e) != storage::sql_remedy::refused); // the job tries again
      return storage::sqlstate(e);
    }
    return std::string{"none"};
  };
  auto connection = db.connect();
  auto stuck = std::make_unique<pqxx::work>(connection->raw());
  const auto hold = [&] { stuck->exec("SELECT ingot_hold_metric_days()"); };
  hold();
  CHECK(state_of_failure([] { return false; }) == "55P03");
  CHECK(db.sql("SELECT count(*) FROM metric_days WHERE changed") == "1");
  stuck.reset();
  stuck = std::make_unique<pqxx::work>(connection->raw());
  auto looks = 0;
  CHECK(state_of_failure([&] { // the days are taken, and are not let go
          if (++looks == 1)
            hold();
          return false;
        }) == "55P03");
  CHECK(db.sql("SELECT state FROM jobs") == "running");
  stuck.reset();
  CHECK(attempt([] { return false; }).days_counted == 1);
  check(last_day);
  CHECK(db.sql("SELECT count(*) FROM metric_days WHERE changed OR counting IS NOT NULL") == "0");
}

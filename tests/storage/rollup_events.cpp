#include "tests/storage/rollup_events.hpp"

#include "storage/job_store.hpp"
#include "storage/pgx.hpp"
#include "storage/rollup_runs.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

namespace ingot::testing {

namespace {

using std::chrono::sys_days;

sys_days day_of(timestamp x) {
  return std::chrono::floor<std::chrono::days>(x);
}

/// What the events of the days from `first` to `last` come to, rule by rule.
std::map<sys_days, counts_by_id> count_days(const std::vector<rollup_event>& events, sys_days first, sys_days last,
                                            unsigned views_max) {
  auto out = std::map<sys_days, counts_by_id>{};
  auto views = std::map<std::pair<sys_days, std::pair<std::string, int>>, unsigned>{};
  for (const auto& x : events) {
    const auto d = day_of(x.ts);
    if (d < first || d > last || x.type == "COMMENT")
      continue;
    auto& to = out[d][x.rule];
    ++to.events;
    if (x.type == "VIEW")
      to.views += ++views[{d, {x.rule, x.viewer}}] <= views_max ? 1 : 0;
    else if (x.type == "COPY")
      ++to.copies;
    else if (x.type == "FORK")
      ++to.forks;
    else if (x.type == "SAVE" || x.type == "UNSAVE")
      to.saves += x.type == "SAVE" ? 1 : -1;
    else
      to.votes += x.type == "VOTE" ? 1 : -1;
  }
  return out;
}

std::vector<std::pair<std::string, double>> best_of(const counts_by_id& sums, double fork_weight) {
  auto out = std::vector<std::pair<std::string, double>>{};
  for (const auto& [id, x] : sums)
    if (const auto points = std::round(x.points(fork_weight) * 1e6) / 1e6; points > 0)
      out.emplace_back(id, points);
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  out.resize(std::min<std::size_t>(out.size(), 100));
  return out;
}

/// `a 1.5, b 0.3`
std::string text_of(const std::vector<std::pair<std::string, double>>& board) {
  auto out = std::string{};
  for (const auto& [id, points] : board)
    out += (out.empty() ? "" : ", ") + id + ' ' + std::to_string(points);
  return out;
}

/// The rows of a query, as texts.
std::vector<std::vector<std::string>> rows_of(const database& db, const std::string& query) {
  const auto connection = db.connect();
  auto tx = pqxx::work{connection->raw()};
  auto out = std::vector<std::vector<std::string>>{};
  for (const auto& row : tx.exec(query)) {
    auto& to = out.emplace_back();
    for (const auto& field : row)
      to.emplace_back(storage::pgx::text(field));
  }
  return out;
}

/// Rows as `id views copies saves forks votes`, and their scores.
std::map<std::string, plain_metrics::row> stored_rows(const database& db, const std::string& table, const std::string& id,
                                                      sys_days date) {
  auto out = std::map<std::string, plain_metrics::row>{};
  for (const auto& x : rows_of(db, "SELECT " + id + ", views, copies, saves, forks, votes, score FROM " + table +
                                       " WHERE date = '" + date_text(date) + "'")) {
    auto& to = out[x[0]];
    to.counts = {std::stoll(x[1]), std::stoll(x[2]), std::stoll(x[3]), std::stoll(x[4]), std::stoll(x[5])};
    to.score = std::stod(x[6]);
  }
  return out;
}

void compare(const std::map<std::string, plain_metrics::row>& stored, const std::map<std::string, plain_metrics::row>& expected) {
  REQUIRE(stored.size() == expected.size());
  for (const auto& [id, x] : expected) {
    INFO(id);
    REQUIRE(stored.contains(id));
    const auto& y = stored.at(id);
    CHECK(y.counts.views == x.counts.views);
    CHECK(y.counts.copies == x.counts.copies);
    CHECK(y.counts.saves == x.counts.saves);
    CHECK(y.counts.forks == x.counts.forks);
    CHECK(y.counts.votes == x.counts.votes);
    CHECK(std::abs(y.score - x.score) < 1e-6);
  }
}

std::vector<std::pair<std::string, double>> stored_board(const database& db, const std::string& period, const std::string& of,
                                                         sys_days date) {
  auto out = std::vector<std::pair<std::string, double>>{};
  for (const auto& x :
       rows_of(db, "SELECT e->>'id', e->>'points', e->>'rank' FROM leaderboard_snapshots, jsonb_array_elements(entries->'" + of +
                       "') WITH ORDINALITY AS t (e, n) WHERE period = '" + period + "' AND scope = 'GLOBAL' AND date = '" +
                       date_text(date) + "' ORDER BY n")) {
    CHECK(std::stoul(x[2]) == out.size() + 1);
    out.emplace_back(x[0], std::stod(x[1]));
  }
  return out;
}

} // namespace

plain_metrics plain_rollup(const std::vector<rollup_event>& events, const std::map<std::string, std::string>& author_of,
                           sys_days date, unsigned days, const rollup_settings& settings) {
  auto out = plain_metrics{};
  const auto of_author = [&](const std::string& rule) {
    const auto found = author_of.find(rule);
    return found == author_of.end() ? std::string{} : found->second;
  };
  for (const auto& [d, rules] : count_days(events, date - std::chrono::days{days - 1}, date, settings.views_per_day_max))
    for (const auto& [rule, x] : rules) {
      auto& row = out.rules[rule];
      row.score += std::exp(-settings.decay * static_cast<double>((date - d).count())) * x.points(settings.fork_weight);
      if (d == date)
        row.counts = x;
    }
  for (const auto& [rule, x] : out.rules)
    if (const auto author = of_author(rule); !author.empty()) {
      out.authors[author].counts.add(x.counts);
      out.authors[author].score += x.score;
    }
  for (const auto& [period, length] : {std::pair{"DAILY", 1}, {"WEEKLY", 7}, {"MONTHLY", 30}, {"ALL", 10'000}}) {
    auto rules = counts_by_id{}, authors = counts_by_id{};
    for (const auto& [d, by_rule] : count_days(events, date - std::chrono::days{length - 1}, date, settings.views_per_day_max))
      for (const auto& [rule, x] : by_rule) {
        rules[rule].add(x);
        if (const auto author = of_author(rule); !author.empty())
          authors[author].add(x);
      }
    out.rule_boards[period] = best_of(rules, settings.fork_weight);
    out.author_boards[period] = best_of(authors, settings.fork_weight);
  }
  return out;
}

rollup_database::rollup_database() {
  config.database = db.settings();
}

void rollup_database::add(const std::vector<rollup_event>& more) {
  if (more.empty())
    return;
  auto rows = std::string{};
  for (const auto& x : more) {
    rows += rows.empty() ? "" : ",";
    rows += "('" + to_rfc3339(x.ts) + "'::timestamptz, now(), lpad('" + std::to_string(x.viewer) + "', 32, '0')::uuid, '" +
            x.type + "', '" + x.rule + "')";
  }
  db.sql("BEGIN; INSERT INTO events (ts, received_at, viewer, type, rule_id) VALUES " + rows +
         "; INSERT INTO metric_days (day) SELECT DISTINCT x.ts::date FROM (VALUES " + rows +
         ") x (ts) ON CONFLICT (day) DO UPDATE SET changed = TRUE; COMMIT");
  events.insert(events.end(), more.begin(), more.end());
}

void rollup_database::author(const std::string& rule, const std::string& author) {
  db.sql("INSERT INTO rules (id, author_user_id) VALUES ('" + rule + "', '" + author + "')");
  authors[rule] = author;
}

void rollup_database::donate(const std::string& to, const std::string& currency, int amount, int refunded,
                             const std::string& status, const std::string& paid_at) {
  db.sql("INSERT INTO donations (id, livemode, facts, to_user_id, currency, amount, amount_refunded, status, paid_at) SELECT "
         "'pi_' || count(*), TRUE, '', NULLIF('" +
         to + "', ''), '" + currency + "', " + std::to_string(amount) + ", " + std::to_string(refunded) + ", '" + status +
         "', '" + paid_at + "' FROM donations");
}

job_lease rollup_database::begin(const rollup_order& order) {
  const auto started = storage::start_rollup(db.url(), config.database, order);
  REQUIRE(started.begun);
  const auto store = storage::open_job_store(db.url(), config.database);
  const auto kinds = std::vector<storage::job_quota>{{storage::rollup_job_kind, 1}};
  const auto claimed = store->turn({}, kinds, 1, std::chrono::seconds{600}).claimed;
  REQUIRE(claimed.size() == 1);
  REQUIRE(storage::begin_rollup_attempt(*db.connect(), claimed.front().lease));
  return claimed.front().lease;
}

rollup_counts rollup_database::roll(rollup_order order) {
  const auto lease = begin(order);
  return storage::run_rollup(db.url(), config.database, task(order), lease, [] { return false; });
}

rollup_counts rollup_database::preview(rollup_order order) const {
  return storage::preview_rollup(db.url(), config.database, task(order), [] { return false; });
}

void rollup_database::check(sys_days date, unsigned days) const {
  INFO(date_text(date));
  const auto expected = plain_rollup(events, authors, date, days, config.rollup);
  compare(stored_rows(db, "rule_metric_daily", "rule_id", date), expected.rules);
  compare(stored_rows(db, "author_metric_daily", "author_user_id", date), expected.authors);
  for (const auto* period : {"DAILY", "WEEKLY", "MONTHLY", "ALL"}) {
    INFO(period);
    CHECK(text_of(stored_board(db, period, "rules", date)) == text_of(expected.rule_boards.at(period)));
    CHECK(text_of(stored_board(db, period, "authors", date)) == text_of(expected.author_boards.at(period)));
  }
}

std::chrono::sys_days day(const char* text) {
  return day_of(*parse_rfc3339(std::string{text} + "T00:00:00Z"));
}

timestamp at(const char* text) {
  return *parse_rfc3339(text);
}

} // namespace ingot::testing

#include "bench/faults/oracle.hpp"

#include <set>

namespace ingot::faults {

/// Events and their rollup, and donations.
void oracle::check_events() {
  auto times = std::map<std::string, std::int64_t>{};
  auto what = std::map<std::string, std::string>{}; // type and rule
  for (const auto& row : db_.rows("SELECT idempotency_key, count(*), min(type || ' ' || coalesce(rule_id, '')) FROM events "
                                  "WHERE idempotency_key IS NOT NULL GROUP BY 1")) {
    times[*row[0]] = std::stoll(*row[1]);
    what[*row[0]] = *row[2];
  }
  auto views = std::map<std::string, std::int64_t>{};
  for (const auto& row : db_.rows("SELECT rule_id, count(*) FROM events WHERE type = 'VIEW' GROUP BY 1"))
    views[*row[0]] = std::stoll(*row[1]);
  for (const auto* counts : {&times, &views})
    for (const auto& [key, n] : *counts)
      if (n > 1)
        find(finding_kind::applied_twice,
             (counts == &times ? "event " : "the view of ") + key + " has " + std::to_string(n) + " rows");
  for (const auto& [chain, log] : ledger_.chains(intake::events))
    for (auto step = std::size_t{0}; step < log.size(); ++step) {
      if (!log[step].acknowledged())
        continue;
      for (const auto& x : events_of(at_, chain, step))
        if (x.key.empty() ? !views.contains(x.rule) : !times.contains(x.key))
          find(finding_kind::lost, (x.key.empty() ? "the view of " + x.rule : "event " + x.key) + ", acknowledged by node " +
                                       std::to_string(log[step].node) + ", has no row");
        else if (!x.key.empty() && what[x.key] != x.type + ' ' + x.rule)
          find(finding_kind::disagrees, "event " + x.key + " is `" + what[x.key] + "`, not `" + x.type + ' ' + x.rule + '`');
    }
}

void oracle::check_rollup() {
  const auto different = db_.rows(
      "WITH recount AS (SELECT (ts AT TIME ZONE 'UTC')::date AS date, rule_id, count(*) FILTER (WHERE type = 'VIEW') AS views, "
      "count(*) FILTER (WHERE type = 'COPY') AS copies, count(*) FILTER (WHERE type = 'SAVE') AS saves, "
      "count(*) FILTER (WHERE type = 'FORK') AS forks, count(*) FILTER (WHERE type = 'VOTE') AS votes, count(*) AS events "
      "FROM events GROUP BY 1, 2), stored AS (SELECT date, rule_id, views, copies, saves, forks, votes, events "
      "FROM rule_metric_daily WHERE events > 0) "
      "SELECT 'missing or wrong', x::text FROM (TABLE recount EXCEPT TABLE stored) x UNION ALL "
      "SELECT 'stored', x::text FROM (TABLE stored EXCEPT TABLE recount) x LIMIT 50");
  for (const auto& row : different)
    find(finding_kind::disagrees, "rollup, " + *row[0] + ": " + *row[1]);
  for (const auto& row : db_.rows(
           "WITH days AS (SELECT rule_id, sum(views), sum(copies), sum(saves), sum(forks), sum(votes) FROM rule_metric_daily "
           "GROUP BY 1), totals AS (SELECT rule_id, views, copies, saves, forks, votes FROM rule_metric_totals) "
           "SELECT t::text FROM ((TABLE days EXCEPT TABLE totals) UNION ALL (TABLE totals EXCEPT TABLE days)) t LIMIT 20"))
    find(finding_kind::disagrees, "totals of a rule are not the sum of its days: " + *row[0]);
}

void oracle::check_donations() {
  auto rows = std::map<std::string, testing::sql::row>{};
  for (auto& row : db_.rows("SELECT id, status, coalesce(amount, 0), amount_refunded FROM donations"))
    rows[*row[0]] = std::move(row);
  for (const auto& [chain, log] : ledger_.chains(intake::stripe)) {
    const auto id = "pi_bench" + std::to_string(chain);
    const auto found = rows.find(id);
    const auto acknowledged = acknowledged_of(log);
    if (found == rows.end()) {
      if (acknowledged > 0)
        find(finding_kind::lost, "payment " + id + " has no donation");
      continue;
    }
    const auto& row = found->second;
    const auto back = refunded_cents(at_, chain), stored = std::int64_t{std::stoll(*row[3])};
    if (std::stoll(*row[2]) != paid_cents)
      find(finding_kind::applied_twice, "donation " + id + " amounts to " + *row[2]);
    const auto may_be_back = log.size() > 1, must_be_back = acknowledged > 1;
    if ((stored != 0 || must_be_back) && !(stored == back && may_be_back))
      find(stored < back ? finding_kind::lost : finding_kind::applied_twice,
           "donation " + id + ": " + *row[3] + " of " + std::to_string(back) + " were given back");
    if (*row[1] != (stored > 0 ? "partially_refunded" : "succeeded"))
      find(finding_kind::regressed, "donation " + id + " is " + *row[1] + " with " + *row[3] + " given back");
    rows.erase(found);
  }
  for (const auto& [id, row] : rows)
    find(finding_kind::disagrees, "nobody paid donation " + id);
}

} // namespace ingot::faults

#include "storage/metric_days.hpp"

#include "model/time.hpp"
#include "storage/binary_array.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace ingot::storage {

namespace {

constexpr auto statements = std::to_array<named_statement>({
    // Lines up with the rollup that waits to take days: row locks that overlap without end would starve it (migration 0007).
    {"queue_for_metric_days", "SELECT ingot_hold_metric_days()"},
    // Days $1 (text[]) that nothing was known of.
    {"know_metric_days", R"sql(
      INSERT INTO metric_days (day) SELECT d::date FROM unnest($1::text[]) d ORDER BY d ON CONFLICT DO NOTHING
    )sql"},
    // Those that were counted are to be counted again.
    {"change_metric_days", R"sql(
      UPDATE metric_days m SET changed = TRUE
      FROM (SELECT day FROM metric_days WHERE day = ANY ($1::text[]::date[]) AND NOT changed ORDER BY day FOR NO KEY UPDATE) x
      WHERE m.day = x.day
    )sql"},
    // Nobody counts them before this transaction is over. A day that somebody began to count since the statement before ends it.
    {"hold_metric_days", R"sql(
      SELECT ingot_day_moved(x.day)
      FROM (SELECT day, changed FROM metric_days WHERE day = ANY ($1::text[]::date[]) ORDER BY day FOR SHARE) x
      WHERE NOT x.changed
    )sql"},
});

} // namespace

std::span<const named_statement> metric_day_statements() {
  return statements;
}

void mark_days_changed(pipeline& db, std::span<const std::chrono::sys_days> days) {
  auto sorted = std::vector<std::chrono::sys_days>{days.begin(), days.end()};
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  auto names = text_array{};
  for (const auto& day : sorted)
    names.add(to_rfc3339(timestamp{day}).substr(0, 10));
  db.add("queue_for_metric_days");
  for (const auto* statement : {"know_metric_days", "change_metric_days", "hold_metric_days"})
    db.add(statement, {names.parameter()});
}

} // namespace ingot::storage

#include "model/rollup/run.hpp"

#include "model/json_object.hpp"

namespace ingot {

std::string counts_json(const rollup_counts& x) {
  return json_object{}
      .add("days_counted", x.days_counted)
      .add("events_counted", x.events_counted)
      .add("days_scored", x.days_scored)
      .add("rule_rows_written", x.rule_rows_written)
      .add("rule_rows_removed", x.rule_rows_removed)
      .add("author_rows_written", x.author_rows_written)
      .add("author_rows_removed", x.author_rows_removed)
      .add("leaderboards_written", x.leaderboards_written)
      .text();
}

std::string run_json(const rollup_run& x) {
  const auto progress = json_object{}
                            .add("step", x.step)
                            .add("steps_done", x.steps_done)
                            .add("steps_total", x.steps_total)
                            .add("at", x.progress_at);
  auto out = json_object{};
  out.add("run_id", x.id).add("job_id", x.job_id).add("date", x.date).add("daysToProcess", x.days).add("force", x.force);
  out.add("dryRun", false).add("status", x.state).add_raw("progress", progress.text());
  out.add("created_at", x.created_at).add("started_at", x.started_at).add("finished_at", x.finished_at);
  return out.add_raw("counts", x.counts.empty() ? "null" : x.counts).add_unless_empty("error", x.error).text();
}

std::string runs_json(const std::vector<rollup_run>& x) {
  auto items = std::vector<std::string>{};
  for (const auto& run : x)
    items.push_back(run_json(run));
  return json_object{}.add_raw("runs", json_array(items)).text();
}

} // namespace ingot

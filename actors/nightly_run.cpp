#include "actors/nightly_run.hpp"

#include "actors/nightly_look.hpp"
#include "actors/webhook_post.hpp"
#include "config/failpoints.hpp"
#include "model/json_object.hpp"
#include "storage/nightly_runs.hpp"
#include "telemetry/log.hpp"

#include <algorithm>

namespace ingot {

namespace {

/// Between two looks at the syncs that a run has ordered.
constexpr auto sync_pause = std::chrono::milliseconds{1'000};

nightly::alert_rules rules_of(const nightly_settings& x) {
  return {x.failed_percent_max, x.run_time_max};
}

/// One attempt at one run.
class night {
public:
  night(const claimed_job& job, const node_context& context, storage::connection& db, nightly::run&& run)
      : job_{job}, context_{context}, db_{db}, run_{std::move(run)}, look_{context, run_.depth == "full", run_.parts} {}

  job_outcome work() {
    for (;;) {
      if (context_.draining)
        return job_put_off{std::chrono::milliseconds{0}, "the node stops"};
      warn_of_broken_rules();
      if (run_.cancel_requested)
        return end("cancelled");
      const auto subjects =
          storage::next_nightly_subjects(db_, run_.id, context_.config.nightly.batch, look_.limited(context_.now()));
      if (subjects.empty())
        if (auto out = remains())
          return std::move(*out);
      if (!subjects.empty())
        take(subjects);
      if (auto again = storage::find_nightly_run(db_, run_.id))
        run_ = std::move(*again);
    }
  }

private:
  void take(const std::vector<storage::nightly_subject>& subjects) {
    const auto found = look_.at(subjects);
    storage::record_nightly(db_, job_.lease, run_.id, found.results, found.cost, next_check());
    for (const auto& x : found.results)
      if (x.came_to != storage::nightly_result::outcome::again)
        context_.counters.nightly_repositories.at({label_of(x.came_to)}).add();
    if (const auto handles = context_.handles.load()) // it has ordered syncs, perhaps
      caf::anon_send(handles->jobs, hint_atom_v);
    failpoint("nightly_batch_recorded");
  }

  static std::string_view label_of(storage::nightly_result::outcome x) {
    using outcome = storage::nightly_result::outcome;
    return x == outcome::unchanged ? "unchanged" : x == outcome::changed ? "changed" : "failed";
  }

  /// When the fallback shall look again.
  std::chrono::milliseconds next_check() const {
    const auto interval = context_.config.contents.fallback_interval;
    return interval.count() > 0 ? interval : std::chrono::milliseconds{std::chrono::hours{24}};
  }

  /// Nothing can be looked at now. @returns nothing when there is more to do at once
  std::optional<job_outcome> remains() {
    const auto left = storage::nightly_remains_of(db_, run_.id);
    if (left.pending > 0) {
      const auto until = look_.limited_until(context_.now());
      if (!until)
        return std::nullopt;
      return job_put_off{std::chrono::ceil<std::chrono::milliseconds>(*until - context_.now()),
                         "the provider's limit is reached"};
    }
    if (left.syncs > 0)
      return job_put_off{sync_pause, "it waits for " + std::to_string(left.syncs) + " syncs"};
    return end("succeeded");
  }

  job_outcome end(std::string_view state) {
    run_ = storage::finish_nightly(db_, job_.lease, run_.id, state);
    warn_of_broken_rules();
    auto& counters = context_.counters;
    counters.nightly_finished.set(std::chrono::duration<double>(context_.now().time_since_epoch()).count());
    if (run_.created_at)
      counters.nightly_seconds.set(
          std::chrono::duration<double>(run_.finished_at.value_or(context_.now()) - *run_.created_at).count());
    log::info("nightly run over", {{"run", run_.id},
                                   {"state", run_.state},
                                   {"unchanged", run_.unchanged},
                                   {"changed", run_.changed},
                                   {"failed", run_.failed},
                                   {"requests", run_.requests}});
    return job_succeeded{json_object{}.add("run", run_.id).add("state", run_.state).text()};
  }

  void warn_of_broken_rules() {
    const auto& config = context_.config.nightly;
    for (const auto& rule : nightly::broken_rules(run_, rules_of(config), context_.now())) {
      const auto known = std::find(run_.alerts.begin(), run_.alerts.end(), rule) != run_.alerts.end();
      if (known || !storage::add_nightly_alert(db_, run_, rule, !config.alert_url.empty()))
        continue;
      context_.counters.nightly_alerts.at({rule}).add();
      log::warn("nightly run breaks a rule", {{"run", run_.id}, {"rule", rule}});
    }
  }

  const claimed_job& job_;
  const node_context& context_;
  storage::connection& db_;
  nightly::run run_;
  nightly_look look_;
};

} // namespace

job_outcome run_nightly(const claimed_job& job, const node_context& context) {
  try {
    const auto db = context.open_connection();
    auto run = storage::nightly_run_of(*db, job.lease);
    if (!run)
      return job_failed_for_good{"this job belongs to no unfinished nightly run"};
    return night{job, context, *db, std::move(*run)}.work();
  } catch (const std::exception& e) {
    log::warn("nightly run broken off", {{"job", job.lease.id}, {"reason", storage::describe(e)}});
    return job_failed_for_now{storage::describe(e)};
  }
}

job_outcome notify_of_alert(const claimed_job& job, const node_context& context) {
  const auto& to = context.config.nightly;
  return post_webhook(job, configured_webhook{"nightly.alert", to.alert_url, to.alert_secret}, context);
}

} // namespace ingot

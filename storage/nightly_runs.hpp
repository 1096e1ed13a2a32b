#pragma once

#include "config/settings.hpp"
#include "model/contents/provider.hpp"
#include "model/job.hpp"
#include "model/nightly/run.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Tables `nightly_runs` and `nightly_items`. All of it blocks, and throws what libpqxx throws, or refused_change.
namespace ingot::storage {

/// What a wish for a run came to.
struct nightly_start {
  std::int64_t run_id = 0; ///< of the one that was begun, or that is in the way; 0: this time of the schedule had its run
  bool begun = false;
};

/// Begins a run over all followed repositories that `order` names: its items and its job are one transaction. One at a time over
/// all nodes; each time of the schedule once.
nightly_start start_nightly_run(connection& db, const nightly::run_order& order, const operator_action& by);

/// Begins the run of a time of the schedule. One that is late by more than nightly.jitter and nightly.missed_after is an alert; at a node that has
/// never had one, it is left out. @returns 1 when it was begun
std::size_t start_scheduled_night(connection& db, const nightly_settings& config, timestamp at, timestamp now);

/// What the settings order.
nightly::run_order order_of(const nightly_settings& config);

std::optional<nightly::run> find_nightly_run(connection& db, std::int64_t id);
/// A page, the newest first.
std::vector<nightly::run> list_nightly_runs(connection& db, std::int64_t before, unsigned limit);
/// What changed or failed, in the order of repositories. @param state empty: both
std::vector<nightly::item> list_nightly_items(connection& db, std::int64_t run_id, const std::string& state, std::int64_t after,
                                              unsigned limit);

/// Asks a run to stop: it does before its next repositories. refused_change when there is none or it is over.
nightly::run cancel_nightly_run(connection& db, std::int64_t id, const operator_action& by);

/// Has any time of the schedule had its run?
bool has_scheduled_runs(connection& db);

/// Notes that a run breaks a rule, and enqueues the job that tells of it. @returns whether it is new
bool add_nightly_alert(connection& db, const nightly::run& run, std::string_view rule, bool notify);

/// A repository that a run has to look at.
struct nightly_subject {
  contents::place where;
  std::int64_t id = 0;
  std::string user_id, state, etag;
  contents::known_state known;
  nightly::state_of_repository as_known;
  bool complete = false;
  bool manifests = false; ///< is it looked through for manifests of MCP servers?
  int attempts = 0;       ///< of this run, before this one
  std::int64_t known_at = 0; ///< when its row was last written, in microseconds since 1970
};

/// The run of a job in hand; nothing when there is none, or it is over.
std::optional<nightly::run> nightly_run_of(connection& db, const job_lease& lease);

/// Up to `limit` of them, those that failed before last; none of credentials that are limited.
std::vector<nightly_subject> next_nightly_subjects(connection& db, std::int64_t run_id, std::size_t limit,
                                                   const std::vector<std::int64_t>& limited_credentials);

/// What a look at one came to.
struct nightly_result {
  enum class outcome : std::uint8_t { unchanged, changed, failed, again };
  std::int64_t repository_id = 0;
  outcome came_to = outcome::unchanged;
  std::string commit; ///< that was known when it was looked at: a sync that came between makes the rest void
  std::optional<contents::description> what; ///< differs from its row
  std::int64_t known_at = 0;                 ///< of the subject: what its row says since then is newer than this
  bool is_current = true;                    ///< of an unchanged one: all that is there is stored
  std::string becomes;                       ///< gone, forbidden or active; empty: its state stays
  std::string reason;                        ///< of failed, again, gone and forbidden
  std::vector<std::string> drift;
  std::vector<new_job> jobs; ///< that follow: its sync, a look at its manifests
};

/// One transaction behind the job's fence: items, the run's counts, the repositories' rows, jobs that follow. What was recorded
/// before is not counted again.
void record_nightly(connection& db, const job_lease& lease, std::int64_t run_id, const std::vector<nightly_result>& results,
                    const contents::sync_cost& cost, std::chrono::milliseconds check_after);

/// How far a run is when nothing can be claimed.
struct nightly_remains {
  std::int64_t pending = 0; ///< items
  std::int64_t syncs = 0;   ///< items whose jobs are not over
};
nightly_remains nightly_remains_of(connection& db, std::int64_t run_id);

/// Ends the run behind its job's fence: what its syncs cost is added, those that failed count as failed, items that were
/// unchanged go.
nightly::run finish_nightly(connection& db, const job_lease& lease, std::int64_t run_id, std::string_view state);

} // namespace ingot::storage

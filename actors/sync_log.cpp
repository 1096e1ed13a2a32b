#include "actors/sync_log.hpp"

#include "telemetry/log.hpp"

namespace ingot {

namespace {

std::string_view outcome_of(const sync_in_hand& x, const failure& why) {
  if (why.code != fault::none)
    return to_string(why.code);
  return x.as_job ? "stored as a job" : to_string(x.result.outcome);
}

} // namespace

void log_sync(const node_context& context, const sync_in_hand& x, const failure& why) {
  const auto taken = why.code == fault::none;
  const auto outcome = outcome_of(x, why);
  context.counters.site_syncs.at({outcome}).add();
  log::info(
      taken ? "sync taken" : "sync not taken",
      {{"request_id", x.request_id}, {"site", x.site_id}, {"sync", x.sync_id}, {"outcome", outcome}, {"reason", why.message}});
  if (const auto handles = context.handles.load())
    caf::anon_send(handles->auditor, audit_atom_v,
                   audit_line{"site " + std::to_string(x.site_id), taken ? "modules synced" : "sync refused",
                              x.as_job ? "job " + std::to_string(x.job_id) : "sync_" + x.sync_id, std::string{outcome}});
}

} // namespace ingot

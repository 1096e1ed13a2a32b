#include "actors/installation_sync.hpp"

#include "model/github/installation_order.hpp"
#include "model/json_object.hpp"
#include "storage/installation_rows.hpp"

namespace ingot {

job_outcome sync_installation(const claimed_job& job, const node_context& context) {
  const auto order = github::parse_installation_order(job.payload);
  if (const auto* why = std::get_if<failure>(&order))
    return job_failed_for_good{"its payload is no order that follows an installation: " + why->message};
  const auto& of = context.config.contents;
  const auto db = context.open_connection();
  const auto effect = storage::follow_installation(*db, job.lease, std::get<github::installation_order>(order),
                                                   {of.track_new_repositories == "all", of.repositories_per_user_max});
  return job_succeeded{json_object{}
                           .add("credentials", effect.credentials)
                           .add("repositories", effect.repositories)
                           .add("followed", effect.followed)
                           .text()};
}

} // namespace ingot

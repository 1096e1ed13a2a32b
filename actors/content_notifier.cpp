#include "actors/content_notifier.hpp"

#include "actors/webhook_post.hpp"
#include "model/standard_webhooks.hpp"

namespace ingot {

job_outcome notify_of_changes(const claimed_job& job, const node_context& context) {
  const auto& to = context.config.contents;
  if (to.changes_url.empty())
    return job_succeeded{R"({"skipped":"no contents.changes_url is set"})"};
  const auto key = standard_webhooks::parse_secret(to.changes_secret);
  if (!key)
    return job_failed_for_now{"contents.changes_secret is none: whsec_ and base64 of 24 to 64 bytes"};
  return post_webhook(job, {to.changes_url, *key}, context);
}

job_handler content_notifications(caf::actor_system& system, const node_context& context) {
  return [&system, &context](job_ptr job) {
    system.spawn<caf::detached>(
        [&context, job = std::move(job)](caf::event_based_actor*) { (*job->answer)(notify_of_changes(job->job, context)); });
  };
}

} // namespace ingot

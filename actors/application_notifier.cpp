#include "actors/application_notifier.hpp"

#include "actors/webhook_post.hpp"
#include "model/standard_webhooks.hpp"

namespace ingot {

job_outcome notify_application(const claimed_job& job, const node_context& context) {
  const auto& to = context.config.application;
  if (to.notify_url.empty())
    return job_succeeded{R"({"skipped":"no application.notify_url is set"})"};
  const auto key = standard_webhooks::parse_secret(to.notify_secret);
  if (!key)
    return job_failed_for_now{"application.notify_secret is none: whsec_ and base64 of 24 to 64 bytes"};
  return post_webhook(job, {to.notify_url, *key}, context);
}

job_handler application_notifications(caf::actor_system& system, const node_context& context) {
  return [&system, &context](job_ptr job) {
    system.spawn<caf::detached>(
        [&context, job = std::move(job)](caf::event_based_actor*) { (*job->answer)(notify_application(job->job, context)); });
  };
}

} // namespace ingot

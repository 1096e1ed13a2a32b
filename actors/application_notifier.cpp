#include "actors/application_notifier.hpp"

#include "actors/webhook_post.hpp"

namespace ingot {

job_outcome notify_application(const claimed_job& job, const node_context& context) {
  const auto& to = context.config.application;
  return post_webhook(job, configured_webhook{"application.notify", to.notify_url, to.notify_secret}, context);
}

} // namespace ingot

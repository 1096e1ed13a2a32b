#include "actors/content_notifier.hpp"

#include "actors/webhook_post.hpp"

namespace ingot {

job_outcome notify_of_changes(const claimed_job& job, const node_context& context) {
  const auto& to = context.config.contents;
  return post_webhook(job, configured_webhook{"contents.changes", to.changes_url, to.changes_secret}, context);
}

} // namespace ingot

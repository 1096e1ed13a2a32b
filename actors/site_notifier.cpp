#include "actors/site_notifier.hpp"

#include "actors/webhook_post.hpp"
#include "config/master_keys.hpp"
#include "model/drupal/site_event.hpp"
#include "model/standard_webhooks.hpp"
#include "storage/site_webhooks.hpp"

#include <charconv>
#include <optional>

namespace ingot {

namespace {

/// Of a key such as `site/7/notify`.
std::optional<std::int64_t> site_of(std::string_view key) {
  constexpr auto before = std::string_view{"site/"};
  auto id = std::int64_t{0};
  if (!key.starts_with(before))
    return std::nullopt;
  const auto [end, error] = std::from_chars(key.data() + before.size(), key.data() + key.size(), id);
  if (error != std::errc{} || drupal::notify_job_key(id) != key)
    return std::nullopt;
  return id;
}

} // namespace

job_outcome notify_site(const claimed_job& job, const node_context& context) {
  const auto site = site_of(job.lease.key);
  if (!site)
    return job_failed_for_good{"the key of a " + std::string{drupal::notify_job_kind} + " job must be such as site/7/notify"};
  try {
    const auto to = storage::find_site_webhook(*context.open_connection(), *site);
    if (!to)
      return job_succeeded{R"({"skipped":"the site has no webhook any more"})"};
    const auto secret = master_keys{context.config}.open(to->sealed_secret, storage::webhook_secret_place(*site));
    const auto key = standard_webhooks::parse_secret(secret);
    if (!key)
      return job_failed_for_good{"the webhook's secret is none: set it anew (ingot sites notify)"};
    return post_webhook(job, {to->url, *key}, context);
  } catch (const unsealable& e) {
    return job_failed_for_now{e.what()}; // another node may have the key
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

} // namespace ingot

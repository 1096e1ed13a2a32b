#include "actors/site_notifier.hpp"

#include "config/secrets.hpp"
#include "model/drupal/site_event.hpp"
#include "model/json_object.hpp"
#include "model/standard_webhooks.hpp"
#include "net/client/client.hpp"
#include "storage/site_webhooks.hpp"

#include <charconv>
#include <optional>

namespace ingot {

namespace {

/// What a receiver answers is of no interest beyond its status.
constexpr std::size_t answer_bytes_max = 4 * 1024;

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

client::request signed_request(const claimed_job& job, const storage::site_webhook& to, const std::string& key,
                               const node_context& context) {
  const auto id = "msg_" + std::to_string(job.lease.id);
  const auto now_s = std::chrono::floor<std::chrono::seconds>(context.now()).time_since_epoch().count();
  auto out = client::request{};
  out.method = "POST";
  out.url = to.url;
  out.body = job.payload;
  out.headers = {{"Content-Type", "application/json"},
                 {"User-Agent", "ingot/" INGOT_VERSION},
                 {"webhook-id", id},
                 {"webhook-timestamp", std::to_string(now_s)},
                 {"webhook-signature", standard_webhooks::sign(key, id, now_s, job.payload)}};
  out.timeout = context.config.notify.timeout;
  out.answer_bytes_max = answer_bytes_max;
  out.private_addresses = context.config.notify.private_addresses;
  return out;
}

job_outcome judge_status(unsigned status) {
  if (status >= 200 && status < 300)
    return job_succeeded{json_object{}.add("http_status", status).text()};
  const auto why = "the webhook answered " + std::to_string(status);
  if (status == 410)
    return job_failed_for_good{why + ": it is gone for good"};
  return job_failed_for_now{why};
}

job_outcome post(const client::request& x) {
  try {
    return judge_status(client::perform(x).status);
  } catch (const client::no_response& e) {
    const auto why = std::string{"the webhook was not reached: "} + e.what();
    if (e.kind() == client::trouble::no_answer)
      return job_failed_for_now{why};
    return job_failed_for_good{why};
  }
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
    const auto secret = sealing_of(context.config).open(to->sealed_secret, storage::webhook_secret_place(*site));
    const auto key = standard_webhooks::parse_secret(secret);
    if (!key)
      return job_failed_for_good{"the webhook's secret is none: set it anew (ingot sites notify)"};
    return post(signed_request(job, *to, *key, context));
  } catch (const unsealable& e) {
    return job_failed_for_now{e.what()}; // another node may have the key
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

job_handler site_notifications(caf::actor_system& system, const node_context& context) {
  return [&system, &context](job_ptr job) {
    system.spawn<caf::detached>(
        [&context, job = std::move(job)](caf::event_based_actor*) { (*job->answer)(notify_site(job->job, context)); });
  };
}

} // namespace ingot

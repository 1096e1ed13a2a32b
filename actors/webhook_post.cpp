#include "actors/webhook_post.hpp"

#include "model/json_object.hpp"
#include "model/standard_webhooks.hpp"
#include "net/client/client.hpp"

namespace ingot {

namespace {

/// What a receiver answers is of no interest beyond its status.
constexpr std::size_t answer_bytes_max = 4 * 1024;

client::request signed_request(const claimed_job& job, const webhook_receiver& to, const node_context& context) {
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
                 {"webhook-signature", standard_webhooks::sign(to.key, id, now_s, job.payload)}};
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

} // namespace

job_outcome post_webhook(const claimed_job& job, const webhook_receiver& to, const node_context& context) {
  try {
    return judge_status(client::perform(signed_request(job, to, context)).status);
  } catch (const client::no_response& e) {
    const auto why = std::string{"the webhook was not reached: "} + e.what();
    if (e.kind() == client::trouble::no_answer)
      return job_failed_for_now{why};
    return job_failed_for_good{why};
  }
}

job_outcome post_webhook(const claimed_job& job, const configured_webhook& to, const node_context& context) {
  const auto name = std::string{to.name};
  if (to.url.empty())
    return job_succeeded{json_object{}.add("skipped", "no " + name + "_url is set").text()};
  const auto key = standard_webhooks::parse_secret(to.secret);
  if (!key)
    return job_failed_for_now{name + "_secret is none: whsec_ and base64 of 24 to 64 bytes"};
  return post_webhook(job, webhook_receiver{to.url, *key}, context);
}

} // namespace ingot

#include "net/routes/stripe.hpp"

#include "model/json_object.hpp"
#include "model/stripe/signature.hpp"
#include "net/bridge.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace ingot::routes {

namespace {

/// Keyed contexts are not shared between threads; each I/O thread keys its own once.
const std::vector<hmac_sha256>& keys_of_thread(const stripe_settings& of) {
  thread_local auto keyed_for = static_cast<const stripe_settings*>(nullptr);
  thread_local auto keys = std::vector<hmac_sha256>{};
  if (std::exchange(keyed_for, &of) != &of) {
    keys.clear();
    for (const auto* secret : {&of.webhook_secret, &of.webhook_secret_previous})
      if (!secret->empty())
        keys.emplace_back(*secret);
  }
  return keys;
}

std::string_view status_of(const stripe_in_hand& x, bool spooled) {
  return spooled ? "spooled" : to_string(x.outcome);
}

http::response answer_of(const stripe_in_hand& x, const failure& why, bool spooled) {
  if (why.code != fault::none)
    return http::refusal(why, x.request_id);
  auto answer = http::response{};
  answer.body = json_object{}.add("received", true).add("status", status_of(x, spooled)).text();
  return answer;
}

void count_and_log(const services& what, const stripe_in_hand& x, const failure& why, bool spooled) {
  const auto taken = why.code == fault::none;
  const auto outcome = taken ? status_of(x, spooled) : to_string(delivery_outcome::failed);
  what.context->counters.intake_items.at({"stripe", outcome}).add();
  const auto unusual = !taken || x.outcome == delivery_outcome::failed;
  if (!unusual && !log::enabled(log::level::debug))
    return;
  log::write(unusual ? log::level::warn : log::level::debug, taken ? "stripe event taken" : "stripe event not taken",
             {{"request_id", x.request_id},
              {"delivery", x.kept.id},
              {"stripe_event", x.kept.event},
              {"outcome", outcome},
              {"reason", taken ? x.what.unusable : why.message}});
}

} // namespace

void take_stripe_webhook(const services& what, http::request req, path_parameters, http::responder done) {
  const auto refuse = [&](const failure& why) {
    audit_refusal(what, req.head, why);
    done(http::refusal(why, req.head.request_id));
  };
  const auto& config = what.context->config.stripe;
  const auto verdict =
      stripe::verify_signature(keys_of_thread(config), req.head["stripe-signature"], req.body, req.received_at, config.tolerance);
  if (verdict.code != fault::none) {
    what.context->counters.verify_failures.at({"stripe", to_string(verdict.code)}).add();
    return refuse({verdict.code, verdict.reason, {{"stripe-signature", "expected: t=<unix seconds>,v1=<HMAC of the raw body>"}}});
  }
  auto parsed = stripe::parse_event(req.body, req.body.capacity() - req.body.size());
  if (const auto* why = std::get_if<failure>(&parsed))
    return refuse(*why);
  auto x = std::make_shared<stripe_in_hand>();
  x->what = std::move(std::get<stripe::event>(parsed));
  x->kept = storage::stripe_delivery(x->what, req.body, req.received_at, storage::stripe_road::webhook);
  x->request_id = req.head.request_id;
  x->answer = [&what, to = std::make_shared<http::responder>(std::move(done))](const stripe_in_hand& end, const failure& why,
                                                                               bool spooled) {
    count_and_log(what, end, why, spooled);
    (*to)(answer_of(end, why, spooled));
  };
  bridge::submit(std::move(x));
}

} // namespace ingot::routes

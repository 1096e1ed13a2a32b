#include "net/routes/github.hpp"

#include "model/compression.hpp"
#include "model/github/webhook.hpp"
#include "model/json_write.hpp"
#include "model/signature.hpp"
#include "net/bridge.hpp"
#include "net/routes/media_type.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

/// GitHub's ids are UUIDs; others sign deliveries too, with ids of their own.
constexpr auto delivery_id_max = std::size_t{255};

/// One endpoint's live keys.
struct endpoint_keys {
  std::string name;
  std::vector<hmac_sha256> keys;
};

/// Keyed contexts are not shared between threads; each I/O thread keys its own once.
const std::vector<endpoint_keys>& keys_of_thread(const std::vector<github_endpoint>& endpoints) {
  thread_local auto of = static_cast<const std::vector<github_endpoint>*>(nullptr);
  thread_local auto keyed = std::vector<endpoint_keys>{};
  if (of != &endpoints) {
    of = &endpoints;
    keyed.clear();
    for (const auto& x : endpoints) {
      auto& added = keyed.emplace_back();
      added.name = x.name;
      for (const auto* secret : {&x.secret, &x.secret_previous})
        if (!secret->empty())
          added.keys.emplace_back(*secret);
    }
  }
  return keyed;
}

/// Whose secret signed it? All are tried, always.
std::variant<std::string, fault> signer(const services& what, const http::request& req) {
  const auto header = req.head["x-hub-signature-256"];
  auto found = std::string{};
  auto why = header.empty() ? fault::missing_signature : fault::bad_signature;
  for (const auto& x : keys_of_thread(what.context->config.github))
    if (verify_github_signature(x.keys, header, req.body) == fault::none && std::exchange(why, fault::none) != fault::none)
      found = x.name;
  if (why != fault::none)
    return why;
  return found;
}

failure signature_failure(fault code, const http::request_head& head) {
  if (code == fault::bad_signature)
    return {
        code, "no live secret signs this body so", {{"x-hub-signature-256", "expected: sha256= and the HMAC of the raw body"}}};
  return {code,
          head.has("x-hub-signature") ? "X-Hub-Signature (SHA-1) alone is not enough" : "the delivery is not signed",
          {{"x-hub-signature-256", "expected, and absent"}}};
}

bool is_printable(std::string_view x) {
  return std::all_of(x.begin(), x.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

/// The headers that a delivery must have.
std::optional<failure> missing_headers(const http::request_head& head) {
  auto why = failure{fault::missing_header, "a header is missing or malformed", {}};
  for (const auto* name : {"x-github-event", "x-github-delivery"}) {
    const auto value = head[name];
    if (value.empty())
      why.details.push_back({name, "expected, and absent"});
    else if (value.size() > delivery_id_max || !is_printable(value))
      why.details.push_back({name, "expected: at most 255 printable ASCII characters without blanks"});
  }
  if (why.details.empty())
    return std::nullopt;
  return why;
}

delivery envelope(const http::request& req, const github::event& what, std::string endpoint) {
  auto x = delivery{};
  x.endpoint = std::move(endpoint);
  x.id = req.head["x-github-delivery"];
  x.event = what.name;
  x.action = what.action;
  x.content_type = without_parameters(req.head["content-type"]);
  const auto hook = req.head["x-github-hook-id"];
  std::from_chars(hook.data(), hook.data() + hook.size(), x.hook_id);
  if (what.repository) {
    x.repository_id = what.repository->id;
    x.repository = what.repository->full_name;
  }
  x.installation_id = what.installation_id.value_or(0);
  x.received_at = req.received_at;
  x.body_bytes = static_cast<std::uint32_t>(req.body.size());
  x.body = compress(req.body);
  return x;
}

void count_and_log(const services& what, const delivery& x, const receipt& end, std::string_view request_id) {
  what.context->counters.count_delivery(x.event, end.outcome);
  const auto stored = end.why.code == fault::none;
  if (stored && !log::enabled(log::level::debug))
    return;
  log::write(stored ? log::level::debug : log::level::warn, stored ? "delivery taken" : "delivery not taken",
             {{"request_id", request_id},
              {"delivery", x.id},
              {"github_event", x.event},
              {"repository", x.repository},
              {"outcome", to_string(end.outcome)},
              {"reason", end.why.message}});
}

} // namespace

std::optional<failure> refuse_github_head(const services& what, const http::request_head& head) {
  const auto& endpoints = what.context->config.github;
  if (std::none_of(endpoints.begin(), endpoints.end(),
                   [](const auto& x) { return !x.secret.empty() || !x.secret_previous.empty(); }))
    return failure{
        fault::not_configured,
        "no GitHub webhook secret is configured, so nothing is accepted; set GITHUB_WEBHOOK_SECRET or [[github.endpoint]]",
        {}};
  const auto type = head["content-type"];
  if (!is_media_type(type, "application/json") && !is_media_type(type, "application/x-www-form-urlencoded"))
    return failure{fault::unsupported_media_type,
                   "this content type is not read here",
                   {{"content-type", "expected: application/json or application/x-www-form-urlencoded"}}};
  return std::nullopt;
}

http::response answer_of(const receipt& x, std::string_view delivery_id, std::string_view request_id) {
  if (x.why.code != fault::none)
    return http::refusal(x.why, request_id);
  auto answer = http::response{};
  answer.body = "{\"status\":\"";
  answer.body += to_string(x.outcome);
  answer.body += "\",\"delivery\":";
  append_json_string(answer.body, delivery_id);
  answer.body += '}';
  return answer;
}

void take_github_webhook(const services& what, http::request req, path_parameters, http::responder done) {
  const auto refuse = [&](const failure& why) {
    audit_refusal(what, req.head, why);
    done(http::refusal(why, req.head.request_id));
  };
  auto signed_by = signer(what, req);
  if (const auto* code = std::get_if<fault>(&signed_by)) {
    what.context->counters.verify_failures.at({"github", to_string(*code)}).add();
    return refuse(signature_failure(*code, req.head));
  }
  if (const auto why = missing_headers(req.head))
    return refuse(*why);
  const auto format = github::format_of(req.head["content-type"]);
  auto parsed = github::parse_webhook(req.head["x-github-event"], format, req.body, req.body.capacity() - req.body.size());
  if (const auto* why = std::get_if<failure>(&parsed))
    return refuse(*why);
  auto taken = std::make_shared<delivery_in_hand>();
  taken->event = std::move(std::get<github::event>(parsed));
  taken->kept = envelope(req, taken->event, std::move(std::get<std::string>(signed_by)));
  const auto* kept = &taken->kept; // lives as long as the reply, which travels with it
  bridge::submit(std::move(taken), [&what, kept, request_id = std::move(req.head.request_id),
                                    to = std::make_shared<http::responder>(std::move(done))](const receipt& end) {
    count_and_log(what, *kept, end, request_id);
    (*to)(answer_of(end, kept->id, request_id));
  });
}

} // namespace ingot::routes

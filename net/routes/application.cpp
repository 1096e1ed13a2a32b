#include "net/routes/application.hpp"

#include "model/signature.hpp"
#include "net/bridge.hpp"
#include "net/routes/credentials.hpp"
#include "net/routes/github.hpp"
#include "net/routes/person.hpp"
#include "net/routes/site_caller.hpp"
#include "net/routes/turn.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace ingot::routes {

namespace {

/// `{path*}` takes all that what follows it in the pattern leaves: several segments, none of them missing.
bool fits_open_end(std::string_view behind, std::string_view path, path_parameters* out) {
  if (path.size() <= behind.size() || !path.ends_with(behind))
    return false;
  if (out != nullptr)
    out->emplace_back(path.substr(0, path.size() - behind.size()));
  return true;
}

/// Does `path` fit `pattern`? The open segments go to `out`.
bool fits(std::string_view pattern, std::string_view path, path_parameters* out) {
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() == '{') {
      const auto name_end = pattern.find('}');
      if (pattern[name_end - 1] == '*')
        return fits_open_end(pattern.substr(name_end + 1), path, out);
      const auto end = std::min(path.find('/'), path.size());
      if (end == 0)
        return false;
      if (out != nullptr)
        out->emplace_back(path.substr(0, end));
      path.remove_prefix(end);
      pattern.remove_prefix(pattern.find('}') + 1);
    } else if (pattern.front() != path.front()) {
      return false;
    } else {
      pattern.remove_prefix(1);
      path.remove_prefix(1);
    }
  }
  return pattern.empty() && path.empty();
}

const route* find_route(std::string_view method, std::string_view path, path_parameters* out = nullptr) {
  for (const auto& x : table()) {
    if (x.method == method && fits(x.path, path, out))
      return &x;
    if (out != nullptr)
      out->clear(); // what a pattern found before it failed
  }
  return nullptr;
}

std::string methods_of(std::string_view path) {
  auto methods = std::string{};
  for (const auto& x : table())
    if (fits(x.path, path, nullptr)) {
      methods += methods.empty() ? "" : ", ";
      methods += x.method;
      if (x.method == "GET")
        methods += ", HEAD";
    }
  return methods;
}

failure unknown(const http::request_head& head, const std::string& methods) {
  if (methods.empty())
    return {fault::not_found, "there is nothing at this path; GET /openapi.json lists what there is", {}};
  return {fault::method_not_allowed, "this path does not take " + head.method + "; it takes " + methods, {}};
}

/// Pages in a browser must not reach any door with their visitor's network position.
std::optional<failure> refuse_browser(const http::request_head& head) {
  for (const auto* name : {"origin", "sec-fetch-site"})
    if (head.has(name))
      return failure{fault::forbidden, "requests from browsers are refused here", {{name, "must be absent"}}};
  return std::nullopt;
}

/// What pages in browsers may come to.
std::optional<failure> refuse_page(const http::request_head& head, const route* to) {
  if (to == nullptr)
    return refuse_browser(head);
  switch (to->who) {
  case door::health:
  case door::visitor:
  case door::page:
    return std::nullopt;
  case door::open: // what the console shows of it
  case door::sign_in:
  case door::reviewer:
  case door::admin:
    return refuse_foreign_page(head);
  default:
    return refuse_browser(head);
  }
}

/// So much of a body is read of a sender that presents no key at all where one is needed.
constexpr std::size_t keyless_body_max = std::size_t{64} * 1024;

/// A chunked body announces no size.
bool announces_at_most(const http::request_head& head, std::size_t bytes) {
  const auto length = head["content-length"];
  auto announced = std::size_t{0};
  std::from_chars(length.data(), length.data() + length.size(), announced);
  return !head.has("transfer-encoding") && announced <= bytes;
}

/// Without any key a large body is not even read. A small one goes the way of an unknown key, so that both take the same time.
std::optional<failure> refuse_keyless(const http::request_head& head) {
  if (!presented_key(head).empty() || announces_at_most(head, keyless_body_max))
    return std::nullopt;
  return no_known_key();
}

/// Does `given` equal one of two live secrets? Both are compared, always.
bool is_live(std::string_view given, const std::string& secret, const std::string& previous) {
  const auto first = !secret.empty() && equal_in_constant_time(given, secret);
  const auto second = !previous.empty() && equal_in_constant_time(given, previous);
  return first || second;
}

/// A door whose callers show a secret in a header of their own.
std::optional<failure> refuse_without_secret(const http::request_head& head, const char* header, const std::string& secret,
                                             const std::string& previous, const char* setting) {
  if (secret.empty() && previous.empty())
    return failure{fault::not_configured, std::string{"nothing is accepted here until "} + setting + " is set", {}};
  if (is_live(head[header], secret, previous))
    return std::nullopt;
  return failure{fault::unauthorized,
                 "this path needs a live secret",
                 {{header, head.has(header) ? "is none that is live" : "expected, and absent"}}};
}

std::optional<failure> refuse_at_door(const services& what, const http::request_head& head, door at) {
  const auto& config = what.context->config;
  switch (at) {
  case door::github:
    return refuse_github_head(what, head);
  case door::stripe:
    if (config.stripe.webhook_secret.empty() && config.stripe.webhook_secret_previous.empty())
      return failure{fault::not_configured, "nothing is accepted here until STRIPE_WEBHOOK_SECRET is set", {}};
    return std::nullopt;
  case door::application:
    return refuse_without_secret(head, "x-app-token", config.application.token, config.application.token_previous,
                                 "INGEST_APP_TOKEN");
  case door::cron:
    return refuse_without_secret(head, "x-cron-secret", config.cron.secret, config.cron.secret_previous, "CRON_SECRET");
  case door::site:
    return refuse_keyless(head);
  case door::reviewer:
  case door::admin:
    return refuse_nobody(head, config);
  case door::user: // takes small bodies only
  case door::page:
  case door::sign_in:
  case door::health:
  case door::visitor:
  case door::open:
    break;
  }
  return std::nullopt;
}

request_limiter* limiter_of(const services& what, metered share) {
  switch (share) {
  case metered::events:
    return what.events_limit.get();
  case metered::crawl:
    return what.crawl_limit.get();
  case metered::sign_ins:
    return what.sign_ins_limit.get();
  case metered::submissions:
    return what.submissions_limit.get();
  case metered::validations:
    return what.validations_limit.get();
  case metered::registry:
    return what.registry_limit.get();
  case metered::no:
    break;
  }
  return nullptr;
}

/// Tells of the limit on every answer, and refuses what is past it.
void meter(const services& what, const http::request_head& head, const request_limiter::verdict& x, http::admission& to) {
  if (x.limit == 0)
    return;
  to.fields.insert(to.fields.end(), {{"ratelimit-limit", std::to_string(x.limit)},
                                     {"ratelimit-remaining", std::to_string(x.remaining)},
                                     {"ratelimit-reset", std::to_string(x.reset.count())},
                                     {"ratelimit-policy", std::to_string(x.limit) + ";w=60"}});
  if (x.allowed)
    return;
  const auto why = failure{fault::rate_limited,
                           "this address has used up its requests of this minute",
                           {{"retry-after", std::to_string(x.retry_in.count()) + " seconds"}}};
  audit_refusal(what, head, why);
  to.refusal = http::refusal(why, head.request_id);
  http::set_field(*to.refusal, "retry-after", std::to_string(x.retry_in.count()));
}

/// Headers are a stranger's text: a line of the log holds so much of one.
constexpr std::size_t log_value_max = 128;

} // namespace

http::admission application::admit(const http::request_head& head) {
  const auto refuse = [&](const failure& why) { return http::admission{0, http::refusal(why, head.request_id), {}}; };
  const auto* to = find_route(head.method, head.path);
  if (const auto why = refuse_page(head, to)) {
    audit_refusal(services_, head, *why);
    return refuse(*why);
  }
  if (to == nullptr) {
    const auto methods = methods_of(head.path);
    auto refused = refuse(unknown(head, methods));
    if (!methods.empty())
      refused.refusal->fields.emplace_back("allow", methods);
    return refused;
  }
  auto why = refuse_at_door(services_, head, to->who);
  if (why) {
    audit_refusal(services_, head, *why);
    return refuse(*why);
  }
  auto admitted = http::admission{};
  if (is_for_people(to->who) || to->who == door::sign_in)
    admitted.fields = {{"cache-control", "no-store"}, {"x-content-type-options", "nosniff"}};
  if (auto* limit = limiter_of(services_, to->share); limit != nullptr)
    meter(services_, head, limit->take(client_of(services_, head), services_.context->now()), admitted);
  if (admitted.refusal)
    return admitted;
  const auto& config = services_.context->config;
  const auto of_door = to->who == door::site ? config.sites.body_bytes_max : config.server.body_bytes_max;
  admitted.body_bytes_max = std::min({to->body_bytes_max, config.server.body_bytes_max, of_door});
  admitted.from = sender_of(services_, head, *to);
  return admitted;
}

void application::handle(http::request req, http::responder done) {
  auto parameters = path_parameters{};
  const auto* to = find_route(req.head.method, req.head.path, &parameters); // admit() found it
  if (is_for_people(to->who))
    return with_person(services_, *to, std::move(req), std::move(parameters), std::move(done));
  to->handle(services_, std::move(req), std::move(parameters), std::move(done));
}

void application::end_turn() {
  bridge::hand_over(*services_.context);
}

void audit_refusal(const services& what, const http::request_head& head, const failure& why) {
  auto places = std::string{};
  for (const auto& x : why.details)
    places += (places.empty() ? "" : ", ") + x.pointer;
  log::info("request refused", {{"request_id", head.request_id},
                                {"remote", head.remote_address},
                                {"path", head.path},
                                {"delivery", head["x-github-delivery"].substr(0, log_value_max)},
                                {"github_event", head["x-github-event"].substr(0, log_value_max)},
                                {"code", to_string(why.code)},
                                {"reason", why.message},
                                {"at", places}});
  if (const auto handles = what.context->handles.load())
    bridge::tell(handles->auditor, audit_atom_v,
                 audit_line{"remote " + head.remote_address, "request refused", std::string{pattern_of(head.method, head.path)},
                            std::string{to_string(why.code)}, head.request_id});
}

std::string_view pattern_of(std::string_view method, std::string_view path) {
  const auto* found = find_route(method, path);
  return found == nullptr ? "other" : found->path;
}

} // namespace ingot::routes

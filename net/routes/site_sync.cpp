#include "net/routes/site_sync.hpp"

#include "actors/sync_log.hpp"
#include "config/secrets.hpp"
#include "net/bridge.hpp"
#include "net/routes/field_text.hpp"
#include "net/routes/media_type.hpp"
#include "net/routes/preferences.hpp"
#include "net/routes/site_caller.hpp"
#include "net/routes/site_json.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

bool is_gzip(std::string_view coding) {
  return equal_in_any_case(coding, "gzip");
}

std::optional<failure> refuse_head(const http::request_head& head) {
  const auto type = head["content-type"];
  if (!is_media_type(type, "application/json"))
    return failure{
        fault::unsupported_media_type, "this content type is not read here", {{"content-type", "expected: application/json"}}};
  const auto coding = head["content-encoding"];
  if (!coding.empty() && !is_gzip(coding) && !equal_in_any_case(coding, "identity"))
    return failure{fault::unsupported_media_type,
                   "this content coding is not read here",
                   {{"content-encoding", "expected: gzip, identity or none"}}};
  return std::nullopt;
}

failure failure_of(const sync_in_hand& x) {
  switch (x.verdict) {
  case storage::site_verdict::taken:
    return {};
  case storage::site_verdict::no_site:
    return {fault::not_found, "there is no such site", {{"site_id", "`ingot sites list` shows what there is"}}};
  case storage::site_verdict::disabled:
    return {fault::forbidden, "this site is disabled", {}};
  case storage::site_verdict::key_revoked:
    return no_known_key();
  case storage::site_verdict::rate_limited:
    return {fault::rate_limited, "this site has used up its syncs of the last hour", {}};
  case storage::site_verdict::base_differs:
    return {
        fault::conflict,
        "the state that this difference stands on is not the present one; send a full sync, or a difference to the present one",
        {{"/base_hash", "expected: " + x.result.state_hash}}};
  case storage::site_verdict::too_many:
    return {fault::invalid_fields,
            "this site has named more modules than it may; ask the operator (sites.modules_known_max)",
            {{"/modules", "expected no further names"}}};
  case storage::site_verdict::busy:
    break; // the SITE WRITER has refused it
  }
  return {fault::internal, "an unknown verdict", {}};
}

http::response answer_of(const sync_in_hand& x, const failure& why) {
  if (why.code != fault::none) {
    auto refused = http::refusal(why, x.request_id);
    if (x.verdict == storage::site_verdict::base_differs) {
      refused.body.pop_back();
      refused.body += ",\"state_hash\":" + json_string(x.result.state_hash) + '}';
    }
    return refused;
  }
  auto answer = http::response{};
  if (x.as_job) {
    const auto id = std::to_string(x.job_id);
    answer.status = 202;
    answer.body =
        "{\"success\":true,\"job_id\":\"" + id + "\",\"site_id\":" + std::to_string(x.site_id) + ",\"status\":\"pending\"}";
    answer.fields.emplace_back("location", "/api/v1/jobs/" + id);
  } else {
    answer.body = drupal::to_json(x.result);
  }
  return answer;
}

void add_fields(http::response& answer, const sync_in_hand& x, const failure& why, unsigned limit) {
  if (why.code == fault::none && x.lenient)
    answer.fields.emplace_back("preference-applied", "handling=lenient");
  if (why.code == fault::none && x.as_job && x.deferred)
    answer.fields.emplace_back("preference-applied", "respond-async");
  // What was let in and then came to nothing (a difference to another state) does not count.
  const auto in_vain = why.code != fault::none && x.verdict != storage::site_verdict::rate_limited && x.rate_used > 0;
  const auto used = x.rate_used - (in_vain ? 1 : 0);
  const auto reset = std::to_string(x.rate_reset.count());
  if (limit > 0 && x.rate_reset.count() > 0) {
    answer.fields.emplace_back("ratelimit-limit", std::to_string(limit));
    answer.fields.emplace_back("ratelimit-remaining", std::to_string(limit - std::min<std::size_t>(limit, used)));
    answer.fields.emplace_back("ratelimit-reset", reset);
    answer.fields.emplace_back("ratelimit-policy", std::to_string(limit) + ";w=3600");
  }
  if (why.code == fault::rate_limited)
    http::set_field(answer, "retry-after", reset);
}

std::string new_sync_id(timestamp at) {
  const auto random = random_bytes();
  auto some = std::array<std::uint8_t, 10>{};
  std::copy_n(random.begin(), some.size(), some.begin());
  return drupal::uuid_v7(at, some);
}

sync_ptr sync_of(const services& what, const site_request_ptr& x, std::int64_t site_id) {
  const auto& head = x->request.head;
  const auto wanted = parse_preferences(head["prefer"]);
  auto sync = std::make_shared<sync_in_hand>();
  sync->site_id = site_id;
  sync->key_id = x->caller.key_id;
  sync->received_at = x->request.received_at;
  sync->started = std::chrono::steady_clock::now();
  sync->sync_id = new_sync_id(x->request.received_at);
  sync->body = std::move(x->request.body);
  sync->packed = is_gzip(head["content-encoding"]);
  sync->lenient = wanted.lenient;
  sync->deferred = wanted.respond_async;
  sync->request_id = head.request_id;
  sync->answer = [&what, x](const sync_in_hand& end, const failure& problem) {
    const auto why = problem.code != fault::none ? problem : failure_of(end);
    if (end.verdict == storage::site_verdict::key_revoked)
      what.keys->forget(end.key_id);
    log_sync(*what.context, end, why);
    auto answer = answer_of(end, why);
    add_fields(answer, end, why, what.context->config.sites.syncs_per_hour);
    x->done(std::move(answer));
  };
  return sync;
}

} // namespace

void take_site_sync(const services& what, http::request req, path_parameters site_id, http::responder done) {
  with_caller_of_site(what, std::move(req), std::move(site_id), std::move(done),
                      [&what](const site_request_ptr& x, std::int64_t id) {
                        if (const auto why = refuse_head(x->request.head))
                          return x->refuse(what, *why);
                        const auto handles = what.context->handles.load();
                        if (!handles)
                          return x->refuse(what, {fault::stopping, "the node stops", {}});
                        const auto& parsers = handles->site_parsers;
                        bridge::tell(parsers[static_cast<std::size_t>(id) % parsers.size()], sync_atom_v, sync_of(what, x, id));
                      });
}

} // namespace ingot::routes

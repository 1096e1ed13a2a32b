#include "net/routes/site_caller.hpp"

#include "model/signature.hpp"
#include "net/bridge.hpp"
#include "net/routes/credentials.hpp"
#include "storage/sites.hpp"

#include <charconv>
#include <string>
#include <utility>

namespace ingot::routes {

namespace {

void go_on(const services& what, const site_request_ptr& x, const std::optional<api_key_holder>& holder,
           const std::function<void(const site_request_ptr&)>& then) {
  if (!holder || holder->revoked)
    return x->refuse(what, no_known_key());
  if (holder->site_disabled)
    return x->refuse(what, {fault::forbidden, "this site is disabled", {}});
  x->caller = {holder->key_id, holder->site_id};
  then(x);
}

} // namespace

void site_request::refuse(const services& what, const failure& why) {
  audit_refusal(what, request.head, why);
  done(http::refusal(why, request.head.request_id));
}

failure no_known_key() {
  return {fault::unauthorized,
          "this path needs the API key of a site",
          {{"x-api-key", "expected: a key as `ingot keys create` prints it, here or as Authorization: Bearer"}}};
}

void with_caller(const services& what, http::request req, path_parameters parameters, http::responder done,
                 std::function<void(const site_request_ptr&)> then) {
  const auto key = std::string{presented_key(req.head)};
  auto x = std::make_shared<site_request>(site_request{std::move(req), std::move(parameters), {}, std::move(done)});
  const auto& admin_token = what.context->config.admin_token;
  const auto has_token = !admin_token.empty() && equal_in_constant_time(key, admin_token);
  if (x->request.by.is_admin || has_token) // of a route for people the door has found out
    return then(x);
  auto hash = api_key_hash(key);
  const auto now = what.context->now();
  if (const auto known = what.keys->find(hash, now))
    return go_on(what, x, known, then);
  // No key goes the same way as an unknown one.
  bridge::run_query(*what.context, {[&what, x, hash, now, then](storage::connection& db) {
                                      const auto holder = storage::find_key(db, hash, now);
                                      if (holder && !holder->revoked && !holder->site_disabled)
                                        what.keys->remember(hash, *holder, now);
                                      go_on(what, x, holder, then);
                                    },
                                    [&what, x](const failure& why) { x->refuse(what, why); }});
}

void with_caller_of_site(const services& what, http::request req, path_parameters parameters, http::responder done,
                         std::function<void(const site_request_ptr&, std::int64_t)> then) {
  with_caller(
      what, std::move(req), std::move(parameters), std::move(done), [&what, then = std::move(then)](const site_request_ptr& x) {
        const auto id = parse_site_id(x->parameters.front());
        if (!x->caller.is_admin() && id != x->caller.site_id)
          return x->refuse(what, {fault::forbidden, "this key is another site's", {{"site_id", "expected: the key's own site"}}});
        if (!id)
          return x->refuse(what, {fault::not_found, "there is no such site", {{"site_id", "expected: a whole number"}}});
        then(x, *id);
      });
}

std::optional<std::int64_t> parse_site_id(std::string_view text) {
  auto id = std::int64_t{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id < 1 || id > storage::site_id_max)
    return std::nullopt;
  return id;
}

} // namespace ingot::routes

#include "net/routes/user_caller.hpp"

#include "model/signature.hpp"
#include "net/bridge.hpp"
#include "net/routes/credentials.hpp"
#include "net/routes/query_parameters.hpp"
#include "storage/refused_change.hpp"
#include "storage/user_keys.hpp"

#include <optional>
#include <utility>

namespace ingot::routes {

namespace {

using continuation = std::function<void(const user_request_ptr&)>;

constexpr std::string_view name_of_user = "userId";

failure no_user_key() {
  return {fault::unauthorized,
          "this path needs the API key of a user",
          {{"authorization", "expected: Bearer and a key as `ingot users add-key` prints it"}}};
}

/// Takes the parameter userId out of a query. Throws storage::refused_change when it comes twice or is none.
std::optional<std::string> take_user_id(std::string& query) {
  auto out = std::optional<std::string>{};
  auto rest = std::string{};
  for (auto left = std::string_view{query}; !left.empty();) {
    const auto part = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(part.size() + 1, left.size()));
    if (part.substr(0, part.find('=')) != name_of_user) {
      rest += (rest.empty() ? "" : "&") + std::string{part};
      continue;
    }
    const auto of_it = query_parameters{part, {name_of_user}};
    if (out)
      throw storage::refused_change{{fault::bad_parameter, "userId comes twice", {{"userId", "one value"}}}};
    out = of_it.text(name_of_user);
    if (auto wrong = out->empty() ? std::nullopt : storage::judge_user_id(*out))
      throw storage::refused_change{{fault::bad_parameter, *wrong, {{"userId", *wrong}}}};
  }
  query = std::move(rest);
  return out;
}

/// Of a user whose key was found, or of an admin.
void go_on(const services& what, const user_request_ptr& x, const continuation& then) {
  try {
    const auto named = take_user_id(x->request.head.query);
    if (named && !x->caller.is_admin() && *named != x->caller.user_id)
      return x->refuse(what, {fault::forbidden, "this key is another user's", {{"userId", "expected: the key's own user"}}});
    if (named)
      x->caller.user_id = *named;
    then(x);
  } catch (const storage::refused_change& e) {
    x->done(http::refusal(e.why(), x->request.head.request_id));
  }
}

void go_on_with_key(const services& what, const user_request_ptr& x, const std::optional<storage::user_key_holder>& holder,
                    const continuation& then) {
  if (!holder || holder->revoked)
    return x->refuse(what, no_user_key());
  x->caller = {holder->key_id, holder->user_id};
  go_on(what, x, then);
}

void answer_by(bool repeatable, const services& what, http::request req, path_parameters parameters, http::responder done,
               user_work work) {
  with_user(what, std::move(req), std::move(parameters), std::move(done),
            [&what, repeatable, work = std::move(work)](const user_request_ptr& x) {
              bridge::run_query(*what.context,
                                {[x, work](storage::connection& db) { x->done(work(db, *x)); },
                                 [x](const failure& why) { x->done(http::refusal(why, x->request.head.request_id)); },
                                 repeatable});
            });
}

} // namespace

void user_request::refuse(const services& what, const failure& why) {
  audit_refusal(what, request.head, why);
  done(http::refusal(why, request.head.request_id));
}

void with_user(const services& what, http::request req, path_parameters parameters, http::responder done, continuation then) {
  const auto key = std::string{presented_key(req.head)};
  auto x = std::make_shared<user_request>(user_request{std::move(req), std::move(parameters), {}, std::move(done)});
  const auto& admin_token = what.context->config.admin_token;
  const auto has_token = !admin_token.empty() && equal_in_constant_time(key, admin_token);
  if (x->request.by.is_admin || has_token) // of a route for people the door has found out
    return go_on(what, x, then);
  auto hash = api_key_hash(key);
  const auto now = what.context->now();
  if (const auto known = what.user_keys->find(hash, now))
    return go_on_with_key(what, x, known, then);
  // No key goes the same way as an unknown one.
  bridge::run_query(*what.context, {[&what, x, hash, now, then](storage::connection& db) {
                                      const auto holder = storage::find_user_key(db, hash, now);
                                      if (holder && !holder->revoked)
                                        what.user_keys->remember(hash, *holder, now);
                                      go_on_with_key(what, x, holder, then);
                                    },
                                    [&what, x](const failure& why) { x->refuse(what, why); }});
}

void answer_user_by_reading(const services& what, http::request req, path_parameters parameters, http::responder done,
                            user_work work) {
  answer_by(true, what, std::move(req), std::move(parameters), std::move(done), std::move(work));
}

void answer_user_by_changing(const services& what, http::request req, path_parameters parameters, http::responder done,
                             user_work work) {
  answer_by(false, what, std::move(req), std::move(parameters), std::move(done), std::move(work));
}

} // namespace ingot::routes

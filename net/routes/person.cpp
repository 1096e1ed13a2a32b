#include "net/routes/person.hpp"

#include "model/base64.hpp"
#include "model/console_session.hpp"
#include "model/signature.hpp"
#include "net/bridge.hpp"
#include "net/routes/credentials.hpp"
#include "storage/console_sessions.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

std::string_view session_of(const http::request_head& head) {
  return session_token_in(head["cookie"]);
}

/// Reading changes nothing that is worth a forgery. (A HEAD is shown as GET.)
bool changes_something(const http::request_head& head) {
  return head.method != "GET";
}

failure no_person() {
  return {fault::unauthorized,
          "this path needs the admin token, or a session of the console",
          {{"authorization", "expected: Bearer <admin token>; or sign in at /console"}}};
}

/// Made by this node, or by one of the same master key. Others are refused before they cost a question to the database.
bool is_ours(std::string_view token, const settings& config) {
  const auto now = is_session_token(token, from_base64(config.master_key).value_or(""));
  const auto before = is_session_token(token, from_base64(config.master_key_previous).value_or(""));
  return now || before;
}

/// A request whose asker is looked for.
struct held_request {
  http::request request;
  path_parameters parameters;
  http::responder done;

  void refuse(const services& what, const failure& why) {
    audit_refusal(what, request.head, why);
    done(http::refusal(why, request.head.request_id));
  }
};

/// The admin token's sessions end with it.
bool is_live(const services& what, const storage::session_holder& x, std::string_view token) {
  const auto& admin_token = what.context->config.admin_token;
  return x.reviewer_id || (!admin_token.empty() && equal_in_constant_time(x.admin_proof, admin_proof(token, admin_token)));
}

http::request_caller caller_of(const storage::session_holder& x) {
  auto out = http::request_caller{};
  out.actor = x.reviewer_id ? actor_of(x.role, x.name) : "admin";
  out.name = x.name;
  out.is_admin = x.role == person_role::admin;
  out.account_id = x.reviewer_id.value_or(0);
  out.session_id = x.id;
  return out;
}

void go_on(const services& what, const route& to, held_request& x, const std::optional<storage::session_holder>& found) {
  if (!found || !is_live(what, *found, session_of(x.request.head)))
    return x.refuse(what, no_person());
  x.request.by = caller_of(*found);
  if (to.who == door::admin && !x.request.by.is_admin)
    return x.refuse(what, {fault::forbidden, "this takes the role admin", {{"role", "is reviewer"}}});
  to.handle(what, std::move(x.request), std::move(x.parameters), std::move(x.done));
}

/// While the database is away whoever was just here may go on looking, so that the console can show that it is away.
std::optional<storage::session_holder> remembered_for(const services& what, const std::string& hash,
                                                      const http::request_head& head, const failure& why) {
  if (why.code != fault::storage_unavailable || changes_something(head))
    return std::nullopt;
  const auto now = what.context->now();
  auto out = what.sessions->find(hash, now);
  return out && out->expires_at > now ? out : std::nullopt;
}

} // namespace

std::optional<failure> refuse_foreign_page(const http::request_head& head) {
  const auto refused = [](const char* name) {
    return failure{
        fault::forbidden, "requests from pages of other origins are refused", {{name, "must name this origin or be absent"}}};
  };
  const auto site = head["sec-fetch-site"];
  const auto typed = site == "none" && !changes_something(head);
  if (head.has("sec-fetch-site") && site != "same-origin" && !typed)
    return refused("sec-fetch-site");
  if (!head.has("origin"))
    return std::nullopt;
  const auto origin = head["origin"];
  const auto scheme_end = origin.find("://");
  // A proxy may speak TLS for us, so the scheme is not ours to judge.
  if (scheme_end == std::string_view::npos || origin.substr(scheme_end + 3) != head["host"])
    return refused("origin");
  return std::nullopt;
}

std::optional<failure> refuse_nobody(const http::request_head& head, const settings& config) {
  const auto& admin_token = config.admin_token;
  if (head.has("authorization") || session_of(head).empty()) {
    if (!admin_token.empty() && equal_in_constant_time(bearer_token(head), admin_token))
      return std::nullopt;
    return no_person();
  }
  if (!is_ours(session_of(head), config))
    return no_person();
  if (!changes_something(head) || equal_in_constant_time(head["x-csrf-token"], csrf_token_of(session_of(head))))
    return std::nullopt;
  return failure{fault::forbidden,
                 "whatever changes something needs the session's CSRF token",
                 {{"x-csrf-token", "expected: `csrf` of GET /console/api/session"}}};
}

void with_person(const services& what, const route& to, http::request req, path_parameters parameters, http::responder done) {
  if (req.head.has("authorization")) {
    req.by.actor = "admin";
    req.by.is_admin = true;
    return to.handle(what, std::move(req), std::move(parameters), std::move(done));
  }
  const auto hash = session_token_hash(session_of(req.head));
  auto x = std::make_shared<held_request>(held_request{std::move(req), std::move(parameters), std::move(done)});
  bridge::run_query(*what.context, {[&what, &to, x, hash](storage::connection& db) {
                                      const auto now = what.context->now();
                                      const auto found = storage::find_session(db, hash, now);
                                      if (found)
                                        what.sessions->remember(hash, *found, now);
                                      go_on(what, to, *x, found);
                                    },
                                    [&what, &to, x, hash](const failure& why) {
                                      const auto remembered = remembered_for(what, hash, x->request.head, why);
                                      remembered ? go_on(what, to, *x, remembered) : x->refuse(what, why);
                                    }});
}

storage::operator_action action_of(const services& what, const http::request& req) {
  return {req.by.actor, what.context->now(), req.head.request_id};
}

} // namespace ingot::routes

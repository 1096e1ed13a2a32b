#include "net/routes/console_session.hpp"

#include "config/secrets.hpp"
#include "model/base64.hpp"
#include "model/console_session.hpp"
#include "model/json_object.hpp"
#include "model/sha256.hpp"
#include "model/signature.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/console_sessions.hpp"
#include "storage/refused_change.hpp"
#include "storage/reviewers.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

/// Passwords that are hashed at a time: each takes memory and a core.
constexpr auto hashings_max = 2u;

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();
constexpr auto agent_bytes_max = std::size_t{256};

/// An attempt to sign in, and its answer.
struct attempt {
  http::request request;
  sign_in said;
  http::responder done;

  void refuse(const services& what, const failure& why) {
    audit_refusal(what, request.head, why);
    done(http::refusal(why, request.head.request_id));
  }
};
using attempt_ptr = std::shared_ptr<attempt>;

/// Does not tell which of both was wrong.
failure wrong_sign_in() {
  return {fault::unauthorized, "this is no live token, or no name and password that belong together", {}};
}

/// Storable, whatever a browser calls itself.
std::string agent_of(const http::request_head& head) {
  auto out = std::string{head["user-agent"].substr(0, agent_bytes_max)};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c == 0x7F; }, '?'); // what is not ASCII is below, too
  return out;
}

/// Does the browser come by TLS? Over a proxy only the origin tells, which no page can forge.
bool is_secure(const services& what, const http::request_head& head) {
  return !what.context->config.server.tls_certificate.empty() || head["origin"].starts_with("https://");
}

http::field cookie(std::string_view name, std::string_view token, seconds life) {
  return {"set-cookie", std::string{name} + "=" + std::string{token} + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                            std::to_string(life.count()) + (name == secure_session_cookie ? "; Secure" : "")};
}

/// Forgets whichever of both the browser has.
void end_cookies(const http::request_head& head, http::response& to) {
  for (const auto name : {session_cookie, secure_session_cookie})
    if (!cookie_in(head["cookie"], name).empty())
      to.fields.push_back(cookie(name, "", seconds{0}));
}

std::string session_json(const http::request_caller& by, const std::optional<timestamp>& expires_at, std::string_view token) {
  auto out = json_object{};
  out.add_unless_empty("name", by.name).add("role", to_string(by.is_admin ? person_role::admin : person_role::reviewer));
  by.session_id == 0 ? out.add_raw("sessionId", "null") : out.add("sessionId", by.session_id);
  if (expires_at)
    out.add("expiresAt", expires_at);
  return out.add_unless_empty("csrf", token.empty() ? std::string{} : csrf_token_of(token)).text();
}

/// @param whose nothing: the admin token's
http::response begun_session(const services& what, const attempt& x, const std::optional<storage::reviewer_credentials>& whose,
                             storage::connection& db) {
  const auto& config = what.context->config;
  const auto token = make_session_token(from_base64(config.master_key).value_or(""), random_bytes());
  const auto life = std::chrono::floor<seconds>(config.console.session_timeout);
  auto session = storage::new_session{};
  session.token_hash = session_token_hash(token);
  if (whose) {
    session.reviewer_id = whose->row.id;
    session.password_hash = whose->password_hash;
  } else {
    session.admin_proof = admin_proof(token, config.admin_token);
  }
  session.actor = whose ? actor_of(whose->row.role, whose->row.name) : "admin";
  session.address = to_text(client_of(what, x.request.head));
  session.agent = agent_of(x.request.head);
  session.at = what.context->now();
  session.expires_at = session.at + life;
  auto by = http::request_caller{};
  by.session_id = storage::begin_session(db, session);
  by.name = whose ? whose->row.name : std::string{};
  by.is_admin = !whose || whose->row.role == person_role::admin;
  auto answer = json_response(session_json(by, session.expires_at, token));
  answer.fields.push_back(cookie(is_secure(what, x.request.head) ? secure_session_cookie : session_cookie, token, life));
  return answer;
}

void begin(const services& what, const attempt_ptr& x, const std::optional<storage::reviewer_credentials>& whose) {
  bridge::run_query(*what.context, {[&what, x, whose](storage::connection& db) { x->done(begun_session(what, *x, whose, db)); },
                                    [&what, x](const failure& why) { x->refuse(what, why); }, false});
}

/// Takes one of the places for hashing, and gives it back.
class hashing_place {
public:
  explicit hashing_place(std::shared_ptr<std::atomic<unsigned>> taken)
      : taken_{std::move(taken)}, ours_{taken_->fetch_add(1) < hashings_max} {}
  hashing_place(const hashing_place&) = delete;
  hashing_place& operator=(const hashing_place&) = delete;
  ~hashing_place() { taken_->fetch_sub(1); }

  bool ours() const noexcept { return ours_; }

private:
  std::shared_ptr<std::atomic<unsigned>> taken_;
  bool ours_;
};

/// Hashing takes tens of milliseconds: it is done on a thread of its own. Of a name that nobody has another hash is tried.
void verify(const services& what, const attempt_ptr& x, std::optional<storage::reviewer_credentials> who) {
  const auto place = std::make_shared<hashing_place>(what.hashings);
  if (!place->ours())
    return x->refuse(what, {fault::overloaded, "others sign in just now", {}});
  bridge::in_background(what.system, [&what, x, place, who = std::move(who)] {
    const auto matches = is_password(x->said.password, who ? who->password_hash : *what.nobodys_password);
    if (!who || !matches)
      return x->refuse(what, wrong_sign_in());
    begin(what, x, who);
  });
}

/// Each name has its shares of attempts: its digest stands for an address.
ip_address share_of(std::string_view name) {
  auto out = ip_address{.is_v6 = true};
  const auto digest = sha256(name);
  std::copy_n(digest.begin(), out.bytes.size(), out.bytes.begin());
  return out;
}

void sign_in_by_name(const services& what, const attempt_ptr& x) {
  const auto share = what.names_limit->take(share_of(x->said.name), what.context->now());
  if (!share.allowed) {
    const auto why = failure{fault::rate_limited, "too many attempts for this name", {}};
    audit_refusal(what, x->request.head, why);
    auto answer = http::refusal(why, x->request.head.request_id);
    http::set_field(answer, "retry-after", std::to_string(share.retry_in.count()));
    return x->done(std::move(answer));
  }
  bridge::run_query(*what.context,
                    {[&what, x](storage::connection& db) { verify(what, x, storage::find_reviewer(db, x->said.name)); },
                     [&what, x](const failure& why) { x->refuse(what, why); }});
}

void forget(const services& what, std::int64_t session_id) {
  what.sessions->forget_if([session_id](const storage::session_holder& x) { return x.id == session_id; });
}

/// Whose sessions somebody may see and end; nothing: everybody's.
std::optional<std::int64_t> within_reach(const http::request_caller& by) {
  return by.is_admin ? std::nullopt : std::optional{by.account_id};
}

std::string to_json(const storage::session_record& x, std::int64_t own) {
  auto out = json_object{};
  out.add("sessionId", x.id).add_unless_empty("name", x.name).add("role", to_string(x.role)).add("current", x.id == own);
  out.add("address", x.address).add("agent", x.agent).add("createdAt", std::optional{x.created_at});
  return out.add("lastSeenAt", std::optional{x.last_seen_at}).add("expiresAt", std::optional{x.expires_at}).text();
}

} // namespace

void begin_console_session(const services& what, http::request req, path_parameters, http::responder done) {
  auto said = parse_sign_in(req.body);
  const auto x = std::make_shared<attempt>(attempt{std::move(req), {}, std::move(done)});
  if (const auto* why = std::get_if<failure>(&said))
    return x->refuse(what, *why);
  x->said = std::get<sign_in>(std::move(said));
  if (x->said.token.empty())
    return sign_in_by_name(what, x);
  const auto& admin_token = what.context->config.admin_token;
  if (admin_token.empty() || !equal_in_constant_time(x->said.token, admin_token))
    return x->refuse(what, wrong_sign_in());
  begin(what, x, std::nullopt);
}

void show_console_session(const services&, http::request req, path_parameters, http::responder done) {
  const auto token = req.by.session_id == 0 ? std::string_view{} : session_token_in(req.head["cookie"]);
  done(json_response(session_json(req.by, std::nullopt, token)));
}

void end_console_session(const services& what, http::request req, path_parameters, http::responder done) {
  if (req.by.session_id == 0)
    return done(
        http::refusal({fault::conflict, "there is no session to end: this is the admin token itself", {}}, req.head.request_id));
  answer_by_changing(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    storage::end_session(db, asked.by.session_id, std::nullopt, "signed out", action_of(what, asked));
    forget(what, asked.by.session_id);
    auto answer = json_response("{}");
    end_cookies(asked.head, answer);
    return answer;
  });
}

void list_console_sessions(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto found = storage::list_sessions(db, within_reach(asked.by), what.context->now(),
                                              query.integer("after", 1, id_max, id_max), limit + 1);
    auto shown = std::vector<std::string>{};
    for (const auto& x : found)
      if (shown.size() < limit)
        shown.push_back(to_json(x, asked.by.session_id));
    return json_response(page_json("sessions", shown, found.size() > limit ? std::to_string(found[limit - 1].id) : "null"));
  });
}

void revoke_console_session(const services& what, http::request req, path_parameters session_id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, id = session_id.front()](storage::connection& db, const http::request& asked) {
                       storage::end_session(db, id_in_path(id), within_reach(asked.by), "session revoked",
                                            action_of(what, asked));
                       forget(what, id_in_path(id));
                       return json_response("{}");
                     });
}

} // namespace ingot::routes

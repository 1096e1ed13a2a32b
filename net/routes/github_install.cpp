#include "net/routes/github_install.hpp"

#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "model/base64.hpp"
#include "model/contents/provider.hpp"
#include "model/html_text.hpp"
#include "model/install_state.hpp"
#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "net/routes/user_caller.hpp"
#include "storage/credentials.hpp"
#include "storage/install_states.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

/// Ends the request, from any thread.
using answering = std::function<void(http::response)>;

answering shared(http::responder done) {
  const auto held = std::make_shared<http::responder>(std::move(done));
  return [held](http::response x) { (*held)(std::move(x)); };
}

/// The bytes of a master key; empty when there is none.
std::string key_bytes(const std::string& base64) {
  return from_base64(base64).value_or("");
}

bool is_genuine(const services& what, std::string_view token, install_purpose purpose, std::string_view user_id) {
  const auto& config = what.context->config;
  const auto now = is_signed_for(token, key_bytes(config.master_key), purpose, user_id);
  const auto before = is_signed_for(token, key_bytes(config.master_key_previous), purpose, user_id);
  return now || before;
}

/// Makes a token for a user, and remembers it.
std::string issue(const services& what, storage::connection& db, install_purpose purpose, const std::string& user_id,
                  timestamp expires_at) {
  auto token = make_install_token(key_bytes(what.context->config.master_key), purpose, user_id, expires_at, random_bytes());
  storage::keep_install_token(db, token, purpose, user_id, expires_at, what.context->now());
  return token;
}

storage::refused_change no_such_token(const char* name) {
  return storage::refused_change{{fault::forbidden,
                                  "this link is over: it counts once, and not for long. Begin again at POST "
                                  "/api/v1/github/install-links",
                                  {{name, "is unknown, was used, or is over"}}}};
}

/// Whose token it is: used up from now on. Throws storage::refused_change.
std::string use(const services& what, storage::connection& db, const std::string& token, install_purpose purpose,
                const char* name) {
  const auto end = install_token_end(token);
  if (!end || *end <= what.context->now())
    throw no_such_token(name);
  const auto user = storage::use_install_token(db, token, purpose, what.context->now());
  if (!user || !is_genuine(what, token, purpose, *user))
    throw no_such_token(name);
  return *user;
}

void check_configured(const services& what) {
  const auto& config = what.context->config.github_api;
  if (config.app_id.empty() || !what.context->verify_installer)
    throw storage::refused_change{{fault::not_configured, "this node has no GitHub App (GITHUB_APP_ID and its private key)", {}}};
  if (config.client_id.empty() || config.client_secret.empty())
    throw storage::refused_change{
        {fault::not_configured,
         "whoever installs cannot be verified: set github_api.client_id and github_api.client_secret, and let the App request "
         "user authorization during installation",
         {}}};
}

/// What GitHub refused, or that it did not answer.
failure failure_of(const contents::provider_error& e) {
  using contents::trouble;
  switch (e.kind()) {
  case trouble::gone:
  case trouble::forbidden:
    return {fault::forbidden, e.what(), {}};
  case trouble::rate_limited:
    return {fault::rate_limited, e.what(), {}};
  case trouble::permanent:
  case trouble::transient:
    break;
  }
  return {fault::upstream_failed, e.what(), {}};
}

/// Runs what asks GitHub on a thread of its own; what it throws is answered.
void in_background(const services& what, const answering& done, const std::string& request_id, std::function<void()> work) {
  bridge::in_background(what.system, [done, request_id, work = std::move(work)] {
    const auto refuse = [&](const failure& why) { done(http::refusal(why, request_id)); };
    try {
      work();
    } catch (const contents::provider_error& e) {
      refuse(failure_of(e));
    } catch (const std::exception&) {
      refuse({fault::internal, "GitHub could not be asked", {}});
    }
  });
}

void redirect(const services& what, const answering& done, const std::string& request_id, std::string state) {
  in_background(what, done, request_id, [&what, done, state = std::move(state)] {
    auto answer = http::response{};
    answer.status = 302;
    answer.body = "{}";
    answer.fields = {{"location", what.context->config.github_api.web_url + "/apps/" + what.context->app_slug() +
                                      "/installations/new?state=" + state},
                     {"cache-control", "no-store"},
                     {"referrer-policy", "no-referrer"}};
    done(std::move(answer));
  });
}

http::response page(const std::string& user_id, const github::verified_installation& x) {
  auto answer = http::response{};
  answer.content_type = "text/html; charset=utf-8";
  answer.body = "<!doctype html><html lang=\"en\"><title>Installed</title><h1>Installed</h1><p>The installation on <b>" +
                html_escaped(x.account) + "</b>, which " + html_escaped(x.installer) +
                " has made, is now at the disposal of <b>" + html_escaped(user_id.empty() ? "the node's operator" : user_id) +
                "</b>.</p><p>If that is not you, uninstall the App on GitHub.</p></html>\n";
  answer.fields = {{"content-security-policy", "default-src 'none'; frame-ancestors 'none'"},
                   {"cache-control", "no-store"},
                   {"referrer-policy", "no-referrer"},
                   {"x-content-type-options", "nosniff"}};
  return answer;
}

void keep_installation(const services& what, const answering& done, const std::string& request_id, const std::string& user_id,
                       const github::verified_installation& x) {
  bridge::run_query(
      *what.context,
      {[&what, done, user_id, x](storage::connection& db) {
         auto credential = storage::new_credential{};
         credential.user_id = user_id;
         credential.kind = github::credential_kind::installation;
         credential.account = x.account;
         credential.installation_id = x.id;
         storage::put_credential(db, master_keys{what.context->config}, credential, {"user " + user_id, what.context->now()});
         done(page(user_id, x));
       },
       [done, request_id](const failure& why) { done(http::refusal(why, request_id)); }, false});
}

/// What GitHub has sent the browser back with.
struct installed {
  std::string state, code;
  std::int64_t installation_id = 0;
};

installed read_installed(const http::request& req) {
  const auto query = query_parameters{req.head.query, {"installation_id", "state", "code", "setup_action"}};
  auto out = installed{query.text("state"), query.text("code"), 0};
  out.installation_id = query.integer("installation_id", 1, std::numeric_limits<std::int64_t>::max(), 0);
  for (const auto& [name, absent] :
       {std::pair{"installation_id", out.installation_id == 0}, {"state", out.state.empty()}, {"code", out.code.empty()}})
    if (absent)
      throw storage::refused_change{
          {fault::bad_parameter, std::string{"GitHub has sent no "} + name, {{name, "is needed; see the setup of the App"}}}};
  return out;
}

std::string to_json(const storage::credential_record& x) {
  auto out = json_object{};
  out.add("credentialId", x.id).add("userId", x.user_id).add("account", x.account);
  x.installation_id ? out.add("installationId", *x.installation_id) : out.add_raw("installationId", "null");
  out.add("state", storage::to_string(x.state)).add_unless_empty("stateReason", x.state_reason);
  return out.add("createdAt", std::optional{x.created_at}).add("updatedAt", std::optional{x.updated_at}).text();
}

} // namespace

void make_install_link(const services& what, http::request req, path_parameters none, http::responder done) {
  answer_user_by_changing(what, std::move(req), std::move(none), std::move(done), [&what](auto& db, const user_request& x) {
    check_configured(what);
    const auto end = what.context->now() + install_link_life;
    const auto path = "/github/install?link=" + issue(what, db, install_purpose::link, x.caller.user_id, end);
    auto answer = json_response(json_object{}.add("path", path).add("expiresAt", std::optional{end}).text(), 201);
    answer.fields = {{"location", path}, {"cache-control", "no-store"}};
    return answer;
  });
}

void begin_installation(const services& what, http::request req, path_parameters none, http::responder done) {
  const auto send_on = [&what](storage::connection& db, const answering& to, const std::string& request_id,
                               const std::string& user_id) {
    redirect(what, to, request_id, issue(what, db, install_purpose::state, user_id, what.context->now() + install_state_life));
  };
  if (req.head.query.find("link=") == std::string::npos)
    return with_user(what, std::move(req), std::move(none), std::move(done), [&what, send_on](const user_request_ptr& x) {
      check_configured(what);
      const auto id = x->request.head.request_id;
      const auto to = answering{[x](http::response answer) { x->done(std::move(answer)); }};
      bridge::run_query(*what.context, {[=](storage::connection& db) { send_on(db, to, id, x->caller.user_id); },
                                        [to, id](const failure& why) { to(http::refusal(why, id)); }, false});
    });
  const auto to = shared(std::move(done));
  const auto id = req.head.request_id;
  bridge::run_query(*what.context, {[&what, send_on, to, id, query = req.head.query](storage::connection& db) {
                                      check_configured(what);
                                      const auto link = query_parameters{query, {"link"}}.text("link");
                                      send_on(db, to, id, use(what, db, link, install_purpose::link, "link"));
                                    },
                                    [to, id](const failure& why) { to(http::refusal(why, id)); }, false});
}

void end_installation(const services& what, http::request req, path_parameters, http::responder done) {
  const auto to = shared(std::move(done));
  const auto id = req.head.request_id;
  const auto asked = std::make_shared<const http::request>(std::move(req));
  bridge::run_query(*what.context, {[&what, to, id, asked](storage::connection& db) {
                                      check_configured(what);
                                      const auto x = read_installed(*asked);
                                      const auto user = use(what, db, x.state, install_purpose::state, "state");
                                      in_background(what, to, id, [&what, to, id, x, user] {
                                        const auto verified = what.context->verify_installer(x.installation_id, x.code);
                                        keep_installation(what, to, id, user, verified);
                                      });
                                    },
                                    [to, id](const failure& why) { to(http::refusal(why, id)); }, false});
}

void list_installations(const services& what, http::request req, path_parameters none, http::responder done) {
  answer_user_by_reading(what, std::move(req), std::move(none), std::move(done), [](auto& db, const user_request& x) {
    const auto query = query_parameters{x.request.head.query, {"limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto after = query.integer("after", 0, std::numeric_limits<std::int64_t>::max(), 0);
    const auto found = storage::list_credentials(db, x.caller.user_id, after, limit + 1);
    auto items = std::vector<std::string>{};
    for (const auto& credential : found)
      if (items.size() < limit && credential.kind == github::credential_kind::installation)
        items.push_back(to_json(credential));
    return json_response(page_json("installations", items, found.size() > limit ? std::to_string(found[limit - 1].id) : "null"));
  });
}

} // namespace ingot::routes

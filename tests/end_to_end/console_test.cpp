#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sites.hpp"

#include <algorithm>
#include <cctype>

using namespace ingot::testing;

namespace {

using headers = std::vector<header>;

const headers as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};

std::string text_at(const boost::json::object& x, std::string_view name) {
  return std::string{x.at(name).as_string()};
}

/// A browser: its cookie and its CSRF token.
struct browser {
  std::string cookie, csrf;

  headers reading() const { return {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}}; }
  headers changing() const { return {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}, {"X-CSRF-Token", csrf}}; }
};

http_answer sign_in(http_client& client, const std::string& body) {
  return client.request("POST", "/console/api/session", {{"Sec-Fetch-Site", "same-origin"}}, body);
}

browser signed_in(http_client& client, const std::string& body) {
  const auto answer = sign_in(client, body);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  const auto cookie = answer["set-cookie"];
  CHECK(cookie.find("; HttpOnly; SameSite=Strict;") != std::string::npos);
  CHECK(cookie.find("Secure") == std::string::npos); // this is plain HTTP
  return {cookie.substr(0, cookie.find(';')), text_at(object_of(answer), "csrf")};
}

std::string as_name(const std::string& name, const std::string& password) {
  return R"({"name":")" + name + R"(","password":")" + password + R"("})";
}

/// `/api/v1/admin/jobs/{job_id}` → `/api/v1/admin/jobs/1`
std::string path_of(std::string pattern) {
  for (auto open = pattern.find('{'); open != std::string::npos; open = pattern.find('{'))
    pattern.replace(open, pattern.find('}') - open + 1, "1");
  return pattern;
}

/// Reviewers may come to these; whatever else takes a session takes an admin's.
bool is_for_reviewers(const std::string& path) {
  return path.starts_with("/console/api/") || path.starts_with("/api/v1/admin/submissions");
}

/// Whatever takes a session: its method and an address of it.
std::vector<std::pair<std::string, std::string>> doors_of_people(http_client& client) {
  auto out = std::vector<std::pair<std::string, std::string>>{};
  const auto document = object_of(client.get("/openapi.json"));
  for (const auto& [path, methods] : document.at("paths").as_object())
    for (const auto& [method, said] : methods.as_object()) {
      const auto* security = said.is_object() ? said.as_object().if_contains("security") : nullptr; // else what all methods share
      if (security == nullptr || boost::json::serialize(*security).find("session") == std::string::npos)
        continue;
      auto name = std::string{method};
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
      out.emplace_back(name, path_of(std::string{path}));
    }
  return out;
}

const std::string by_token = R"({"token":")" + std::string{admin_token} + R"("})";

} // namespace

TEST_CASE("people sign in to the console by token or by name, within their roles, until their sessions are ended") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()},
                                {"INGOT_CONSOLE_PASSWORD_MEMORY", "64KiB"},
                                {"INGOT_CONSOLE_SIGN_INS_PER_MINUTE", "100"},
                                {"INGOT_APPLICATION_NOTIFY_URL", "https://hook:url-secret-42@hooks.example/notify"},
                                {"SMTP_PASSWORD", "mail-secret-41"}}}};
  auto client = running.client();
  const auto run = [&](std::vector<std::string> words) {
    words.emplace_back("--json");
    const auto end = run_ingot(words, {{"DATABASE_URL", running.database_url()}});
    INFO(end.output);
    REQUIRE(end.exit_code == 0);
    return boost::json::parse(end.output).as_object();
  };
  const auto password = text_at(run({"reviewers", "add", "ada", "--email", "ada@example.org"}), "password");
  const auto admins = text_at(run({"reviewers", "add", "grace", "--email", "g@example.org", "--role", "admin"}), "password");

  CHECK(sign_in(client, R"({"token":"wrong"})").status == 401);
  const auto unknown = sign_in(client, as_name("nobody", password));
  const auto wrong = sign_in(client, as_name("ada", admins));
  CHECK(unknown.status == 401);
  CHECK(wrong.status == 401);
  CHECK(object_of(unknown).at("error").at("message") == object_of(wrong).at("error").at("message"));
  CHECK(client.request("POST", "/console/api/session", {{"Origin", "http://evil.example"}}, by_token).status == 403);
  CHECK(client.get("/console/api/session").status == 401);

  const auto ada = signed_in(client, as_name("ada", password));
  const auto grace = signed_in(client, as_name("grace", admins));
  const auto root = signed_in(client, by_token);
  CHECK(text_at(object_of(client.request("GET", "/console/api/session", ada.reading())), "role") == "reviewer");
  CHECK(text_at(object_of(client.request("GET", "/console/api/session", grace.reading())), "name") == "grace");
  CHECK(client.request("GET", "/console/api/session", as_admin).status == 200);

  // A reviewer is no admin, and an admin may do what the token may.
  auto of_admins = 0;
  for (const auto& [method, path] : doors_of_people(client)) {
    INFO(method << ' ' << path);
    CHECK(client.request(method, path, {}).status == 401);
    CHECK(client.request(method, path, {{"Cookie", "ingot_session=" + std::string(108, 'a')}}).status == 401);
    if (is_for_reviewers(path))
      continue;
    ++of_admins;
    CHECK(client.request(method, path, ada.changing()).status == 403);
  }
  CHECK(of_admins > 30);
  for (const auto& who : {grace, root}) {
    const auto listed = client.request("GET", "/api/v1/admin/jobs", who.reading());
    CHECK(listed.status == 200);
    CHECK(listed["cache-control"] == "no-store");
    CHECK(listed["access-control-allow-origin"].empty());
  }

  // Settings are shown, and no secret among them.
  const auto settings = client.request("GET", "/api/v1/admin/settings", grace.reading());
  REQUIRE(settings.status == 200);
  CHECK(settings.body.find(R"json("key":"smtp.password","value":"(set)")json") != std::string::npos);
  for (const auto& secret :
       {std::string{admin_token}, std::string{webhook_secret}, std::string{application_token}, std::string{cron_secret},
        std::string{stripe_secret}, std::string{"mail-secret-41"}, std::string{"url-secret-42"}})
    CHECK(settings.body.find(secret) == std::string::npos);

  // Over TLS, which a proxy may speak, the cookie is bound to this very host.
  const auto over_tls = client.request("POST", "/console/api/session", {{"Origin", "https://localhost"}}, by_token);
  REQUIRE(over_tls.status == 200);
  const auto bound = over_tls["set-cookie"];
  CHECK(bound.starts_with("__Host-ingot_session="));
  CHECK(bound.find("; Path=/; HttpOnly; SameSite=Strict;") != std::string::npos);
  CHECK(bound.ends_with("; Secure"));
  const auto proxied = browser{bound.substr(0, bound.find(';')), text_at(object_of(over_tls), "csrf")};
  const auto out = client.request("DELETE", "/console/api/session", proxied.changing());
  CHECK(out.status == 200);
  CHECK(out["set-cookie"].starts_with("__Host-ingot_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"));
  CHECK(client.request("GET", "/console/api/session", proxied.reading()).status == 401);
  CHECK(client.get("/console/").status == 308);
  CHECK(client.get("/console/")["location"] == "/console");

  // Nothing is changed without the session's own CSRF token, or from another origin.
  const auto add = [&](const headers& with) {
    return client.request("POST", "/api/v1/admin/sites", with, R"({"name":"x"})").status;
  };
  CHECK(add(grace.reading()) == 403);
  CHECK(add({{"Cookie", grace.cookie}, {"X-CSRF-Token", root.csrf}}) == 403);
  CHECK(add({{"Cookie", grace.cookie}, {"X-CSRF-Token", grace.csrf}, {"Origin", "http://evil.example"}}) == 403);
  CHECK(add(grace.changing()) == 201);
  CHECK(object_of(client.request("GET", "/api/v1/admin/sites", as_admin)).at("sites").as_array().size() == 1);
  // Browsers stay away from the intakes, whoever is signed in.
  CHECK(client.request("POST", "/webhook", grace.changing(), "{}").status == 403);

  // A reviewer sees and ends only sessions of their own.
  const auto all = object_of(client.request("GET", "/console/api/sessions", grace.reading())).at("sessions").as_array();
  CHECK(all.size() == 3);
  const auto own = object_of(client.request("GET", "/console/api/sessions", ada.reading())).at("sessions").as_array();
  REQUIRE(own.size() == 1);
  CHECK(own[0].at("current").as_bool());
  const auto path_of = [](const boost::json::value& x) {
    return "/console/api/sessions/" + std::to_string(x.at("sessionId").as_int64());
  };
  CHECK(client.request("DELETE", path_of(all[0]), ada.changing()).status == 404);
  CHECK(client.request("DELETE", path_of(own[0]), grace.changing()).status == 200);
  CHECK(client.request("GET", "/console/api/session", ada.reading()).status == 401);

  // Signing out, and another password, end a session at once.
  CHECK(client.request("DELETE", "/console/api/session", root.changing()).status == 200);
  CHECK(client.request("GET", "/console/api/session", root.reading()).status == 401);
  // While the database is away whoever was just here may go on looking, and nobody may do anything.
  database.stop();
  CHECK(client.request("GET", "/console/api/session", grace.reading()).status == 200);
  CHECK(client.request("GET", "/api/v1/admin/overview", grace.reading()).status == 200);
  CHECK(client.request("GET", "/api/v1/admin/overview", root.reading()).status == 503);
  CHECK(add(grace.changing()) == 503);
  database.start();
  REQUIRE(eventually([&] { return client.request("GET", "/api/v1/admin/jobs", grace.reading()).status == 200; }));
  run({"reviewers", "password", "grace"});
  CHECK(client.request("GET", "/console/api/session", grace.reading()).status == 401);
  CHECK(sign_in(client, as_name("grace", admins)).status == 401);
  CHECK(running.log().find(password) == std::string::npos);
  CHECK(running.log().find(ada.cookie.substr(ada.cookie.find('=') + 1)) == std::string::npos);
}

TEST_CASE("law 5: attempts to sign in are limited, of an address and for a name") {
  node running{{.environment = {{"INGOT_CONSOLE_PASSWORD_MEMORY", "64KiB"},
                                {"INGOT_CONSOLE_SIGN_INS_PER_MINUTE", "1"},
                                {"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.0/8"}}}};
  auto client = running.client();
  const auto sign_in_from = [&](const std::string& address) {
    return client.request("POST", "/console/api/session", {{"X-Forwarded-For", address}}, as_name("ada", "wrong wrong wrong"));
  };
  auto last = http_answer{};
  for (auto i = 0; i < 2; ++i)
    last = sign_in_from("198.51.100.7");
  CHECK(last.status == 429);
  CHECK_FALSE(last["retry-after"].empty());
  // One address cannot lock a name out. Many together come to its limit, too.
  CHECK(sign_in_from("203.0.113.9").status == 401);
  auto refused_by_name = false;
  for (auto i = 1; i < 40 && !refused_by_name; ++i)
    refused_by_name = sign_in_from("192.0.2." + std::to_string(i)).status == 429;
  CHECK(refused_by_name);
}

#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

using namespace ingot::testing;

namespace {

const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};

json::object object_of(const std::string& text) {
  INFO(text);
  return json::parse(text).as_object();
}

/// The command's JSON.
json::object said(const node& of, std::vector<std::string> words) {
  words.emplace_back("--json");
  const auto end = run_ingot(words, {{"DATABASE_URL", of.database_url()}});
  INFO(end.output);
  REQUIRE(end.exit_code == 0);
  return object_of(end.output);
}

http_answer ask(http_client& to, std::string_view method, std::string_view path, const std::vector<header>& headers,
                std::string_view body = {}) {
  auto answer = to.request(method, path, headers, body);
  INFO(path << " " << answer.status << " " << answer.body);
  CHECK(answer["content-type"] == "application/json");
  return answer;
}

std::string code_of(const http_answer& x) {
  return std::string{object_of(x.body).at("error").at("code").as_string()};
}

std::string text_at(const json::object& x, std::string_view name) {
  return std::string{x.at(name).as_string()};
}

/// A node with two sites, a key of each, and what two syncs of the first would have left.
struct node_with_sites {
  node running;
  http_client client = running.client();
  sql db{running.database_url()};
  std::string first_key, second_key;

  node_with_sites() {
    for (auto* key : {&first_key, &second_key}) {
      const auto made = ask(client, "POST", "/api/v1/admin/sites", as_admin, R"({"name":"Forge"})");
      REQUIRE(made.status == 201);
      *key = text_at(object_of(ask(client, "POST", made["location"] + "/keys", as_admin, R"({"name":"cron"})").body), "key");
    }
    db.run(R"sql(
      INSERT INTO modules (id, machine_name, display_name, module_type, project, described_at) VALUES
        (1, 'views', 'Views', 'core', 'drupal', now()), (2, 'token', 'Token', 'contrib', 'token', now()),
        (3, 'a b/c', 'Odd', 'custom', 'a b/c', now());
      INSERT INTO module_versions (id, module_id, version, sort_key, needs_security_update, described_at) VALUES
        (1, 1, '10.3.0', 'b', FALSE, now()), (2, 2, '8.x-1.4', 'a', FALSE, now()), (3, 2, '8.x-1.5', 'b', TRUE, now());
      INSERT INTO site_modules (site_id, module_id, version_id, enabled, reported, first_seen, last_updated, seen_at) VALUES
        (1, 1, 1, TRUE, 0, '2026-05-01T10:00:00Z', '2026-05-01T10:00:00Z', '2026-05-01T10:00:00Z'),
        (1, 2, 3, TRUE, 0, '2026-05-01T10:00:00Z', '2026-05-02T10:00:00Z', '2026-05-02T10:00:00Z'),
        (2, 3, NULL, FALSE, 0, '2026-05-01T10:00:00Z', '2026-05-01T10:00:00Z', '2026-05-01T10:00:00Z');
      INSERT INTO syncs (id, site_id, sync_type, outcome, sync_timestamp, received_at, duration_ms, payload_hash) VALUES
        ('018f3370-0000-7000-8000-000000000001', 1, 'full', 'applied', '2026-05-01T10:00:00Z', '2026-05-01T10:00:01Z', 2, ''),
        ('018f3370-0000-7000-8000-000000000002', 1, 'full', 'applied', '2026-05-02T10:00:00Z', '2026-05-02T10:00:01Z', 2, '');
      INSERT INTO site_module_history (site_id, module_id, from_version_id, to_version_id, changed_at, sync_id) VALUES
        (1, 2, NULL, 2, '2026-05-01T10:00:00Z', '018f3370-0000-7000-8000-000000000001'),
        (1, 2, 2, 3, '2026-05-02T10:00:00Z', '018f3370-0000-7000-8000-000000000002'))sql");
  }

  http_answer get(std::string_view path, const std::string& key) { return ask(client, "GET", path, {{"X-API-Key", key}}); }
};

} // namespace

TEST_CASE("the command line manages sites and keys, and says in JSON what scripts need") {
  node running;
  const auto site = said(running, {"sites", "add", "--name", "Forge", "--id", "42"});
  CHECK(site.at("site_id").as_int64() == 42);
  CHECK(said(running, {"sites", "add", "--name", "Anvil"}).at("site_id").as_int64() == 1);
  const auto key = said(running, {"keys", "create", "--site", "42", "--name", "cron"});
  CHECK(text_at(key, "key").starts_with("ingot_"));
  CHECK(text_at(key, "key").size() == 49);
  CHECK(text_at(key, "key").starts_with(text_at(key, "prefix")));
  CHECK(said(running, {"sites", "list", "--limit", "1"}).at("next").as_int64() == 1);
  CHECK(said(running, {"keys", "list", "--site", "1"}).at("keys").as_array().empty());
  CHECK(said(running, {"sites", "disable", "42"}).at("disabled_at").is_string());
  CHECK(said(running, {"sites", "enable", "42"}).at("disabled_at").is_null());
  CHECK(said(running, {"keys", "revoke", text_at(key, "prefix")}).at("revoked_at").is_string());
  CHECK(said(running, {"sites", "show", "42"}).at("modules").as_int64() == 0);
  CHECK(said(running, {"sites", "modules", "42", "--needs-security-update"}).at("modules").as_array().empty());

  const auto run = [&](const std::vector<std::string>& words) {
    return run_ingot(words, {{"DATABASE_URL", running.database_url()}});
  };
  const auto taken = run({"sites", "add", "--name", "Twice", "--id", "42"});
  CHECK(taken.exit_code == 1);
  CHECK(taken.output.find("there is a site 42 already") != std::string::npos);
  CHECK(run({"sites", "show", "7"}).exit_code == 1);
  CHECK(run({"keys", "create", "--site", "7"}).exit_code == 1);
  CHECK(run({"sites", "add"}).exit_code == 2);
  CHECK(run({"sites", "list"}).output.find("Forge") != std::string::npos);
  const auto listed = run({"keys", "list"});
  CHECK(listed.output.find(text_at(key, "prefix")) != std::string::npos);
  CHECK(listed.output.find(text_at(key, "key")) == std::string::npos);
}

TEST_CASE("operators manage sites and keys over HTTP, with the admin token alone") {
  node running;
  auto client = running.client();
  CHECK(client.request("POST", "/api/v1/admin/sites", {}, R"({"name":"Forge"})").status == 401);
  const auto made = ask(client, "POST", "/api/v1/admin/sites", as_admin, R"({"name":"Forge","id":7})");
  REQUIRE(made.status == 201);
  CHECK(object_of(made.body).at("site_id").as_int64() == 7);
  CHECK(made["location"] == "/api/v1/admin/sites/7");
  CHECK(code_of(ask(client, "POST", "/api/v1/admin/sites", as_admin, R"({"name":"Forge","id":7})")) == "conflict");
  for (const auto* wrong : {"", "{}", "[]", R"({"name":7})", R"({"name":"x","id":0})", R"({"name":"x","colour":"red"})"})
    CHECK(ask(client, "POST", "/api/v1/admin/sites", as_admin, wrong).status == 400);

  const auto key = ask(client, "POST", "/api/v1/admin/sites/7/keys", as_admin, R"({"name":"cron"})");
  REQUIRE(key.status == 201);
  CHECK(key["cache-control"] == "no-store");
  const auto text = text_at(object_of(key.body), "key");
  const auto id = object_of(key.body).at("key_id").as_int64();
  CHECK(ask(client, "POST", "/api/v1/admin/sites/7/keys", as_admin).status == 201);
  CHECK(ask(client, "POST", "/api/v1/admin/sites/8/keys", as_admin).status == 404);
  const auto keys = ask(client, "GET", "/api/v1/admin/sites/7/keys?limit=1", as_admin);
  CHECK(keys.body.find(text) == std::string::npos);
  CHECK(object_of(keys.body).at("next").as_int64() == id);
  CHECK(ask(client, "GET", "/api/v1/admin/sites/8/keys", as_admin).status == 404);

  CHECK(object_of(ask(client, "GET", "/api/v1/admin/sites/7", as_admin).body).at("name").as_string() == "Forge");
  CHECK(ask(client, "GET", "/api/v1/admin/sites/8", as_admin).status == 404);
  CHECK(ask(client, "GET", "/api/v1/admin/sites/x", as_admin).status == 404);
  CHECK(object_of(ask(client, "GET", "/api/v1/admin/sites", as_admin).body).at("sites").as_array().size() == 1);
  CHECK(code_of(ask(client, "GET", "/api/v1/admin/sites?limit=0", as_admin)) == "bad_parameter");
  CHECK(code_of(ask(client, "GET", "/api/v1/admin/sites?lmit=5", as_admin)) == "bad_parameter");

  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM audit_log WHERE actor = 'admin' AND action = 'key created' AND subject = 'site 7'") == 2);
  CHECK(db.number("SELECT count(*) FROM audit_log a WHERE a::text LIKE " + literal("%" + text + "%")) == 0);
  CHECK(running.log().find(text) == std::string::npos);
}

TEST_CASE_METHOD(node_with_sites, "a site reads its own modules, history and syncs, an operator any site's") {
  const auto modules = object_of(get("/api/v1/sites/1/modules?limit=1", first_key).body);
  CHECK(modules.at("next").as_string() == "token");
  const auto token = modules.at("modules").at(0).as_object();
  CHECK(token.at("version").as_string() == "8.x-1.5");
  CHECK(token.at("last_seen").as_string() == "2026-05-02T10:00:00Z");
  CHECK(token.at("removed_at").is_null());
  CHECK(
      object_of(get("/api/v1/sites/1/modules?after=token", first_key).body).at("modules").at(0).at("machine_name").as_string() ==
      "views");
  const auto insecure = object_of(get("/api/v1/sites/1/modules?needs_security_update=true", first_key).body);
  REQUIRE(insecure.at("modules").as_array().size() == 1);
  CHECK(insecure.at("modules").at(0).at("machine_name").as_string() == "token");
  CHECK(code_of(get("/api/v1/sites/1/modules?enabled=yes", first_key)) == "bad_parameter");

  const auto history = object_of(get("/api/v1/sites/1/modules/token/history?limit=1", first_key).body);
  CHECK(history.at("history").at(0).at("from").as_string() == "8.x-1.4");
  CHECK(history.at("next").as_string() == "sync_018f3370-0000-7000-8000-000000000002");
  CHECK(get("/api/v1/sites/1/modules/nothing/history", first_key).status == 404);
  CHECK(get("/api/v1/sites/2/modules/a%20b%2Fc/history", second_key).status == 200);

  const auto syncs = object_of(get("/api/v1/sites/1/syncs", first_key).body);
  CHECK(syncs.at("syncs").as_array().size() == 2);
  CHECK(syncs.at("next").is_null());
  CHECK(get("/api/v1/sites/1/syncs?after=7", first_key).status == 400);

  CHECK(ask(client, "GET", "/api/v1/sites/2/modules", as_admin).status == 200);
  CHECK(ask(client, "GET", "/api/v1/sites/3/modules", as_admin).status == 404);
  CHECK(ask(client, "GET", "/api/v1/sites/1/modules", {{"Authorization", "Bearer " + first_key}}).status == 200);
}

TEST_CASE_METHOD(node_with_sites, "a module is shown with the sites that have it, and to a site with itself alone") {
  const auto token = object_of(ask(client, "GET", "/api/v1/modules/token", as_admin).body);
  REQUIRE(token.at("sites").as_array().size() == 1);
  CHECK(token.at("sites").at(0).at("site_id").as_int64() == 1);
  CHECK(token.at("sites").at(0).at("version").as_string() == "8.x-1.5");
  CHECK(get("/api/v1/modules/token", first_key).status == 200);
  CHECK(get("/api/v1/modules/token", second_key).status == 404);
  CHECK(ask(client, "GET", "/api/v1/modules/nothing", as_admin).status == 404);
  db.run("UPDATE site_modules SET removed_at = now() WHERE module_id = 2");
  CHECK(object_of(get("/api/v1/modules/token", first_key).body).at("sites").as_array().empty());
  CHECK(object_of(get("/api/v1/modules/token?removed=true", first_key).body).at("sites").as_array().size() == 1);
}

TEST_CASE_METHOD(node_with_sites, "keys of nobody, of another site, of a disabled site and revoked ones open nothing") {
  const auto path = "/api/v1/sites/1/modules";
  const auto none = ask(client, "GET", path, {});
  const auto unknown = get(path, "ingot_nobody");
  CHECK(none.status == 401);
  CHECK(unknown.status == 401);
  const auto text_of_error = [](const http_answer& x) {
    auto error = object_of(x.body).at("error").as_object();
    error.erase("request_id");
    return error;
  };
  CHECK(text_of_error(none) == text_of_error(unknown));
  CHECK(get(path, second_key).status == 403);
  CHECK(get("/api/v1/sites/99/modules", second_key).status == 403);
  CHECK(get(path, first_key).status == 200);

  CHECK(ask(client, "POST", "/api/v1/admin/sites/1/disable", as_admin).status == 200);
  CHECK(get(path, first_key).status == 403);
  CHECK(ask(client, "POST", "/api/v1/admin/sites/1/enable", as_admin).status == 200);
  CHECK(get(path, first_key).status == 200);
  const auto id = db.text("SELECT id FROM api_keys WHERE site_id = 1");
  CHECK(ask(client, "POST", "/api/v1/admin/keys/" + id + "/revoke", as_admin).status == 200);
  CHECK(get(path, first_key).status == 401);
  CHECK(ask(client, "POST", "/api/v1/admin/keys/4711/revoke", as_admin).status == 404);
}

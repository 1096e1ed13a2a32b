#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/sql.hpp"

using namespace ingot::testing;

namespace {

const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};

std::string text_at(const boost::json::object& x, std::string_view name) {
  return std::string{x.at(name).as_string()};
}

} // namespace

TEST_CASE("operators give users keys over HTTP and by command, and end them") {
  node running;
  auto client = running.client();
  const auto path = std::string{"/api/v1/admin/users/ada%40example.org/keys"};
  CHECK(client.request("POST", path, {}, "{}").status == 401);
  const auto made = client.request("POST", path, as_admin, R"({"name":"laptop"})");
  REQUIRE(made.status == 201);
  CHECK(made["cache-control"] == "no-store");
  const auto key = object_of(made);
  CHECK(text_at(key, "key").starts_with("ingot_"));
  CHECK(text_at(key, "userId") == "ada@example.org");
  CHECK(client.request("POST", "/api/v1/admin/users/a%20b/keys", as_admin, "{}").status == 400);
  CHECK(client.request("POST", path, as_admin, R"({"id":7})").status == 400);

  const auto listed = client.request("GET", path, as_admin);
  CHECK(object_of(listed).at("keys").as_array().size() == 1);
  CHECK(listed.body.find(text_at(key, "key")) == std::string::npos);

  const auto run = [&](std::vector<std::string> words) {
    words.emplace_back("--json");
    const auto end = run_ingot(words, {{"DATABASE_URL", running.database_url()}});
    INFO(end.output);
    REQUIRE(end.exit_code == 0);
    return boost::json::parse(end.output).as_object();
  };
  const auto second = run({"users", "add-key", "grace", "--name", "cron"});
  CHECK(text_at(second, "userId") == "grace");
  CHECK(run({"users", "list-keys"}).at("keys").as_array().size() == 2);
  CHECK(run({"users", "list-keys", "grace"}).at("keys").as_array().size() == 1);
  CHECK(run({"users", "revoke-key", std::to_string(second.at("keyId").as_int64())}).at("revokedAt").is_string());

  const auto id = std::to_string(key.at("keyId").as_int64());
  CHECK(client.request("DELETE", "/api/v1/admin/users/grace/keys/" + id, as_admin).status == 404);
  const auto ended = client.request("DELETE", path + "/" + id, as_admin);
  CHECK(ended.status == 200);
  CHECK(object_of(ended).at("revokedAt").is_string());

  // What was done is in the audit log, sealed within a moment.
  const auto audited = [&](const std::string& query) {
    return object_of(client.request("GET", "/api/v1/admin/audit" + query, as_admin)).at("lines").as_array();
  };
  CHECK(client.get("/api/v1/admin/audit").status == 401);
  CHECK(client.request("GET", "/api/v1/admin/audit?since=yesterday", as_admin).status == 400);
  CHECK(audited("?actor=admin&subject=user%20ada@example.org").size() == 2);
  CHECK(audited("?actor=command%20line&action=key%20revoked&until=2999-01-01T00:00:00Z").size() == 1);
  CHECK(audited("?since=2999-01-01T00:00:00Z").empty());
  REQUIRE(eventually([&] {
    const auto lines = audited("?action=request%20refused&limit=1");
    return !lines.empty() && lines[0].as_object().at("seq").is_int64();
  }));
  CHECK(audited("?action=request%20refused&limit=1").at(0).as_object().at("request_id").is_string());
  const auto verified = run({"audit", "verify"});
  CHECK(verified.at("valid").as_bool());
  const auto anchor = std::string{verified.at("anchor").as_string()};
  CHECK(run({"audit", "verify", "--anchor", anchor}).at("valid").as_bool());
  sql{running.database_url()}.run("UPDATE audit_log SET subject = 'user eve' WHERE seq = 1");
  const auto damaged = run_ingot({"audit", "verify"}, {{"DATABASE_URL", running.database_url()}});
  CHECK(damaged.exit_code == 1);
  CHECK(damaged.output.find("line 1 is not what was sealed: changed") != std::string::npos);
}

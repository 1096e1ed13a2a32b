#include "storage/manifest_checks.hpp"
#include "tests/end_to_end/contents_world.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sites.hpp"

using namespace ingot::testing;

namespace {

std::string manifest(const std::string& version, const std::string& name = "io.github.octo/weather",
                     const std::string& repository = "weather") {
  return R"({"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json", "name": ")" + name +
         R"(", "description": "Tells the weather.", "version": ")" + version +
         R"(", "repository": {"url": "https://github.com/octo/)" + repository + R"(", "source": "github"}})";
}

/// Waits until no job is left to be done.
bool at_rest(contents_world& world) {
  return eventually([&] { return world.db().number("SELECT count(*) FROM jobs WHERE state IN ('pending', 'running')") == 0; },
                    std::chrono::seconds{30});
}

json::object get(contents_world& world, const std::string& path) {
  auto answer = world.running.client().get(path);
  INFO(path << ": " << answer.body);
  CHECK(answer.status == 200);
  return object_of(answer);
}

std::string json_text(const json::value& x, const char* pointer) {
  return std::string{x.at_pointer(pointer).as_string()};
}

std::set<std::string> names_in(const json::value& of) {
  auto out = std::set<std::string>{};
  for (const auto& x : of.as_object())
    out.emplace(x.key());
  return out;
}

/// A page of ours has the members of a recorded page of the official registry.
void check_shape(const json::value& ours) {
  const auto file = shared_data() / "mcp/registry-api/servers-page.json";
  if (!std::filesystem::exists(file)) {
    WARN("not found, so not compared: the recorded page of the official registry");
    return;
  }
  const auto theirs = json::parse(bytes_of(file));
  for (const auto* at : {"", "/servers/0", "/servers/0/_meta", "/servers/0/_meta/io.modelcontextprotocol.registry~1official"}) {
    INFO(at);
    CHECK(names_in(ours.at_pointer(at)) == names_in(theirs.at_pointer(at)));
  }
  for (const auto& x : names_in(theirs.at("metadata")))
    CHECK(ours.at("metadata").as_object().contains(x));
}

} // namespace

TEST_CASE("manifests of followed repositories become servers, which follow their repositories") {
  contents_world world{{{"INGOT_MCP_VALIDATIONS_PER_MINUTE", "4"}, {"INGOT_MCP_READS_PER_MINUTE", "60"}}};
  auto weather =
      world.follow_new("weather", {{"server.json", "100644", manifest("1.0.0")},
                                   {"README.md", "100644", "# Weather\n\nIt tells the weather.\n<script>alert(1)</script>\n"},
                                   {"a.txt", "100644", "a"}});
  REQUIRE(at_rest(world));
  const auto shown = get(world, "/api/v1/servers/io.github.octo%2Fweather");
  CHECK(json_text(shown, "/server/version") == "1.0.0");
  CHECK(json_text(shown, "/_meta/io.modelcontextprotocol.registry~1official/status") == "active");
  const auto html = json_text(shown, "/_meta/ingot~1listing/readme/html");
  CHECK(html.find("It tells the weather.") != std::string::npos);
  CHECK(html.find("<script") == std::string::npos);

  { // anybody may ask what is wrong with one
    auto client = world.running.client();
    const auto ask = [&](const std::string& body) { return client.request("POST", "/api/v1/manifests/validate", {}, body); };
    const auto good = ask(manifest("1.0.0"));
    CHECK(good.status == 200);
    CHECK(good.body == R"({"valid":true,"schema_valid":true,"schema":"2025-12-11","errors":[]})");
    CHECK(good["ratelimit-limit"] == "4");
    const auto bad = ask(manifest("latest"));
    CHECK(bad.status == 200);
    CHECK(json_text(object_of(bad), "/errors/0/pointer") == "/version");
    const auto no_json = ask("{\n oops");
    CHECK(no_json.status == 400);
    CHECK(json_text(object_of(no_json), "/error/details/0/pointer") == "line 2, column 2");
    CHECK(ask("[]").status == 200);
    auto status = 0;
    for (auto i = 0; i < 50 && status != 429; ++i)
      status = ask("{}").status;
    CHECK(status == 429);
    CHECK(client.get("/api/v1/servers/io.github.octo%2Fnobody").status == 404);
    CHECK(client.get("/api/v1/servers?updated_since=yesterday").status == 400);
    check_shape(get(world, "/api/v1/servers?limit=1&some_registry=knows_this"));
    CHECK(get(world, "/api/v1/servers?version=1.0.0").at("servers").as_array().size() == 1);
    CHECK(get(world, "/api/v1/servers?version=9.9.9").at("servers").as_array().empty());
  }
  { // as its repository stands, whoever noticed that
    const auto status = [&] {
      return json_text(get(world, "/api/v1/servers/io.github.octo%2Fweather"),
                       "/_meta/io.modelcontextprotocol.registry~1official/status");
    };
    const auto stands = [&](const std::string& how) {
      world.db().run("UPDATE provider_repositories SET " + how + " WHERE id = " + std::to_string(weather.id));
      auto own = ingot::storage::connection{world.running.database_url(), {}};
      ingot::storage::enqueue_restless_manifests(own);
      return at_rest(world) ? status() : "restless";
    };
    CHECK(stands("state = 'forbidden'") == "deleted");
    CHECK(stands("state = 'active'") == "active");
    CHECK(stands("default_branch = 'main', branch = 'dev'") == "deleted");
    const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};
    auto client = world.running.client();
    const auto manifests =
        client.request("GET", "/api/v1/admin/repositories/" + std::to_string(weather.id) + "/manifests", as_admin, "");
    CHECK(manifests.status == 200);
    CHECK(json_text(object_of(manifests), "/files/0/path") == "README.md");
    CHECK(json_text(object_of(manifests), "/files/1/state") == "other_branch");
    CHECK(json_text(object_of(manifests), "/looks/0/state") == "other_branch");
    CHECK(stands("branch = NULL") == "active");
    const auto deprecate = [&](const char* body) {
      return client.request("PATCH", "/api/v1/admin/servers/io.github.octo%2Fweather", as_admin, body).status;
    };
    CHECK(deprecate(R"({"status": "deprecated"})") == 200);
    CHECK(status() == "deprecated");
    CHECK(deprecate(R"({"status": "deleted"})") == 400);
    CHECK(deprecate(R"({"status": "active"})") == 200);
    CHECK(status() == "active");
  }
  { // whatever lies there
    const auto large = std::string(300 * 1024, ' ');
    auto odd = world.host("odd");
    odd.repository->commit({{"server.json", "100644", "{oops"},
                            {"mcp.json", "100644", "\xFF\xFE"},
                            {".mcp/server.json", "100644", large},
                            {"packages/a/server.json", "100644", manifest("1.0.0", "io.github.somebody/stolen", "odd")},
                            {"packages/b/server.json", "100644", manifest("2.0.0", "io.github.octo/b", "odd")},
                            {"packages/b/README.md", "100644", "# The one beside\n"},
                            {"packages/c/server.json", "100644", manifest("3.0.0", "io.github.octo/weather", "odd")}});
    world.follow(odd);
    const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};
    const auto changed = world.running.client().request(
        "PATCH", "/api/v1/repositories/" + std::to_string(odd.id), as_admin,
        R"({"manifestPaths": ["server.json", "mcp.json", ".mcp/server.json", "packages/*/server.json"]})");
    INFO(changed.body);
    REQUIRE(changed.status == 200);
    REQUIRE(world.synced(odd));
    REQUIRE(at_rest(world));
    CHECK(world.db().text(
              "SELECT string_agg(path || ' ' || state, ', ' ORDER BY path) FROM manifest_files WHERE kind = 'manifest' AND "
              "repository_id = " +
              std::to_string(odd.id)) ==
          ".mcp/server.json too_large, mcp.json not_utf8, packages/a/server.json invalid, packages/b/server.json listed, "
          "packages/c/server.json name_taken, server.json not_json");
    CHECK(json_text(get(world, "/api/v1/servers/io.github.octo%2Fb"), "/_meta/ingot~1listing/readme/path") ==
          "packages/b/README.md");
    CHECK(json_text(get(world, "/api/v1/servers/io.github.octo%2Fweather"), "/server/version") == "1.0.0");
  }
  { // by pushes, by releases, and until they are gone
    const auto looks = "SELECT count(*) FROM jobs WHERE key = 'manifests/" + std::to_string(weather.id) + "'";
    const auto looks_before = world.db().number(looks);
    // A push that changes nothing of interest asks for no manifest.
    world.standin.reset_counts();
    auto before = *weather.repository->head();
    weather.repository->commit({{"a.txt", "100644", "b"}});
    world.push(weather, before);
    REQUIRE(world.synced(weather));
    REQUIRE(at_rest(world));
    CHECK(world.db().number(looks) == looks_before);

    // One that does, brings the next version.
    before = *weather.repository->head();
    weather.repository->commit({{"server.json", "100644", manifest("1.1.0")}});
    world.push(weather, before);
    REQUIRE(world.synced(weather));
    REQUIRE(at_rest(world));
    CHECK(get(world, "/api/v1/servers/io.github.octo%2Fweather/versions").at("servers").as_array().size() == 2);
    CHECK(json_text(get(world, "/api/v1/servers/io.github.octo%2Fweather/versions/latest"), "/server/version") == "1.1.0");

    // A release asks, though nothing was pushed, and costs nothing when nothing has changed.
    auto payload = example_of("repository");
    move_to_repository(payload, weather.github_id, "octo/weather");
    set(payload, "/action", json::string{"published"});
    payload.as_object()["release"] = json::object{{"tag_name", "v1.1.0"}, {"published_at", "2026-01-02T03:04:05Z"}};
    auto client = world.running.client();
    CHECK(deliver(client, "release", new_delivery_id(), payload).status == 200);
    REQUIRE(at_rest(world));
    CHECK(world.db().number(looks) == looks_before + 2);
    CHECK(world.db().text("SELECT result ->> 'not_modified' FROM jobs WHERE kind = 'manifest_check' ORDER BY id DESC LIMIT 1") ==
          "2");

    // A manifest that breaks is told, and its server stays; one that is gone takes it off the list.
    before = *weather.repository->head();
    weather.repository->commit({{"server.json", "100644", manifest("^1.2.0")}});
    world.push(weather, before);
    REQUIRE(world.synced(weather));
    REQUIRE(at_rest(world));
    CHECK(world.db().text("SELECT state FROM manifest_files WHERE path = 'server.json' AND repository_id = " +
                          std::to_string(weather.id)) == "invalid");
    CHECK(json_text(get(world, "/api/v1/servers/io.github.octo%2Fweather"), "/server/version") == "1.1.0");
    before = *weather.repository->head();
    weather.repository->commit({file_edit::removed("server.json")});
    world.push(weather, before);
    REQUIRE(world.synced(weather));
    REQUIRE(at_rest(world));
    CHECK(get(world, "/api/v1/servers").at("servers").as_array().size() == 1); // the other repository's
    CHECK(json_text(get(world, "/api/v1/servers/io.github.octo%2Fweather"),
                    "/_meta/io.modelcontextprotocol.registry~1official/status") == "deleted");
  }
  { // an address has so many reads of a minute
    auto client = world.running.client();
    auto answer = client.get("/api/v1/servers");
    for (auto i = 0; i < 200 && answer.status == 200; ++i)
      answer = client.get("/api/v1/servers");
    CHECK(answer.status == 429);
    CHECK(answer["ratelimit-limit"] == "60");
    CHECK_FALSE(answer["retry-after"].empty());
    CHECK(client.get("/health").status == 200);
  }
}

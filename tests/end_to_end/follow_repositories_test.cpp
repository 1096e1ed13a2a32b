#include "tests/net/github/app_key.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/github_standin/temporary_folder.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/sql.hpp"

#include <ctime>
#include <fstream>

using namespace ingot::testing;

namespace {

const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};

/// GitHub with a public and a private repository of `octo`, and our App, which is installed on octo.
struct github_with_app {
  ingot::testing::temporary_folder folder;
  bare_repository open_one{folder.path() / "open.git"}, hidden_one{folder.path() / "hidden.git"};
  app_key key;
  github_standin standin;
  std::int64_t open_id = 0, hidden_id = 0;

  github_with_app() {
    std::ofstream{folder.path() / "app.pem"} << key.pem();
    open_one.commit({{"README.md", "100644", "# open\n"}, {"src/a.cpp", "100644", "int a;\n"}});
    hidden_one.commit({{"secret.txt", "100644", "hidden\n"}});
    open_id = standin.add(hosted("open", open_one, false));
    hidden_id = standin.add(hosted("hidden", hidden_one, true));
    standin.set_app({77, "client-77", "client-secret-77", "ingot-app", "Ingot", key.public_pem()});
    auto installed = hosted_installation{};
    installed.id = 5;
    installed.account = "octo";
    installed.account_id = 50;
    installed.visible_to = {"ada"};
    standin.add(installed);
  }

  static hosted_repository hosted(const std::string& name, const bare_repository& of, bool is_private) {
    auto x = hosted_repository{};
    x.owner = "octo";
    x.name = name;
    x.path = of.path();
    x.is_private = is_private;
    return x;
  }

  node_options options(std::map<std::string, std::string> more = {}) const {
    auto out = node_options{};
    out.environment = {{"INGOT_GITHUB_API_URL", standin.api_url()},
                       {"INGOT_GITHUB_API_WEB_URL", standin.web_url()},
                       {"GITHUB_APP_ID", "77"},
                       {"GITHUB_APP_PRIVATE_KEY", (folder.path() / "app.pem").string()},
                       {"INGOT_GITHUB_API_CLIENT_ID", "client-77"},
                       {"INGOT_GITHUB_API_CLIENT_SECRET", "client-secret-77"},
                       {"INGOT_GITHUB_API_DELIVERIES_INTERVAL_MS", "0"}};
    for (const auto& [name, value] : more)
      out.environment[name] = value;
    return out;
  }
};

std::string key_of(http_client& client, const std::string& user) {
  const auto made = client.request("POST", "/api/v1/admin/users/" + user + "/keys", as_admin, "{}");
  REQUIRE(made.status == 201);
  return std::string{object_of(made).at("key").as_string()};
}

std::vector<header> with_key(const std::string& key) {
  return {{"Authorization", "Bearer " + key}};
}

http_answer follow(http_client& client, const std::string& key, const std::string& body) {
  auto answer = client.request("POST", "/api/v1/repositories", with_key(key), body);
  INFO(answer.body);
  return answer;
}

/// The places that are named as wrong.
std::string places_of(const http_answer& x) {
  auto out = std::string{};
  const auto body = object_of(x); // lives as long as what is looked at
  for (const auto& detail : body.at("error").at("details").as_array())
    out += (out.empty() ? "" : " ") + std::string{detail.at("pointer").as_string()};
  return out;
}

} // namespace

TEST_CASE("a user follows what the credential can see, and nobody else knows of it") {
  github_with_app github;
  node running{github.options()};
  auto client = running.client();
  const auto ada = key_of(client, "ada"), grace = key_of(client, "grace");

  const auto made = follow(client, ada, R"({"provider":"github","owner":"Octo","name":"open","exclude":["*.md"]})");
  REQUIRE(made.status == 201);
  const auto row = object_of(made);
  CHECK(row.at("owner").as_string() == "octo");
  CHECK(row.at("externalId").as_int64() == github.open_id);
  CHECK(row.at("defaultBranch").as_string() == "main");
  CHECK(row.at("userId").as_string() == "ada");
  const auto path = "/api/v1/repositories/" + std::to_string(row.at("id").as_int64());
  CHECK(made["location"] == path);

  const auto again = follow(client, ada, R"({"provider":"github","owner":"octo","name":"open"})");
  CHECK(again.status == 409);
  CHECK(object_of(again).at("error").at("details").at(0).at("message").as_string() == std::to_string(row.at("id").as_int64()));
  CHECK(follow(client, grace, R"({"provider":"github","owner":"octo","name":"open"})").status == 201);
  CHECK(places_of(follow(client, ada, R"({"provider":"github","owner":"octo","name":"absent"})")) == "/name");
  CHECK(places_of(follow(client, ada, R"({"provider":"github","owner":"octo","name":"hidden"})")) == "/name");
  CHECK(places_of(follow(client, grace, R"({"provider":"github","owner":"octo","name":"hidden","credentialId":1})")) ==
        "/credentialId");
  CHECK(places_of(follow(client, ada, R"({"provider":"github","owner":"octo","name":"b/c","include":[1],"colour":2})")) ==
        "/include/0 /colour /name");
  CHECK(places_of(follow(client, ada, R"({"provider":"git","url":"/etc"})")) == "/url");

  CHECK(client.request("GET", path, with_key(grace)).status == 404);
  CHECK(client.request("GET", path + "/syncs", with_key(grace)).status == 404);
  CHECK(client.request("PATCH", path, with_key(grace), "{}").status == 404);
  CHECK(client.request("DELETE", path, with_key(grace)).status == 404);
  CHECK(client.request("POST", path + "/sync", with_key(grace)).status == 404);
  CHECK(client.request("GET", path).status == 401);
  CHECK(client.request("GET", path, with_key("ingot_unknown")).status == 401);
  CHECK(client.request("GET", path + "?userId=grace", with_key(ada)).status == 403);
  CHECK(client.request("GET", path + "?userId=ada", as_admin).status == 200);
  CHECK(client.request("GET", path, as_admin).status == 404);

  CHECK(client.request("PATCH", path, with_key(ada), R"({"include":["src/"],"branch":"main"})").status == 200);
  CHECK(places_of(client.request("PATCH", path, with_key(ada), R"({"owner":"x"})")) == "/owner");
  const auto shown = object_of(client.request("GET", path, with_key(ada)));
  CHECK(shown.at("include").as_array().size() == 1);
  CHECK(shown.at("branch").as_string() == "main");
  CHECK(client.request("POST", path + "/sync", with_key(ada), R"({"full":true})").status == 202);
  CHECK(object_of(client.request("GET", "/api/v1/repositories", with_key(ada))).at("repositories").as_array().size() == 1);

  CHECK(object_of(client.request("DELETE", path, with_key(ada))).at("state").as_string() == "removed");
  CHECK(client.request("GET", path, with_key(ada)).status == 404);
  CHECK(running.log().find(ada) == std::string::npos); // law 9
}

TEST_CASE("law 2: a user installs the App by a link that counts once, and follows what is private then") {
  github_with_app github;
  node running{github.options()};
  auto client = running.client();
  const auto ada = key_of(client, "ada");
  const auto hidden = std::string{R"({"provider":"github","owner":"octo","name":"hidden"})"};
  CHECK(follow(client, ada, hidden).status == 422);

  const auto begin = [&] {
    const auto link = object_of(client.request("POST", "/api/v1/github/install-links", with_key(ada)));
    const auto at = std::string{link.at("path").as_string()};
    const auto sent = client.request("GET", at, {{"Sec-Fetch-Site", "none"}});
    INFO(sent.body);
    CHECK(sent.status == 302);
    CHECK(sent["location"].starts_with(github.standin.web_url() + "/apps/ingot-app/installations/new?state="));
    CHECK(client.request("GET", at).status == 403); // once
    return sent["location"].substr(sent["location"].find("state=") + 6);
  };
  const auto setup = [&](const std::string& state, const std::string& code) {
    return client.request("GET", "/github/setup?installation_id=5&setup_action=install&state=" + state + "&code=" + code,
                          {{"Sec-Fetch-Site", "cross-site"}});
  };
  github.standin.add_oauth_code("code-of-ada", {"ada", 1});
  github.standin.add_oauth_code("code-of-mallory", {"mallory", 2});

  const auto state = begin();
  CHECK(setup(state + "0", "code-of-ada").status == 403);
  const auto installed = setup(state, "code-of-ada");
  INFO(installed.body);
  CHECK(installed.status == 200);
  CHECK(installed["content-type"].starts_with("text/html"));
  CHECK(installed["content-security-policy"].find("default-src 'none'") != std::string::npos);
  CHECK(installed.body.find("octo") != std::string::npos);
  CHECK(installed.body.find("<script") == std::string::npos);
  CHECK(setup(state, "code-of-ada").status == 403); // once
  CHECK(setup(begin(), "code-of-mallory").status == 403);
  CHECK(setup(begin(), "no-code").status == 403);
  CHECK(client.request("GET", "/github/install", with_key(ada)).status == 302);
  CHECK(client.request("GET", "/github/install").status == 401);
  CHECK(client.request("GET", "/api/v1/installations", {{"Authorization", "Bearer " + ada}, {"Sec-Fetch-Site", "none"}}).status ==
        403); // browsers at these two only

  const auto listed = object_of(client.request("GET", "/api/v1/installations", with_key(ada))).at("installations").as_array();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].at("account").as_string() == "octo");
  CHECK(listed[0].at("installationId").as_int64() == 5);
  const auto made = follow(client, ada, hidden);
  CHECK(made.status == 201);
  CHECK(object_of(made).at("isPrivate").as_bool());
  CHECK(running.log().find("code-of-ada") == std::string::npos); // law 9
}

TEST_CASE("a repository that is renamed and made private is so for whoever follows it, and no token of the node's shows it") {
  github_with_app github;
  node running{github.options()};
  auto client = running.client();
  const auto made = follow(client, key_of(client, "ada"), R"({"provider":"github","owner":"octo","name":"open"})");
  REQUIRE(made.status == 201);
  sql db{running.database_url()};
  auto payload = example_of("repository");
  move_to_repository(payload, github.open_id, "octo/renamed");
  set(payload, "/repository/private", true);
  CHECK(deliver(client, "repository", new_delivery_id(), payload).status == 200);
  CHECK(db.text("SELECT name || ' ' || state || ' ' || is_private FROM provider_repositories") == "renamed forbidden true");
  set(payload, "/repository/private", false);
  set(payload, "/action", "publicized");
  set(payload, "/repository/updated_at", "2031-01-01T00:00:00Z");
  CHECK(deliver(client, "repository", new_delivery_id(), payload).status == 200);
  CHECK(db.text("SELECT name || ' ' || state || ' ' || is_private FROM provider_repositories") == "renamed active false");
}

TEST_CASE("law 6: a delivery that failed is asked for again, and the receipt says up to when all is here") {
  github_with_app github;
  const auto body = text_of(example_of("push"));
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  auto failed = hosted_delivery{};
  failed.guid = new_delivery_id();
  failed.event = "push";
  failed.status = "timed out";
  failed.status_code = 0;
  failed.delivered_at = now - 900;
  auto old = failed;
  old.guid = new_delivery_id();
  old.delivered_at = now - 4 * 24 * 3600;

  node running{github.options({{"INGOT_GITHUB_API_DELIVERIES_INTERVAL_MS", "500"}})};
  const auto port = running.port();
  github.standin.on_redelivery = [port, body](const hosted_delivery& x) {
    http_client to{port};
    return to.request("POST", "/webhook", delivery_headers(x.event, x.guid, body, webhook_secret), body).status;
  };
  // Only now: what is asked for before the node listens is asked for again much later.
  github.standin.add(failed);
  github.standin.add(old);
  sql db{running.database_url()};
  CHECK(eventually(
      [&] { return db.number("SELECT count(*) FROM delivery_ids WHERE delivery_id = " + literal(failed.guid)) == 1; }));
  auto client = running.client();
  const auto receipt = [&] {
    return object_of(client.request("GET", "/api/v1/admin/receipt", as_admin)).at("receipts").as_array();
  };
  CHECK(eventually([&] {
    const auto all = receipt();
    return all.size() == 1 && all[0].at("missing").as_int64() == 0 &&
           std::string{all[0].at("completeThrough").as_string()} > std::string{"2026"};
  }));
  CHECK(github.standin.redelivered().size() >= 1);
  CHECK(client.request("GET", "/api/v1/admin/receipt").status == 401);
}

TEST_CASE("the files of a pull request are asked for when it is heard of") {
  github_with_app github;
  github.standin.change(github.open_id, [](hosted_repository& x) {
    x.pulls[5] = {{"src/a.cpp", "modified", "", std::string(40, 'a'), 3, 1},
                  {"docs/b.md", "added", "", std::string(40, 'b'), 2, 0}};
  });
  node running{github.options({{"GITHUB_TOKEN", "token-of-node"}})};
  github.standin.add_token("token-of-node", {"node", 9});
  auto client = running.client();
  auto payload = example_of("pull_request");
  move_to_repository(payload, github.open_id, "octo/open");
  CHECK(deliver(client, "pull_request", new_delivery_id(), payload).status == 200);
  sql db{running.database_url()};
  CHECK(eventually([&] { return db.number("SELECT COALESCE(array_length(files_changed, 1), 0) FROM pull_requests") == 2; }));
  CHECK(db.text("SELECT files_changed[1] ->> 'filename' FROM pull_requests") == "src/a.cpp");
  CHECK(db.text("SELECT (files_changed[1] ->> 'additions') || (files_changed[1] ->> 'changes') FROM pull_requests") == "34");
}

TEST_CASE("ingot sync adds a repository through the node, waits for the end, and says what was done") {
  github_with_app github;
  node running{github.options()};
  const auto run = [&](std::vector<std::string> words) {
    return run_ingot(words, {{"DATABASE_URL", running.database_url()},
                             {"PORT", std::to_string(running.port())},
                             {"INGOT_ADMIN_TOKEN", std::string{admin_token}}});
  };
  const auto absent = run({"sync", "octo/open"});
  CHECK(absent.exit_code == 1);
  CHECK(absent.output.find("--add") != std::string::npos);
  CHECK(run({"sync", "octo"}).exit_code == 2);
  const auto synced = run({"sync", "octo/open", "--add", "--follow", "--json"});
  INFO(synced.output);
  CHECK(synced.exit_code == 0);
  const auto said = json::parse(synced.output).as_object();
  CHECK(said.at("sync").at("commitSha").as_string() == *github.open_one.head());
  CHECK(said.at("sync").at("added").as_int64() == 2);
  const auto listed = json::parse(run({"repositories", "list", "--json"}).output).as_object();
  CHECK(listed.at("repositories").as_array().size() == 1);
}

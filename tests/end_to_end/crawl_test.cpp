#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

using namespace ingot::testing;

namespace {

const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};

std::vector<header> as_application(const std::string& from = "198.51.100.1") {
  return {{"X-App-Token", std::string{application_token}}, {"Content-Type", "application/json"}, {"X-Forwarded-For", from}};
}

/// Connections of tests come from one address; the proxy that a test plays tells another one. Many of one partner's requests at
/// once are what is tested here, not their sender's turn.
const std::map<std::string, std::string> trusting{{"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.1"},
                                                  {"INGOT_CRAWL_REQUESTS_PER_MINUTE", "0"},
                                                  {"INGOT_SERVER_REQUESTS_PER_SENDER_MAX", "1000"}};

json::object item(const std::string& id, const std::string& title = "A title") {
  return {{"externalId", id}, {"url", "https://example.org/" + id}, {"title", title}};
}

std::string body_of(json::array items, const std::string& source = "partner") {
  return json::serialize(json::object{{"sourceId", source}, {"items", std::move(items)}});
}

http_answer send(http_client& to, const std::string& body, const std::vector<header>& headers = as_application()) {
  return to.request("POST", "/ingest/crawl", headers, body);
}

json::object object_of(const http_answer& x) {
  INFO(x.status << " " << x.body);
  return json::parse(x.body).as_object();
}

/// `created updated unchanged rejected`
std::string counts_of(const http_answer& x) {
  INFO(x.body);
  REQUIRE(x.status == 200);
  auto out = std::string{};
  for (const auto* name : {"created", "updated", "unchanged", "rejected"})
    out += (out.empty() ? "" : " ") + json::serialize(object_of(x).at(name));
  return out;
}

std::map<std::string, std::string> with_database(const std::string& url, std::map<std::string, std::string> more = trusting) {
  more["DATABASE_URL"] = url;
  return more;
}

void add_source(http_client& to, const std::string& id = "partner") {
  REQUIRE(to.request("POST", "/api/v1/admin/sources", as_admin, R"({"id":")" + id + "\"}").status == 201);
}

struct crawling_node {
  node running{{.environment = trusting}};
  http_client client = running.client();
  sql db{running.database_url()};

  crawling_node() { add_source(client); }
};

} // namespace

TEST_CASE_METHOD(crawling_node,
                 "laws 1 and 2: crawl items that are answered 200 are committed, and sent again they write nothing") {
  const auto body = body_of({item("a"), item("b")});
  CHECK(counts_of(send(client, body)) == "2 0 0 0");
  CHECK(db.number("SELECT count(*) FROM crawl_items") == 2);
  const auto rows = "SELECT string_agg(ctid::text || xmin, ' ' ORDER BY external_id) FROM crawl_items";
  const auto before = db.text(rows);
  CHECK(counts_of(send(client, body)) == "0 0 2 0");
  CHECK(db.text(rows) == before);
  CHECK(counts_of(send(client, body_of({item("a", "Another"), item("b"), item("c")}))) == "1 1 1 0");
  CHECK(db.text("SELECT title || ' ' || version FROM crawl_items WHERE external_id = 'a'") == "Another 2");
  const auto metrics = client.get("/metrics").body;
  CHECK(metrics.find("ingot_intake_items_total{intake=\"crawl\",outcome=\"created\"} 3") != std::string::npos);
}

TEST_CASE_METHOD(crawling_node, "law 6: bad crawl items are named and the others are stored") {
  const auto answer = send(client, body_of({item("a"), item(""), item("b"), item("a", "later"), 7}));
  CHECK(counts_of(answer) == "2 0 0 3");
  auto errors = std::string{};
  const auto told = object_of(answer);
  for (const auto& x : told.at("errors").as_array())
    errors += json::serialize(x.at("index")) + ' ' + std::string{x.at("pointer").as_string()} + ' ' +
              std::string{x.at("code").as_string()} + ", ";
  CHECK(errors == "0 /items/0/externalId duplicate, 1 /items/1/externalId invalid_fields, 4 /items/4 invalid_fields, ");
  CHECK(db.text("SELECT string_agg(external_id || title, ' ' ORDER BY external_id) FROM crawl_items") == "alater bA title");
}

TEST_CASE_METHOD(crawling_node, "law 6: what the database refuses of crawl items does not take the rest with it") {
  db.run("ALTER TABLE crawl_items ADD CONSTRAINT no_poison CHECK (title <> 'poison')");
  auto items = json::array{};
  for (auto i = 0; i < 20; ++i)
    items.push_back(item(std::to_string(i), i == 7 || i == 13 ? "poison" : "sound"));
  const auto answer = send(client, body_of(items));
  CHECK(counts_of(answer) == "18 0 0 2");
  const auto errors = object_of(answer).at("errors").as_array();
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].at("pointer") == "/items/7");
  CHECK(errors[1].at("code") == "refused_by_database");
  CHECK(send(client, body_of({item("x", "poison")})).status == 422);
  CHECK(db.number("SELECT count(*) FROM crawl_items") == 18);
}

TEST_CASE_METHOD(crawling_node, "what a crawl request lacks is named, and nothing of it is stored") {
  const auto status = [&](const std::string& body) { return send(client, body).status; };
  CHECK(status("{") == 422);
  CHECK(status("{}") == 422);
  CHECK(status(body_of({})) == 422);
  CHECK(status(body_of(json::array(501, item("a")))) == 422);
  CHECK(status(body_of({7})) == 422);
  CHECK(status(body_of({item("a")}, "nobody")) == 404);
  CHECK(send(client, body_of({item("a")}), {{"X-App-Token", std::string{application_token}}}).status == 415);
  REQUIRE(client.request("POST", "/api/v1/admin/sources/partner/disable", as_admin).status == 200);
  CHECK(status(body_of({item("a")})) == 404);
  REQUIRE(client.request("POST", "/api/v1/admin/sources/partner/enable", as_admin).status == 200);
  CHECK(db.number("SELECT count(*) FROM crawl_items") == 0);
  CHECK(status(body_of({item("a")})) == 200);
}

TEST_CASE_METHOD(crawling_node, "law 9: the crawl door opens to the application's token alone, and tells it nowhere") {
  const auto body = body_of({item("a")});
  CHECK(send(client, body, {{"Content-Type", "application/json"}}).status == 401);
  CHECK(send(client, body, {{"X-App-Token", "e2e-application-token-51c8e1"}, {"Content-Type", "application/json"}}).status ==
        401);
  CHECK(send(client, body, {{"X-App-Token", std::string{admin_token}}, {"Content-Type", "application/json"}}).status == 401);
  auto browser = as_application();
  browser.emplace_back("Origin", "https://example.org");
  CHECK(send(client, body, browser).status == 403);
  CHECK(send(client, body).status == 200);
  CHECK(running.log().find(application_token) == std::string::npos);
  CHECK(db.number("SELECT count(*) FROM audit_log WHERE to_jsonb(audit_log)::text LIKE '%" + std::string{application_token} +
                  "%'") == 0);
}

TEST_CASE("law 5: thirty crawl requests a minute of one address are taken, and other addresses have their own") {
  node running{{.environment = {{"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.1"}}}};
  auto client = running.client();
  add_source(client);
  const auto body = body_of({item("a")});
  for (auto i = 0; i < 30; ++i)
    REQUIRE(send(client, body, as_application("203.0.113.7")).status == 200);
  const auto refused = send(client, body, as_application("203.0.113.7"));
  CHECK(refused.status == 429);
  CHECK_FALSE(refused["retry-after"].empty());
  CHECK(send(client, body, as_application("203.0.113.8")).status == 200);
}

TEST_CASE("law 3: crawl requests of one source at two nodes end as if they came one after the other") {
  database_outside database;
  node first{{.environment = with_database(database.url())}}, second{{.environment = with_database(database.url())}};
  {
    auto client = first.client();
    add_source(client);
  }
  auto created = std::vector<std::int64_t>(4);
  auto senders = std::vector<std::thread>{};
  for (auto s = std::size_t{0}; s < created.size(); ++s)
    senders.emplace_back([&, s] {
      auto client = (s % 2 == 0 ? first : second).client();
      for (auto round = 0; round < 25; ++round) {
        auto items = json::array{};
        for (auto i = 0; i < 10; ++i)
          items.push_back(item(std::to_string(i), std::to_string(s) + '.' + std::to_string(round)));
        const auto answer = send(client, body_of(items));
        created[s] += answer.status == 200 ? json::parse(answer.body).at("created").as_int64() : 1'000'000;
      }
    });
  for (auto& x : senders)
    x.join();
  CHECK(created[0] + created[1] + created[2] + created[3] == 10);
  auto db = sql{database.url()};
  // One request's items are written together, so all say the same.
  CHECK(db.number("SELECT count(DISTINCT title) FROM crawl_items") == 1);
  CHECK(
      db.number("SELECT count(*) FROM crawl_items i JOIN search_documents d ON d.ref = 'partner/' || i.external_id AND d.title = "
                "i.title") == 10);
}

TEST_CASE("law 3: a source that somebody holds keeps no other source waiting") {
  crawling_node f;
  add_source(f.client, "free");
  auto outside = sql{f.running.database_url()};
  outside.run("BEGIN; SELECT FROM crawl_sources WHERE id = 'partner' FOR NO KEY UPDATE");
  auto status = std::atomic<int>{0};
  auto waiting = std::thread{[&] {
    auto client = f.running.client();
    status = send(client, body_of({item("a")})).status;
  }};
  CHECK(counts_of(send(f.client, body_of({item("a")}, "free"))) == "1 0 0 0");
  CHECK(f.db.number("SELECT count(*) FROM crawl_items") == 1);
  outside.run("COMMIT");
  waiting.join();
  CHECK(status == 200);
  CHECK(f.db.number("SELECT count(*) FROM crawl_items") == 2);
}

TEST_CASE_METHOD(crawling_node, "law 5: no more crawl requests wait than may, and the others are told to come again") {
  constexpr auto waiting_max = 256, senders = 300;
  auto outside = sql{running.database_url()};
  outside.run("BEGIN; SELECT FROM crawl_sources WHERE id = 'partner' FOR NO KEY UPDATE");
  const auto body = body_of({item("a")});
  auto request = std::string{"POST /ingest/crawl HTTP/1.1\r\nHost: x\r\nContent-Length: "} + std::to_string(body.size()) + "\r\n";
  for (const auto& [name, value] : as_application())
    request += name + ": " + value + "\r\n";
  auto clients = std::vector<http_client>{};
  for (auto i = 0; i < senders; ++i)
    clients.push_back(running.client());
  for (auto& x : clients)
    x.send(request + "\r\n" + body);
  const auto told = [&](std::string_view what) { return client.get("/metrics").body.find(what) != std::string::npos; };
  CHECK(eventually([&] { return told("route=\"/ingest/crawl\",status=\"429\""); }));
  outside.run("COMMIT");
  auto refused = 0;
  for (auto& x : clients) {
    const auto answer = x.read_answer();
    refused += answer.status == 429 ? 1 : 0;
    CHECK((answer.status == 200 || answer.status == 503 || (answer.status == 429 && !answer["retry-after"].empty())));
  }
  CHECK(refused >= 1);
  CHECK(refused <= senders - waiting_max);
}

TEST_CASE("while the database is away crawl items are answered 503, and sent again they are stored once") {
  database_outside database;
  node running{{.environment = with_database(database.url())}};
  auto client = running.client();
  add_source(client);
  const auto body = body_of({item("a")});
  database.stop();
  const auto away = send(client, body);
  CHECK(away.status == 503);
  CHECK_FALSE(away["retry-after"].empty());
  database.start();
  CHECK(eventually([&] { return send(client, body).status == 200; }));
  CHECK(counts_of(send(client, body)) == "0 0 1 0");
}

TEST_CASE("law 2: a node that is killed around COMMIT leaves crawl items stored once or not at all") {
  for (const auto* point : {"before_commit:1", "during_commit:1", "after_commit:1"}) {
    INFO(point);
    database_outside database;
    node running{{.environment = with_database(database.url())}};
    {
      auto client = running.client();
      add_source(client);
    }
    running.kill();
    running.environment()["INGOT_FAILPOINT"] = point;
    running.start();
    {
      auto client = running.client();
      CHECK_THROWS_AS(send(client, body_of({item("a"), item("b")})), http_error);
    }
    running.wait(std::chrono::seconds{30});
    running.environment().erase("INGOT_FAILPOINT");
    running.start();
    auto client = running.client();
    const auto counts = counts_of(send(client, body_of({item("a"), item("b")})));
    CHECK((counts == "2 0 0 0" || counts == "0 0 2 0"));
    CHECK(sql{database.url()}.number("SELECT count(*) FROM crawl_items") == 2);
    CHECK(sql{database.url()}.number("SELECT count(*) FROM search_documents") == 2);
  }
}

TEST_CASE_METHOD(crawling_node, "operators see and change sources over the admin interface and by command, in one JSON") {
  const auto environment = std::map<std::string, std::string>{{"DATABASE_URL", running.database_url()}};
  const auto admin = [&](const std::string& method, const std::string& path, const std::string& body = {}) {
    return client.request(method, "/api/v1/admin/sources" + path, as_admin, body);
  };
  CHECK(client.get("/api/v1/admin/sources").status == 401);
  CHECK(run_ingot({"sources", "add", "second", "--name", "The second"}, environment).exit_code == 0);
  CHECK(run_ingot({"sources", "add", "second"}, environment).exit_code == 1);
  CHECK(admin("POST", "", R"({"id":"second"})").status == 409);
  CHECK(admin("POST", "", R"({"id":"a b"})").status == 400);
  const auto listed = admin("GET", "");
  CHECK(object_of(listed).at("sources").as_array().size() == 2);
  CHECK(run_ingot({"sources", "list", "--json"}, environment).output == listed.body + "\n");
  CHECK(object_of(admin("GET", "?limit=1")).at("next") == "partner");
  CHECK(admin("POST", "/nobody/disable").status == 404);
  const auto disabled = run_ingot({"sources", "disable", "second", "--json"}, environment);
  CHECK(object_of(admin("POST", "/second/disable")) == json::parse(disabled.output).as_object());
  CHECK(object_of(admin("POST", "/second/enable")).at("disabled_at").is_null());
}

#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <csignal>
#include <thread>

using namespace ingot::testing;

namespace {

const auto all_day = std::map<std::string, std::string>{{"INGOT_EVENTS_REQUESTS_PER_MINUTE", "0"}};

http_answer send_events(http_client& to, const std::string& events, std::vector<header> more = {},
                        const std::string& token = std::string{application_token}) {
  more.emplace_back("content-type", "application/json");
  if (!token.empty())
    more.emplace_back("x-app-token", token);
  return to.request("POST", "/ingest/events", more, "{\"events\":[" + events + "]}");
}

/// `accepted/duplicates/rejected`
std::string counts(const http_answer& x) {
  if (x.status != 200)
    return std::to_string(x.status) + ' ' + x.body;
  const auto body = json::parse(x.body);
  const auto number = [&](const char* name) { return std::to_string(body.at(name).as_int64()); };
  return number("accepted") + '/' + number("duplicates") + '/' + number("rejected");
}

std::string copy_of(const std::string& rule, const std::string& key = {}) {
  return R"({"type":"COPY","ruleId":")" + rule + '"' + (key.empty() ? "" : ",\"idempotencyKey\":\"" + key + '"') + '}';
}

std::string view_of(const std::string& rule) {
  return R"({"type":"VIEW","ruleId":")" + rule + "\"}";
}

} // namespace

TEST_CASE("events are stored before they are acknowledged, the bad ones named, and those known are duplicates") {
  node running;
  auto client = running.client();
  const auto first = send_events(client, copy_of("r1", "a") + ',' + view_of("r1") + ',' + R"({"type":"SALE","ruleId":"r1"})" +
                                             ',' + R"({"type":"SAVE","ruleId":"r1","ts":"2001-01-01T00:00:00Z"})" + ",7");
  CHECK(counts(first) == "2/0/3");
  const auto errors = json::parse(first.body).at("errors").as_array();
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].at("index").as_int64() == 2);
  CHECK(errors[0].at("pointer").as_string() == "/events/2/type");
  CHECK(errors[0].at("code").as_string() == "unknown_type");
  CHECK(errors[1].at("pointer").as_string() == "/events/3/ts");
  CHECK(errors[1].at("code").as_string() == "too_old");
  CHECK(errors[2].at("pointer").as_string() == "/events/4");
  CHECK(counts(send_events(client, copy_of("r1", "a") + ',' + view_of("r1") + ',' + copy_of("r1"))) == "1/2/0");
  sql db{running.database_url()};
  CHECK(db.text("SELECT string_agg(type, ' ' ORDER BY ts, type) FROM events") == "COPY VIEW COPY");
}

TEST_CASE("a request without one good event, or that is none, is 422 and stores nothing") {
  node running;
  auto client = running.client();
  const auto bad = send_events(client, R"({"type":"SALE","ruleId":"r1"},{"type":"COPY"})");
  CHECK(bad.status == 422);
  CHECK(json::parse(bad.body).at("error").at("details").as_array().size() == 2);
  const auto headers = std::vector<header>{{"content-type", "application/json"}, {"x-app-token", std::string{application_token}}};
  for (const auto* body : {"", "{", "[]", "{\"events\":{}}", "{\"events\":[]}", "{\"events\":[],\"more\":1}", "null"}) {
    INFO(body);
    CHECK(client.request("POST", "/ingest/events", headers, body).status == 422);
  }
  CHECK(client.request("POST", "/ingest/events", {{"content-type", "text/plain"}, headers[1]}, "{}").status == 415);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM events") == 0);
}

TEST_CASE("the application's door: both live tokens, nobody without one, no browser, and nothing while none is set") {
  node running{{.environment = {{"INGEST_APP_TOKEN_PREVIOUS", "the-token-before-0123"}}}};
  auto client = running.client();
  CHECK(counts(send_events(client, copy_of("r"))) == "1/0/0");
  CHECK(counts(send_events(client, copy_of("r"), {}, "the-token-before-0123")) == "1/0/0");
  CHECK(send_events(client, copy_of("r"), {}, "").status == 401);
  CHECK(send_events(client, copy_of("r"), {}, std::string{application_token} + "x").status == 401);
  for (const auto* name : {"origin", "sec-fetch-site"}) {
    const auto refused = send_events(client, copy_of("r"), {{name, "https://example.org"}});
    CHECK(refused.status == 403);
    CHECK(refused["access-control-allow-origin"].empty());
    for (const auto* path : {"/metrics", "/ready", "/openapi.json", "/nowhere", "/api/v1/admin/jobs"})
      CHECK(client.request("GET", path, {{name, "https://example.org"}}).status == 403);
    CHECK(client.request("GET", "/health", {{name, "https://example.org"}}).status == 200);
  }
  node closed{{.environment = {{"INGEST_APP_TOKEN", ""}}}};
  auto other = closed.client();
  CHECK(send_events(other, copy_of("r")).status == 503);
}

TEST_CASE("law 5: an address has its requests of a minute, told on every answer, and only a trusted proxy speaks for another") {
  node running{{.environment = {{"INGOT_EVENTS_REQUESTS_PER_MINUTE", "3"}, {"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.0/8"}}}};
  auto client = running.client();
  for (auto left = 2; left >= 0; --left) {
    const auto taken = send_events(client, view_of("r"), {{"x-forwarded-for", "198.51.100.7"}});
    CHECK(taken.status == 200);
    CHECK(taken["ratelimit-limit"] == "3");
    CHECK(taken["ratelimit-remaining"] == std::to_string(left));
  }
  const auto refused = send_events(client, view_of("r"), {{"x-forwarded-for", "203.0.113.9, 198.51.100.7"}});
  CHECK(refused.status == 429);
  CHECK(std::stoi(refused["retry-after"]) >= 1);
  CHECK(counts(send_events(client, view_of("r"), {{"forwarded", "for=\"[2001:db8::1]:99\""}})) == "1/0/0");
  CHECK(counts(send_events(client, view_of("r"), {{"forwarded", "for=\"[2001:db8::2]\""}})) == "0/1/0");
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM events") == 2);

  node plain{{.environment = {{"INGOT_EVENTS_REQUESTS_PER_MINUTE", "1"}}}};
  auto direct = plain.client();
  CHECK(send_events(direct, view_of("r"), {{"x-forwarded-for", "198.51.100.7"}}).status == 200);
  CHECK(send_events(direct, view_of("r"), {{"x-forwarded-for", "198.51.100.8"}}).status == 429);
}

TEST_CASE("law 1: events that were acknowledged are there after a SIGKILL, and are known as duplicates") {
  node running{{.environment = all_day}};
  {
    auto client = running.client();
    for (auto i = 0; i < 20; ++i)
      CHECK(counts(send_events(client, copy_of("r", std::to_string(i)))) == "1/0/0");
    CHECK(counts(send_events(client, view_of("r"))) == "1/0/0");
  }
  running.kill();
  running.start();
  auto client = running.client();
  for (auto i = 0; i < 20; ++i)
    CHECK(counts(send_events(client, copy_of("r", std::to_string(i)))) == "0/1/0");
  CHECK(counts(send_events(client, view_of("r"))) == "0/1/0");
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM events") == 21);
}

TEST_CASE("law 2: a node that dies around its COMMIT, and a sender that repeats, leave each event once") {
  node running{{.environment = all_day}};
  auto sent = 0;
  for (const auto* point : {"before_commit", "during_commit", "after_commit"}) {
    if (running.alive())
      running.kill();
    running.environment()["INGOT_FAILPOINT"] = std::string{point} + ":3";
    running.start();
    for (auto died = false; !died; ++sent) {
      try {
        auto client = running.client();
        died = send_events(client, copy_of("r", std::to_string(sent)) + ',' + copy_of("s", "s" + std::to_string(sent))).status !=
               200;
      } catch (const http_error&) {
        died = true;
      }
      REQUIRE(sent < 100);
    }
    --sent; // nobody knows of this one: it is sent again
    REQUIRE(running.wait(std::chrono::seconds{10}));
  }
  REQUIRE(eventually([&] { return !running.alive(); }));
  running.environment().erase("INGOT_FAILPOINT");
  running.start();
  auto client = running.client();
  CHECK(send_events(client, copy_of("r", std::to_string(sent)) + ',' + copy_of("s", "s" + std::to_string(sent))).status == 200);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM events") == 2 * (sent + 1));
  CHECK(db.number("SELECT count(DISTINCT idempotency_key) FROM events") == 2 * (sent + 1));
}

TEST_CASE("law 1 and law 2: while the database is away events are spooled, then applied once, over a SIGKILL too") {
  database_outside database;
  auto environment = all_day;
  environment["DATABASE_URL"] = database.url();
  node running{{.environment = environment}};
  {
    auto client = running.client();
    CHECK(counts(send_events(client, copy_of("r", "before") + ',' + view_of("r"))) == "2/0/0");
    database.stop();
    for (auto i = 0; i < 10; ++i) {
      const auto spooled = send_events(client, copy_of("r", std::to_string(i)) + ',' + copy_of("r") + ',' +
                                                   copy_of("r", "before") + ',' + view_of("r") + ",1");
      CHECK(counts(spooled) == "4/0/1");
      CHECK(json::parse(spooled.body).at("spooled").as_bool());
    }
  }
  running.kill();
  database.start();
  running.start();
  sql db{database.url()};
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM events") == 22; }));
  CHECK(eventually([&] { return running.client().get("/ready").status == 200; }));
  CHECK(db.number("SELECT count(*) FROM events WHERE type = 'VIEW'") == 1);
  CHECK(db.number("SELECT count(*) FROM events WHERE idempotency_key = 'before'") == 1);
  auto client = running.client();
  CHECK(counts(send_events(client, copy_of("r", "3") + ',' + copy_of("r", "new"))) == "1/1/0");
}

TEST_CASE("law 2: two nodes that are sent the same events at the same moment store each once") {
  database_outside database;
  auto environment = all_day;
  environment["DATABASE_URL"] = database.url();
  environment["INGOT_MASTER_KEY"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  node first{{.environment = environment}}, second{{.environment = environment}};
  auto accepted = std::atomic<std::int64_t>{0};
  auto failed = std::atomic<int>{0};
  auto senders = std::vector<std::thread>{};
  for (auto* to : {&first, &second, &first, &second})
    senders.emplace_back([&, port = to->port()] {
      auto client = http_client{port};
      for (auto i = 0; i < 40; ++i) {
        auto events = view_of("r" + std::to_string(i));
        for (auto k = 0; k < 10; ++k)
          events += ',' + copy_of("r", std::to_string(i) + "-" + std::to_string(k));
        const auto got = send_events(client, events);
        if (got.status == 200)
          accepted += json::parse(got.body).at("accepted").as_int64();
        else
          ++failed;
      }
    });
  for (auto& x : senders)
    x.join();
  CHECK(failed == 0);
  CHECK(accepted == 40 * 11);
  sql db{database.url()};
  CHECK(db.number("SELECT count(*) FROM events") == 40 * 11);
}

TEST_CASE("law 6: a request that the database refuses takes no other with it, and its sender is told why") {
  node running{{.environment = all_day}};
  sql db{running.database_url()};
  db.run("ALTER TABLE events ADD CONSTRAINT no_poison CHECK (rule_id <> 'poison')");
  auto wrong = std::atomic<int>{0};
  auto refused = std::atomic<int>{0};
  auto senders = std::vector<std::thread>{};
  for (auto s = 0; s < 4; ++s)
    senders.emplace_back([&, s] {
      auto client = running.client();
      for (auto i = 0; i < 25; ++i) {
        const auto poison = s == 0 && i % 5 == 0;
        const auto got = send_events(client, copy_of(poison ? "poison" : "fine"));
        if (poison && got.status == 422 && got.body.find("no_poison") != std::string::npos)
          ++refused;
        else if (poison || got.status != 200)
          ++wrong;
      }
    });
  for (auto& x : senders)
    x.join();
  CHECK(wrong == 0);
  CHECK(refused == 5);
  CHECK(db.number("SELECT count(*) FROM events") == 95);
}

TEST_CASE("law 6: a spooled request that the database refuses is kept as failed, with its reason") {
  database_outside database;
  auto environment = all_day;
  environment["DATABASE_URL"] = database.url();
  node running{{.environment = environment}};
  {
    sql db{database.url()};
    db.run("ALTER TABLE events ADD CONSTRAINT no_poison CHECK (rule_id <> 'poison')");
  }
  database.stop();
  {
    auto client = running.client();
    CHECK(counts(send_events(client, copy_of("fine"))) == "1/0/0");
    CHECK(counts(send_events(client, copy_of("poison"))) == "1/0/0");
    CHECK(counts(send_events(client, copy_of("fine"))) == "1/0/0");
  }
  database.start();
  sql db{database.url()};
  const auto applied = eventually([&] { return db.number("SELECT count(*) FROM events") == 2; });
  INFO(running.log());
  CHECK(applied);
  CHECK(eventually(
      [&] { return db.number("SELECT count(*) FROM deliveries WHERE source = 'events' AND outcome = 'failed'") == 1; }));
  CHECK(db.text("SELECT error FROM deliveries WHERE outcome = 'failed'").find("no_poison") != std::string::npos);
}

TEST_CASE("law 3: an application's events that wait hold up no GitHub delivery") {
  node running{{.environment = all_day}};
  sql blocker{running.database_url()};
  blocker.run("BEGIN");
  blocker.run("LOCK TABLE events IN ACCESS EXCLUSIVE MODE");
  auto waits = std::thread{[port = running.port()] {
    auto client = http_client{port};
    send_events(client, copy_of("r"));
  }};
  auto client = running.client();
  const auto ping = std::string{R"({"zen":"Keep it logically awesome.","hook_id":1})"};
  CHECK(deliver(client, "ping", new_delivery_id(), ping).status == 200);
  blocker.run("ROLLBACK");
  waits.join();
}

TEST_CASE("law 9: neither a token nor a client's address stands in a log or a row") {
  node running{{.environment = {{"INGOT_LOG_LEVEL", "trace"}, {"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.1"}}}};
  auto client = running.client();
  CHECK(counts(send_events(client, view_of("r"), {{"x-forwarded-for", "198.51.100.77"}})) == "1/0/0");
  CHECK(send_events(client, view_of("r"), {{"x-forwarded-for", "198.51.100.77"}}, "wrong-token-0123456789").status == 401);
  CHECK(running.log().find(std::string{application_token}) == std::string::npos);
  CHECK(running.log().find("wrong-token-0123456789") == std::string::npos);
  CHECK(running.log().find("198.51.100.77") == std::string::npos);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM events e WHERE e::text LIKE '%198.51.100.77%'") == 0);
  CHECK(db.number("SELECT count(*) FROM events e WHERE encode(uuid_send(viewer), 'hex') LIKE '%c633644d%'") == 0);
}

#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <set>
#include <vector>

using namespace ingot::testing;

namespace {

const std::vector<header> as_application{{"X-App-Token", std::string{application_token}}, {"Content-Type", "application/json"}};
const std::vector<header> as_cron{{"X-Cron-Secret", std::string{cron_secret}}};

json::object object_of(const http_answer& x) {
  INFO(x.status << " " << x.body);
  return json::parse(x.body).as_object();
}

void add_source(http_client& to) {
  REQUIRE(to.request("POST", "/api/v1/admin/sources", {{"Authorization", "Bearer " + std::string{admin_token}}}, R"({"id":"p"})")
              .status == 201);
}

/// Stores `count` items, from `first` on.
void store(http_client& to, int first, int count, const std::string& title, const std::string& summary = "") {
  auto items = json::array{};
  for (auto i = first; i < first + count; ++i)
    items.push_back({{"externalId", std::to_string(i)},
                     {"url", "https://example.org/" + std::to_string(i)},
                     {"title", title},
                     {"summary", summary}});
  const auto body = json::serialize(json::object{{"sourceId", "p"}, {"items", items}});
  REQUIRE(to.request("POST", "/ingest/crawl", as_application, body).status == 200);
}

http_answer search(http_client& to, const std::string& query) {
  return to.request("GET", "/api/v1/search?" + query, as_application);
}

std::size_t hits_of(http_client& to, const std::string& query) {
  return object_of(search(to, query)).at("hits").as_array().size();
}

/// Percent-encoded, as a parameter's value.
std::string encoded(std::string_view text) {
  constexpr auto digits = "0123456789ABCDEF";
  auto out = std::string{};
  for (const auto c : text) {
    out += '%';
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 0xf];
  }
  return out;
}

struct two_nodes {
  database_outside database;
  node first{options()}, second{options()};
  sql db{database.url()};

  node_options options() const {
    return {.environment = {{"DATABASE_URL", database.url()},
                            {"INGOT_CRAWL_REQUESTS_PER_MINUTE", "0"},
                            {"INGOT_JOBS_LEASE_MS", "1000"},
                            {"INGOT_JOBS_POLL_INTERVAL_MS", "50"}}};
  }
};

} // namespace

TEST_CASE("the search finds what crawl partners sent, the best first, in pages, with snippets that are safe HTML") {
  node running;
  auto client = running.client();
  add_source(client);
  store(client, 0, 7, "A <b>needle</b> & \"more\"", "<script>alert(1)</script> and a needle again");
  store(client, 7, 3, "Hay", "with one needle");
  store(client, 10, 3, "Hay", "only");
  auto seen = std::set<std::string>{};
  auto after = std::string{};
  for (auto pages = 0; pages < 5; ++pages) {
    const auto page = object_of(search(client, "q=needle&limit=4" + after));
    CHECK(page.at("ranked_all").as_bool());
    for (const auto& x : page.at("hits").as_array()) {
      CHECK(seen.insert(std::string{x.at("ref").as_string()}).second);
      const auto snippet = std::string{x.at("snippet").as_string()};
      CHECK(snippet.find("<mark>needle</mark>") != std::string::npos);
      CHECK(snippet.find("<script") == std::string::npos);
      CHECK(snippet.find("<b>") == std::string::npos);
      CHECK((seen.size() <= 7) == (x.at("title").as_string() != "Hay"));
    }
    if (page.at("next").is_null())
      break;
    after = "&after=" + encoded(std::string_view{page.at("next").as_string()});
  }
  CHECK(seen.size() == 10);
}

TEST_CASE("no query makes the search fail, and what is no query is named") {
  node running;
  auto client = running.client();
  for (const auto* q : {"%27%22%5C", "%21%21%21", "-", "the", "%3A%2A", "a+%26+b+%7C", "%F0%9F%A6%8A", "%EE%80%80"})
    CHECK(search(client, std::string{"q="} + q).status == 200);
  for (const auto* bad :
       {"", "q=", "q=a&limit=0", "q=a&limit=101", "q=a&after=x", "q=a&after=x/y/z", "q=a&after=1/y", "q=a&what=1", "q=%FF"})
    CHECK(search(client, bad).status == 400);
  CHECK(search(client, "q=" + std::string(501, 'a')).status == 400);
  CHECK(search(client, "q=a&after=1/y/z").status == 200);
}

TEST_CASE("law 9: the search opens to the application's token, its rebuild to the cron secret") {
  node running;
  auto client = running.client();
  CHECK(client.get("/api/v1/search?q=a").status == 401);
  CHECK(client.request("GET", "/api/v1/search?q=a", as_cron).status == 401);
  CHECK(client.request("POST", "/cron/rebuild-search").status == 401);
  CHECK(client.request("POST", "/cron/rebuild-search", as_application).status == 401);
  CHECK(client.request("GET", "/cron/rebuild-search/1", as_application).status == 401);
  CHECK(client.request("GET", "/cron/rebuild-search/1", as_cron).status == 404);
}

TEST_CASE_METHOD(two_nodes,
                 "a rebuild is one over two nodes, told of where it is asked for, and the search answers all the while") {
  auto one = first.client(), other = second.client();
  add_source(one);
  for (auto i = 0; i < 6; ++i)
    store(one, i * 500, 500, "needle");
  db.run("DELETE FROM search_documents WHERE ref = 'p/17'");
  const auto begun = one.request("POST", "/cron/rebuild-search", as_cron);
  REQUIRE(begun.status == 202);
  const auto at = begun["location"];
  // The second one meets the first, unless that is over by then.
  const auto again = other.request("POST", "/cron/rebuild-search", as_cron);
  if (again.status == 409)
    CHECK(again["location"] == at);
  else
    CHECK(again.status == 202);
  auto answered = 0;
  REQUIRE(eventually([&] {
    answered += hits_of(other, "q=needle&limit=100") == 100 ? 1 : 1'000'000;
    const auto told = object_of(other.request("GET", at, as_cron));
    return told.at("status") == "succeeded" && told.at("phase") == "done" && told.at("documents") == 3'000;
  }));
  CHECK(answered < 1'000'000);
  REQUIRE(eventually([&] { return db.number("SELECT count(*) FROM job_lanes") == 0; }));
  CHECK(db.number("SELECT count(*) FROM search_documents") == 3'000);
  CHECK(db.number("SELECT count(*) FROM search_documents WHERE ref = 'p/17'") == 1);
}

TEST_CASE("law 2: a rebuild whose node is killed in the middle is finished by another, and what changed meanwhile is in it") {
  two_nodes f;
  f.second.kill();
  auto one = f.first.client();
  add_source(one);
  for (auto i = 0; i < 4; ++i)
    store(one, i * 500, 500, "needle");
  f.first.kill();
  f.first.environment()["INGOT_FAILPOINT"] = "search_step:4"; // begun, and two batches of four
  f.first.start();
  const auto begun = f.first.client().request("POST", "/cron/rebuild-search", as_cron);
  REQUIRE(begun.status == 202);
  REQUIRE(f.first.wait(std::chrono::seconds{30}));
  CHECK(f.db.text("SELECT phase || ' ' || documents FROM search_rebuilds") == "copying 1000");
  f.second.start();
  auto other = f.second.client();
  store(other, 0, 1, "changed"); // its batch was copied
  REQUIRE(eventually([&] { return object_of(other.request("GET", begun["location"], as_cron)).at("phase") == "done"; }));
  CHECK(f.db.number("SELECT attempts FROM jobs WHERE kind = 'search_rebuild'") == 2);
  CHECK(f.db.number("SELECT documents FROM search_rebuilds") == 2'000);
  CHECK(f.db.number("SELECT count(*) FROM search_documents") == 2'000);
  CHECK(hits_of(other, "q=changed") == 1);
}

TEST_CASE("law 4: what crawl partners send during rebuilds is found as it was sent last") {
  two_nodes f;
  auto one = f.first.client(), other = f.second.client();
  add_source(one);
  store(one, 0, 500, "needle 0");
  for (auto round = 1; round <= 5; ++round) {
    const auto begun = other.request("POST", "/cron/rebuild-search", as_cron);
    REQUIRE((begun.status == 202 || begun.status == 409));
    for (auto part = 0; part < 5; ++part)
      store(part % 2 == 0 ? one : other, part * 100, 100, "needle " + std::to_string(round));
  }
  REQUIRE(eventually([&] { return f.db.number("SELECT count(*) FROM job_lanes") == 0; }));
  CHECK(f.db.number("SELECT count(*) FROM search_documents") == 500);
  CHECK(f.db.number("SELECT count(*) FROM search_documents d JOIN search_state s ON s.generation = d.generation WHERE d.title = "
                    "'needle 5'") == 500);
}

#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/sql.hpp"

#include <atomic>
#include <set>
#include <thread>

using namespace ingot::testing;
using std::chrono::seconds;

namespace {

json::object job_of(http_client& to, const test_site& site, const std::string& path) {
  const auto answer = to.request("GET", path, {{"X-API-Key", site.key}});
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return object_of(answer);
}

json::object finished_job(http_client& to, const test_site& site, const std::string& path) {
  auto job = json::object{};
  REQUIRE(eventually([&] {
    job = job_of(to, site, path);
    return job.at("status") == "succeeded" || job.at("status") == "failed" || job.at("status") == "dead";
  }));
  return job;
}

const std::string state_of_sites =
    "SELECT string_agg(site_id || machine_name || ' ' || version || enabled, ',' ORDER BY site_id, "
    "machine_name) FROM site_modules_current WHERE removed_at IS NULL";

} // namespace

TEST_CASE("a sync that need not be waited for is stored as a job, and its result is the answer it would have had") {
  node running;
  auto client = running.client();
  const auto site = make_site(running.database_url());
  const auto other = make_site(running.database_url());
  const auto answer = sync(client, site, many_modules("2024-05-01T10:00:00Z", 20).text(), {{"Prefer", "respond-async"}});
  REQUIRE(answer.status == 202);
  CHECK(answer["preference-applied"] == "respond-async");
  const auto path = answer["location"];
  CHECK(path == "/api/v1/jobs/" + std::string{object_of(answer).at("job_id").as_string()});
  const auto job = finished_job(client, site, path);
  CHECK(job.at("status").as_string() == "succeeded");
  CHECK(job.at("result").at("new_modules").to_number<int>() == 20);
  CHECK(job.at("result").at("success").as_bool());
  CHECK(client.request("GET", path, {{"X-API-Key", other.key}}).status == 404);
  CHECK(client.request("GET", path).status == 401);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM site_modules") == 20);
  CHECK(db.number("SELECT count(*) FROM job_lanes") == 0);
  CHECK(db.number("SELECT count(*) FROM syncs WHERE job_id IS NOT NULL") == 1);
  const auto record =
      object_of(client.request("GET", "/api/v1/sites/" + std::to_string(site.id) + "/syncs", {{"X-API-Key", site.key}}))
          .at("syncs")
          .at(0);
  CHECK(record.at("job_id") == object_of(answer).at("job_id"));
  CHECK(job.at("job_id") == object_of(answer).at("job_id"));
  // What became of it is counted and audited, not only that it was stored.
  const auto metrics = client.get("/metrics").body;
  for (const auto* outcome : {"stored as a job", "applied"}) {
    INFO(outcome);
    CHECK(metrics.find("ingot_site_syncs_total{outcome=\"" + std::string{outcome} + "\"} 1") != std::string::npos);
    CHECK(eventually([&] {
      return db.number("SELECT count(*) FROM audit_log WHERE action = 'modules synced' AND details::text LIKE '%" +
                       std::string{outcome} + "%'") == 1;
    }));
  }
  // Its faults are told at once, not by a job.
  CHECK(sync(client, site, sync_body{}.text(), {{"Prefer", "respond-async"}}).status == 422);
}

TEST_CASE("a sync over the set number of modules or bytes becomes a job by itself") {
  node running{{.environment = {{"INGOT_SITES_ASYNC_MODULES", "10"}, {"INGOT_SITES_ASYNC_BYTES", "20KiB"}}}};
  auto client = running.client();
  const auto site = make_site(running.database_url());
  CHECK(sync(client, site, many_modules("2024-05-01T10:00:00Z", 10).text()).status == 200);
  CHECK(sync(client, site, many_modules("2024-05-01T11:00:00Z", 11).text()).status == 202);
  auto large = many_modules("2024-05-01T12:00:00Z", 5);
  large.modules()[0].as_object()["description"] = std::string(21'000, 'x');
  const auto last = sync(client, site, large.text());
  REQUIRE(last.status == 202);
  CHECK(finished_job(client, site, last["location"]).at("result").at("removed_modules").to_number<int>() == 6);
}

TEST_CASE("law 5: stored syncs count as the syncs that they will be") {
  node running{{.environment = {{"INGOT_SITES_SYNCS_PER_HOUR", "3"}}}};
  auto client = running.client();
  const auto site = make_site(running.database_url());
  for (auto i = 0; i < 3; ++i)
    CHECK(sync(client, site, many_modules("2024-05-01T10:00:00Z", 2).text(), {{"Prefer", "respond-async"}}).status == 202);
  CHECK(sync(client, site, many_modules("2024-05-01T10:00:00Z", 2).text(), {{"Prefer", "respond-async"}}).status == 429);
}

TEST_CASE("law 1: a stored sync survives the node's death, and law 2: it is applied once") {
  node running;
  auto client = running.client();
  const auto site = make_site(running.database_url());
  auto paths = std::vector<std::string>{};
  for (auto i = 0; i < 5; ++i) {
    const auto answer =
        sync(client, site,
             many_modules("2024-05-01T1" + std::to_string(i) + ":00:00Z", 300, 10 * i, "2.0." + std::to_string(i)).text(),
             {{"Prefer", "respond-async"}});
    REQUIRE(answer.status == 202);
    paths.push_back(answer["location"]);
  }
  running.kill();
  running.start();
  client = running.client();
  for (const auto& path : paths)
    CHECK(finished_job(client, site, path).at("status").as_string() == "succeeded");
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM syncs WHERE outcome = 'applied'") == 5);
  CHECK(db.number("SELECT count(DISTINCT job_id) FROM syncs") == 5);
  CHECK(db.number("SELECT count(*) FROM site_modules_current WHERE version = '2.0.4'") == 40);
}

TEST_CASE("law 3: fifty syncs of one site at once from two nodes end as if they had come one after the other") {
  database_outside database;
  const auto environment =
      std::map<std::string, std::string>{{"DATABASE_URL", database.url()}, {"INGOT_SITES_SYNCS_PER_HOUR", "0"}};
  node first{{.environment = environment}}, second{{.environment = environment}};
  const auto site = make_site(database.url());
  auto threads = std::vector<std::thread>{};
  auto refused = std::atomic<int>{0};
  for (auto i = 0; i < 50; ++i)
    threads.emplace_back([&, i] {
      auto client = (i % 2 == 0 ? first : second).client();
      const auto time = "2024-05-01T10:" + std::string(i < 10 ? "0" : "") + std::to_string(i) + ":00Z";
      // Each names other modules and versions: what stands in the end tells which sync was last.
      const auto answer = sync(client, site, many_modules(time, 20 + i, 5 + i % 10, "2.0." + std::to_string(i)).text());
      refused += answer.status == 200 ? 0 : 1;
    });
  for (auto& x : threads)
    x.join();
  CHECK(refused == 0);
  sql db{database.url()};
  // The newest one won, whatever the order in which they came.
  CHECK(db.number("SELECT count(*) FROM site_modules WHERE removed_at IS NULL") == 69);
  CHECK(db.number("SELECT count(*) FROM site_modules_current WHERE version = '2.0.49' AND removed_at IS NULL") == 14);
  CHECK(
      db.number(
          "SELECT count(*) FROM site_modules_current WHERE version <> '2.0.49' AND version <> '1.0.0' AND removed_at IS NULL") ==
      0);
  // The site's version moved once for each sync that wrote, and history is a chain.
  CHECK(db.number("SELECT version FROM sites") == db.number("SELECT count(*) FROM syncs WHERE outcome = 'applied'"));
  CHECK(db.number("SELECT count(*) FROM syncs") == 50);
  CHECK(db.number("SELECT count(*) FROM (SELECT from_version_id, lag(to_version_id) OVER (PARTITION BY module_id ORDER BY "
                  "changed_at) AS before "
                  "FROM site_module_history) x WHERE before IS NOT NULL AND before <> from_version_id") == 0);
  // Modules and versions were made once.
  CHECK(db.number("SELECT count(*) - count(DISTINCT machine_name) FROM modules") == 0);
}

TEST_CASE("law 3: many sites at once, and modules that all of them report are made once") {
  node running;
  auto sites = std::vector<test_site>{};
  for (auto i = 0; i < 12; ++i)
    sites.push_back(make_site(running.database_url()));
  auto threads = std::vector<std::thread>{};
  auto refused = std::atomic<int>{0};
  for (auto& site : sites)
    threads.emplace_back([&] {
      auto client = running.client();
      for (auto i = 0; i < 5; ++i)
        refused +=
            sync(client, site,
                 many_modules("2024-05-01T1" + std::to_string(i) + ":00:00Z", 100, 20 * i, "3." + std::to_string(i)).text())
                        .status == 200
                ? 0
                : 1;
    });
  for (auto& x : threads)
    x.join();
  CHECK(refused == 0);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM modules") == 100);
  CHECK(db.number("SELECT count(*) FROM module_versions") == 100 + 20 + 40 + 60 + 80);
  auto states = std::set<std::string>{};
  for (const auto& row : db.rows("SELECT md5(string_agg(machine_name || version, ',' ORDER BY machine_name)) FROM "
                                 "site_modules_current GROUP BY site_id"))
    states.insert(row.at(0).value_or(""));
  CHECK(states.size() == 1);
}

TEST_CASE("law 4: another node's write is noticed by the site's version") {
  database_outside database;
  const auto environment = std::map<std::string, std::string>{{"DATABASE_URL", database.url()}};
  node first{{.environment = environment}}, second{{.environment = environment}};
  auto to_first = first.client(), to_second = second.client();
  const auto site = make_site(database.url());
  sql db{database.url()};
  REQUIRE(sync(to_first, site, many_modules("2024-05-01T10:00:00Z", 5).text()).status == 200);
  REQUIRE(sync(to_second, site, many_modules("2024-05-01T11:00:00Z", 3, 2).text()).status == 200);
  // What the first node knows is old: with it, this sync would look unchanged.
  const auto answer = object_of(sync(to_first, site, many_modules("2024-05-01T12:00:00Z", 5).text()));
  CHECK(answer.at("updated_modules").to_number<int>() == 4);
  CHECK(db.text(state_of_sites) == std::to_string(site.id) + "m0 1.0.0true," + std::to_string(site.id) + "m1 1.0.0true," +
                                       std::to_string(site.id) + "m2 1.0.0true," + std::to_string(site.id) + "m3 1.0.0true," +
                                       std::to_string(site.id) + "m4 1.0.0true");
}

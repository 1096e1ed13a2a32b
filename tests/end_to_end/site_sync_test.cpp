#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/sql.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <zlib.h>

using namespace ingot::testing;

namespace {

/// A node, its database and one site that may sync.
struct site_bench {
  node running;
  std::unique_ptr<sql> db = std::make_unique<sql>(running.database_url());
  test_site site = make_site(running.database_url());
  http_client client = running.client();

  explicit site_bench(node_options options = {}) : running{std::move(options)} {}

  http_answer send(const sync_body& x, const std::vector<header>& more = {}) { return sync(client, site, x.text(), more); }

  /// Killed, and started in the same folder.
  void restart() {
    running.kill();
    running.start();
    db = std::make_unique<sql>(running.database_url());
    client = running.client();
  }

  json::object taken(const sync_body& x, const std::vector<header>& more = {}) {
    const auto answer = send(x, more);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return object_of(answer);
  }

  std::string code(const http_answer& answer) { return std::string{object_of(answer).at("error").at("code").as_string()}; }

  /// Every table of the sites' but the records of syncs, as text: what must not move when nothing changed.
  std::string rows() {
    auto out = std::string{};
    for (const auto* table : {"sites", "modules", "module_versions", "site_modules", "site_module_history", "jobs", "job_lanes"})
      for (const auto& row : db->rows("SELECT xmin::text || ctid::text || t::text FROM " + std::string{table} + " t ORDER BY 1"))
        out += row.at(0).value_or("") + '\n';
    return out;
  }

  std::int64_t count(const std::string& table, const std::string& where = "TRUE") {
    return db->number("SELECT count(*) FROM " + table + " WHERE " + where);
  }
};

std::vector<std::string> pointers(const http_answer& x) {
  auto out = std::vector<std::string>{};
  const auto whole = object_of(x);
  for (const auto& each : whole.at("error").at("details").as_array())
    out.emplace_back(each.at("pointer").as_string());
  return out;
}

std::string gzip(const std::string& raw) {
  auto z = z_stream{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  auto out = std::string(deflateBound(&z, raw.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  z.avail_in = static_cast<uInt>(raw.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

} // namespace

TEST_CASE("a site's first sync makes its rows, a changed one writes what changed and its history") {
  site_bench b;
  auto first = sync_body{"2024-05-01T10:00:00Z"}.module("token", "8.x-1.9").module("views", "10.3.0").module("old", "1.0.0");
  first.modules()[0].as_object()["core_compatibility"] = {"^9", "^10"};
  first.modules()[0].as_object()["project_link"] = "https://www.drupal.org/project/token";
  const auto answer = b.taken(first);
  CHECK(answer.at("success").as_bool());
  CHECK(answer.at("sync_id").as_string().starts_with("sync_"));
  CHECK(answer.at("site_id").to_number<std::int64_t>() == b.site.id);
  CHECK(answer.at("processed_count").to_number<int>() == 3);
  CHECK(answer.at("new_modules").to_number<int>() == 3);
  CHECK(answer.at("updated_modules").to_number<int>() == 0);
  CHECK(answer.at("removed_modules").to_number<int>() == 0);
  CHECK(answer.at("security_updates_found").to_number<int>() == 0);
  CHECK(answer.at("warnings").as_array().empty());
  CHECK(answer.at("errors").as_array().empty());
  CHECK(answer.at("processing_time_ms").is_double());
  CHECK(answer.at("next_sync_after").as_string().ends_with("Z"));

  const auto changed = b.taken(
      sync_body{"2024-05-01T11:00:00Z"}.module("token", "8.x-1.10").module("views", "10.3.0", false).module("new", "2.0.0"));
  CHECK(changed.at("new_modules").to_number<int>() == 1);
  CHECK(changed.at("updated_modules").to_number<int>() == 2);
  CHECK(changed.at("removed_modules").to_number<int>() == 1);

  using row = sql::row;
  CHECK(b.db->rows(
            "SELECT machine_name, version, enabled, to_char(first_seen, 'HH24:MI'), to_char(last_seen, 'HH24:MI'), "
            "to_char(last_updated, 'HH24:MI'), to_char(removed_at, 'HH24:MI') FROM site_modules_current ORDER BY machine_name") ==
        std::vector<row>{row{"new", "2.0.0", "t", "11:00", "11:00", "11:00", std::nullopt},
                         row{"old", "1.0.0", "f", "10:00", "10:00", "11:00", "11:00"},
                         row{"token", "8.x-1.10", "t", "10:00", "11:00", "11:00", std::nullopt},
                         row{"views", "10.3.0", "f", "10:00", "11:00", "11:00", std::nullopt}});
  CHECK(b.db->rows("SELECT m.machine_name, f.version, t.version, to_char(h.changed_at, 'HH24:MI'), 'sync_' || h.sync_id "
                   "FROM site_module_history h JOIN modules m ON m.id = h.module_id "
                   "JOIN module_versions f ON f.id = h.from_version_id JOIN module_versions t ON t.id = h.to_version_id") ==
        std::vector<row>{row{"token", "8.x-1.9", "8.x-1.10", "11:00", std::string{changed.at("sync_id").as_string()}}});
  CHECK(
      b.db->rows("SELECT outcome, processed, new_modules, updated_modules, removed_modules, sync_type FROM syncs ORDER BY id") ==
      std::vector<row>{row{"applied", "3", "3", "0", "0", "full"}, row{"applied", "3", "1", "2", "1", "full"}});
  CHECK(b.db->text("SELECT core_compatibility::text FROM module_versions WHERE version = '8.x-1.9'") == "{^9,^10}");
  CHECK(b.db->text("SELECT name || environment FROM sites") == "a sitelive");
  CHECK(b.db->text("SELECT info::text FROM sites") == R"({"name": "Forge", "environment": "live"})");
  CHECK(eventually([&] { return b.count("audit_log", "action = 'modules synced'") == 2; }));
}

TEST_CASE("law 2: the same sync again writes nothing but its own record, and so does an unchanged one, after a restart too") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 50));
  const auto before = b.rows();
  const auto again = b.taken(many_modules("2024-05-01T10:00:00Z", 50));
  CHECK(again.at("outcome").as_string() == "unchanged");
  CHECK(again.at("processed_count").to_number<int>() == 50);
  b.taken(many_modules("2024-05-01T11:00:00Z", 50));
  b.restart();
  CHECK(b.taken(many_modules("2024-05-01T12:00:00Z", 50)).at("outcome").as_string() == "unchanged");
  CHECK(b.rows() == before);
  CHECK(b.count("syncs") == 4);
  // last_seen moves all the same, by the site-level mark.
  CHECK(b.count("site_modules_current", "last_seen = '2024-05-01T12:00:00Z'") == 50);
}

TEST_CASE("law 4: a sync older than the last applied one is answered with a warning and changes nothing") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 5));
  b.taken(many_modules("2024-05-01T12:00:00Z", 5)); // unchanged, and applied all the same
  const auto before = b.rows();
  const auto late = b.taken(many_modules("2024-05-01T11:00:00Z", 3, 3));
  CHECK(late.at("outcome").as_string() == "stale");
  REQUIRE(late.at("warnings").as_array().size() == 1);
  CHECK(late.at("warnings").at(0).at("pointer").as_string() == "/sync_timestamp");
  CHECK(late.at("updated_modules").to_number<int>() == 0);
  CHECK(b.rows() == before);
  CHECK(b.count("syncs", "outcome = 'stale'") == 1);
}

TEST_CASE("law 4: every order of full syncs ends with the modules of the newest one standing") {
  site_bench b;
  const std::vector<sync_body> syncs{many_modules("2024-05-01T10:00:00Z", 4), many_modules("2024-05-01T11:00:00Z", 6, 3, "2.0.0"),
                                     many_modules("2024-05-01T12:00:00Z", 3, 1, "3.0.0")};
  auto order = std::vector<int>{0, 1, 2};
  auto states = std::set<std::string>{};
  do {
    const auto site = make_site(b.running.database_url());
    for (const auto i : order)
      REQUIRE(sync(b.client, site, syncs[static_cast<std::size_t>(i)].text()).status == 200);
    states.insert(
        b.db->text("SELECT string_agg(machine_name || version || enabled, ',' ORDER BY machine_name) FROM site_modules_current "
                   "WHERE removed_at IS NULL AND site_id = " +
                   std::to_string(site.id)));
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(states == std::set<std::string>{"m03.0.0true,m11.0.0true,m21.0.0true"});
}

TEST_CASE("law 4: every order of full and partial syncs with a tie ends as docs/integrations/drupal.md says") {
  // The words of that page as a program: an older one than the last applied changes nothing, of equal ones the later that comes
  // counts, a full one removes what it does not name, a partial one touches what it names.
  struct said {
    std::string time;
    bool partial;
    std::map<std::string, std::string> modules;
  };
  const std::vector<said> syncs{{"2024-05-01T10:00:00Z", false, {{"a", "1.0.0"}, {"b", "1.0.0"}}},
                                {"2024-05-01T11:00:00Z", true, {{"b", "2.0.0"}, {"c", "2.0.0"}}},
                                {"2024-05-01T12:00:00Z", false, {{"a", "3.0.0"}, {"c", "3.0.0"}}},
                                {"2024-05-01T12:00:00Z", true, {{"a", "4.0.0"}, {"d", "4.0.0"}}}};
  const auto body_of = [](const said& x) {
    auto out = sync_body{x.time};
    for (const auto& [name, version] : x.modules)
      out.module(name, version);
    if (x.partial)
      out.members["sync_type"] = "partial";
    return out.text();
  };
  site_bench b;
  auto order = std::vector<std::size_t>{0, 1, 2, 3};
  do {
    const auto site = make_site(b.running.database_url());
    auto expected = std::map<std::string, std::pair<std::string, bool>>{};
    auto last = std::string{};
    for (const auto i : order) {
      const auto& x = syncs[i];
      REQUIRE(sync(b.client, site, body_of(x)).status == 200);
      if (x.time < last)
        continue;
      last = x.time;
      for (auto& [name, module] : expected)
        module.second = module.second && x.partial;
      for (const auto& [name, version] : x.modules)
        expected[name] = {version, true};
    }
    auto text = std::string{};
    for (const auto& [name, module] : expected)
      text += (text.empty() ? "" : ",") + name + ' ' + module.first + (module.second ? " true" : " false");
    CHECK(
        b.db->text("SELECT string_agg(machine_name || ' ' || version || ' ' || (removed_at IS NULL), ',' ORDER BY machine_name) "
                   "FROM site_modules_current WHERE site_id = " +
                   std::to_string(site.id)) == text);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a partial sync touches only what it names, and a removed module that returns is known again") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 3));
  auto part = sync_body{"2024-05-01T11:00:00Z"}.module("m1", "2.0.0");
  part.members["sync_type"] = "partial";
  CHECK(b.taken(part).at("removed_modules").to_number<int>() == 0);
  CHECK(b.count("site_modules", "removed_at IS NULL") == 3);
  b.taken(many_modules("2024-05-01T12:00:00Z", 2));
  CHECK(b.count("site_modules", "removed_at IS NOT NULL AND NOT enabled") == 1);
  // Counted once.
  CHECK(b.taken(many_modules("2024-05-01T13:00:00Z", 2)).at("removed_modules").to_number<int>() == 0);
  const auto back = b.taken(many_modules("2024-05-01T14:00:00Z", 3));
  CHECK(back.at("new_modules").to_number<int>() == 0);
  CHECK(back.at("updated_modules").to_number<int>() == 1);
  CHECK(b.count("site_modules", "removed_at IS NULL AND enabled") == 3);
}

TEST_CASE("faults are 422 with every pointer and store nothing, lenient stores the rest and names each bad one") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 3));
  const auto before = b.rows();
  auto faulty = many_modules("2024-05-01T11:00:00Z", 3);
  faulty.modules()[1].as_object()["type"] = "theme";
  faulty.modules()[2].as_object().erase("version");
  faulty.module("m0");
  faulty.members["php_version"] = 8;
  const auto refused = b.send(faulty);
  CHECK(refused.status == 422);
  CHECK(b.code(refused) == "invalid_fields");
  CHECK(pointers(refused) ==
        std::vector<std::string>{"/modules/1/type", "/modules/2/version", "/modules/3/machine_name", "/php_version"});
  CHECK(b.rows() == before);
  CHECK(b.count("syncs") == 1);

  faulty.members["php_version"] = "8.2.8";
  faulty.module("new", "1.0.0");
  const auto answer = b.send(faulty, {{"Prefer", "wait=10"}, {"Prefer", "handling=lenient"}});
  REQUIRE(answer.status == 200);
  CHECK(answer["preference-applied"] == "handling=lenient");
  const auto taken = object_of(answer);
  CHECK(taken.at("processed_count").to_number<int>() == 2);
  CHECK(taken.at("new_modules").to_number<int>() == 1);
  CHECK(taken.at("removed_modules").to_number<int>() == 0); // what was left out for a fault
  REQUIRE(taken.at("errors").as_array().size() == 3);
  CHECK(taken.at("errors").at(0).at("index").to_number<int>() == 1);
  CHECK(taken.at("errors").at(0).at("machine_name").as_string() == "m1");
  CHECK_FALSE(taken.at("errors").at(0).at("message").as_string().empty());
  CHECK(b.count("site_modules", "removed_at IS NULL") == 4);
}

TEST_CASE("a null version is stored as unknown, with a warning, and its change is history") {
  site_bench b;
  auto x = sync_body{"2024-05-01T10:00:00Z"}.module("custom");
  x.modules()[0].as_object()["version"] = nullptr;
  const auto answer = b.taken(x);
  REQUIRE(answer.at("warnings").as_array().size() == 1);
  CHECK(b.db->rows("SELECT version FROM site_modules_current") == std::vector<sql::row>{{std::nullopt}});
  b.taken(sync_body{"2024-05-01T11:00:00Z"}.module("custom", "1.0.0"));
  CHECK(b.count("site_module_history", "from_version_id IS NULL AND to_version_id IS NOT NULL") == 1);
}

TEST_CASE("keys: none and unknown are told the same, another site's and a disabled site's are forbidden, revoked ones unknown") {
  site_bench b;
  const auto other = make_site(b.running.database_url());
  const auto body = many_modules("2024-05-01T10:00:00Z", 1).text();
  const auto with_key = [&](const std::vector<header>& headers, const std::string& path) {
    auto all = headers;
    all.emplace_back("Content-Type", "application/json");
    return b.client.request("POST", path, all, body);
  };
  const auto path = b.site.sync_path();
  const auto error_without_id = [](const http_answer& x) {
    REQUIRE(x.status == 401);
    auto error = object_of(x).at("error").as_object();
    error.erase("request_id");
    return error;
  };
  const auto none = error_without_id(with_key({}, path));
  CHECK(error_without_id(with_key({{"X-API-Key", "ingot_nobodys"}}, path)) == none);
  CHECK(none.at("code").as_string() == "unauthorized");
  CHECK(with_key({{"X-API-Key", other.key}}, path).status == 403);
  CHECK(with_key({{"X-API-Key", other.key}}, "/api/v1/sites/999/modules/sync").status == 403);
  CHECK(with_key({{"Authorization", "Bearer " + std::string{admin_token}}}, "/api/v1/sites/999/modules/sync").status == 404);
  CHECK(with_key({{"Authorization", "Bearer " + std::string{admin_token}}}, "/api/v1/sites/seven/modules/sync").status == 404);
  CHECK(with_key({{"X-API-Key", ""}, {"Authorization", "bearer " + b.site.key}}, path).status == 200);
  CHECK(with_key({{"X-API-Key", b.site.key}, {"Origin", "https://example.org"}}, path).status == 403);
  b.db->run("UPDATE sites SET disabled_at = now() WHERE id = " + std::to_string(b.site.id));
  CHECK(with_key({{"X-API-Key", b.site.key}}, path).status == 403);
  b.db->run("UPDATE sites SET disabled_at = NULL; UPDATE api_keys SET revoked_at = now() WHERE site_id = " +
            std::to_string(b.site.id));
  // The first is found out by the sync's transaction, the second is not asked for any more: told like a key that never was.
  for (auto i = 0; i < 2; ++i)
    CHECK(error_without_id(with_key({{"X-API-Key", b.site.key}}, path)) == none);
  CHECK(b.count("syncs") == 1);
  CHECK(b.running.log().find(b.site.key) == std::string::npos);
}

TEST_CASE("law 5: of a stranger without a key no large body is read, and it is told what an unknown key is told") {
  site_bench b;
  const auto error_of = [](const http_answer& x) {
    CHECK(x.status == 401);
    auto error = object_of(x).at("error").as_object();
    error.erase("request_id");
    return error;
  };
  const auto unknown =
      error_of(b.client.request("POST", b.site.sync_path(), {{"X-API-Key", "x"}, {"Content-Type", "application/json"}}, "{}"));
  const auto keyless = "POST " + b.site.sync_path() + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  for (const auto* body : {"Content-Length: 65537\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"}) {
    auto client = b.running.client();
    client.send(keyless + body); // and not a byte of the body
    CHECK(error_of(client.read_answer()) == unknown);
    CHECK(client.closed_by_peer());
  }
  const auto refusals = [&](const std::string& what) {
    return b.db->number("SELECT " + what + " FROM audit_log WHERE action = 'request refused'");
  };
  CHECK(eventually([&] { return refusals("coalesce(sum(count), 0)") == 3; }));
  CHECK(refusals("count(DISTINCT actor || subject || details::text)") == 1);
}

TEST_CASE("media types and codings that are not read are 415, bodies over the setting 413, packed or not") {
  site_bench b{{.environment = {{"INGOT_SITES_BODY_BYTES_MAX", "100KiB"}}}};
  const auto body = many_modules("2024-05-01T10:00:00Z", 10);
  CHECK(b.client.request("POST", b.site.sync_path(), {{"X-API-Key", b.site.key}, {"Content-Type", "text/plain"}}, body.text())
            .status == 415);
  CHECK(b.send(body, {{"Content-Encoding", "br"}}).status == 415);
  const auto packed = sync(b.client, b.site, gzip(body.text()), {{"Content-Encoding", "GZip"}});
  INFO(packed.body);
  CHECK(packed.status == 200);
  CHECK(sync(b.client, b.site, body.text(), {{"Content-Encoding", "gzip"}}).status == 422);
  const auto bomb = sync(b.client, b.site, gzip(std::string(5'000'000, ' ')), {{"Content-Encoding", "gzip"}});
  CHECK(bomb.status == 413);
  CHECK(sync(b.client, b.site, std::string(200'000, ' ')).status == 413);
}

TEST_CASE("law 5: sixty syncs an hour, counted in the database, over restarts, refused ones not among them") {
  site_bench b{{.environment = {{"INGOT_SITES_SYNCS_PER_HOUR", "5"}}}};
  const auto other = make_site(b.running.database_url());
  auto faulty = sync_body{};
  for (auto i = 0; i < 3; ++i) {
    const auto answer = b.send(many_modules("2024-05-01T10:00:00Z", 1));
    REQUIRE(answer.status == 200);
    CHECK(answer["ratelimit-limit"] == "5");
    CHECK(answer["ratelimit-remaining"] == std::to_string(4 - i));
    CHECK(b.send(faulty).status == 422);
  }
  b.restart();
  REQUIRE(b.send(many_modules("2024-05-01T10:00:00Z", 1)).status == 200);
  REQUIRE(b.send(many_modules("2024-05-01T10:00:00Z", 1)).status == 200);
  const auto before = b.rows();
  const auto refused = b.send(many_modules("2024-05-01T12:00:00Z", 2));
  CHECK(refused.status == 429);
  CHECK(b.code(refused) == "rate_limited");
  CHECK(refused["ratelimit-remaining"] == "0");
  CHECK(std::stoi(refused["retry-after"]) > 3500);
  CHECK(refused["retry-after"] == refused["ratelimit-reset"]);
  CHECK(b.rows() == before);
  CHECK(b.count("syncs") == 5);
  CHECK(sync(b.client, other, many_modules("2024-05-01T10:00:00Z", 1).text()).status == 200);
  // An hour later the first is forgotten.
  b.db->run("UPDATE syncs SET received_at = received_at - interval '1 hour' WHERE id = (SELECT min(id::text)::uuid FROM syncs)");
  CHECK(b.send(many_modules("2024-05-01T12:00:00Z", 2)).status == 200);
}

TEST_CASE("a sync that the database refuses is 503, stores nothing, and goes through when it is sent again") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 1));
  b.db->run("ALTER TABLE syncs RENAME TO syncs_gone");
  const auto refused = b.send(many_modules("2024-05-01T11:00:00Z", 2));
  CHECK(refused.status == 503);
  CHECK_FALSE(refused["retry-after"].empty());
  b.db->run("ALTER TABLE syncs_gone RENAME TO syncs");
  CHECK(b.count("site_modules") == 1);
  CHECK(b.taken(many_modules("2024-05-01T11:00:00Z", 2)).at("new_modules").to_number<int>() == 1);
}

TEST_CASE("the database stopped: 503 with Retry-After for every key, nothing stored, and the next sync goes through") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}}};
  const auto site = make_site(database.url());
  auto client = running.client();
  REQUIRE(sync(client, site, many_modules("2024-05-01T10:00:00Z", 1).text()).status == 200);
  database.stop();
  const auto changed = many_modules("2024-05-01T11:00:00Z", 2).text();
  for (const auto& key : {site.key, std::string{"ingot_nobodys"}}) {
    const auto away = sync(client, {site.id, key}, changed);
    INFO(away.body);
    CHECK(away.status == 503);
    CHECK_FALSE(away["retry-after"].empty());
    CHECK(object_of(away).at("error").at("code").as_string() == "storage_unavailable");
  }
  database.start();
  CHECK(sql{database.url()}.number("SELECT count(*) FROM site_modules") == 1);
  auto answer = http_answer{};
  REQUIRE(eventually([&] { return (answer = sync(client, site, changed)).status == 200; }));
  CHECK(object_of(answer).at("new_modules").to_number<int>() == 1);
  // What failed does not count.
  CHECK(answer["ratelimit-remaining"] == "58");
}

TEST_CASE(
    "law 1 and law 2: connections cut under load: 200 is stored, what was not answered so is sent again, and all is there once") {
  constexpr auto syncs = 50;
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}, {"INGOT_SITES_SYNCS_PER_HOUR", "0"}}}};
  const auto site = make_site(database.url());
  auto taken = std::atomic<int>{0};
  auto others = std::string{}; // answers that are neither; the sender's until it is joined
  auto over = std::atomic<bool>{false};
  auto sender = std::jthread{[&] {
    auto client = running.client();
    for (auto i = 0; i < syncs; ++i) {
      const auto body =
          many_modules("2024-05-01T10:" + std::to_string(i + 10) + ":00Z", 100, 10, "2.0." + std::to_string(i)).text();
      for (auto attempt = 0; attempt < 200; ++attempt) {
        const auto answer = sync(client, site, body);
        taken += answer.status == 200 ? 1 : 0;
        if (answer.status == 200)
          break;
        if (answer.status != 503)
          others += answer.body + '\n';
        nap(std::chrono::milliseconds{20});
      }
    }
    over = true;
  }};
  sql db{database.url()};
  auto cut = std::int64_t{0};
  // Longer and longer between two cuts, so that it ends on the slowest machine as well.
  for (auto pause = std::chrono::milliseconds{50}; !over; pause += std::chrono::milliseconds{10}) {
    cut +=
        db.number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid "
                  "<> pg_backend_pid()");
    nap(pause);
  }
  sender.join();
  CHECK(cut > 0);
  CHECK(taken == syncs);
  CHECK(others == "");
  CHECK(db.number("SELECT count(*) FROM site_modules_current WHERE version = '2.0.49'") == 10);
  CHECK(db.number("SELECT count(*) FROM site_modules") == 100);
  CHECK(db.number("SELECT count(*) FROM site_module_history") == (syncs - 1) * 10);
  CHECK(db.number("SELECT count(*) FROM syncs WHERE outcome = 'applied'") == syncs);
}

TEST_CASE("differential syncs: the state, a difference on it, and 409 on another") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 3));
  const auto state_path = "/api/v1/sites/" + std::to_string(b.site.id) + "/modules/state";
  const auto state = object_of(b.client.request("GET", state_path, {{"X-API-Key", b.site.key}}));
  CHECK(state.at("modules").as_object().at("m1").as_string() == "1.0.0");
  auto change = sync_body{"2024-05-01T11:00:00Z"}.module("m1", "2.0.0");
  change.members["base_hash"] = state.at("state_hash");
  change.members["removed"] = {"m2"};
  const auto taken = b.taken(change);
  CHECK(taken.at("updated_modules").to_number<int>() == 1);
  CHECK(taken.at("removed_modules").to_number<int>() == 1);
  CHECK(b.db->text("SELECT string_agg(machine_name || ' ' || version, ',' ORDER BY machine_name) FROM site_modules_current "
                   "WHERE removed_at IS NULL") == "m0 1.0.0,m1 2.0.0");
  change.members["sync_timestamp"] = "2024-05-01T12:00:00Z";
  const auto mismatch = b.send(change);
  CHECK(mismatch.status == 409);
  const auto now = object_of(b.client.request("GET", state_path, {{"X-API-Key", b.site.key}}));
  CHECK(now.at("state_hash") == taken.at("state_hash"));
  CHECK(object_of(mismatch).at("state_hash") == now.at("state_hash"));
  CHECK(b.code(mismatch) == "conflict");
  CHECK(pointers(mismatch) == std::vector<std::string>{"/base_hash"});
  // It does not count: two syncs were applied.
  CHECK(mismatch["ratelimit-remaining"] == "58");
  CHECK(b.send(many_modules("2024-05-01T13:00:00Z", 3))["ratelimit-remaining"] == "57");
}

TEST_CASE("the recorded inventories sync, and their second sync writes nothing but its record") {
  const auto shared = shared_folder();
  if (!shared) {
    WARN("the recorded inventories are not here: nothing is shown");
    return;
  }
  site_bench b;
  auto hour = 10;
  for (const auto* name : {"real-2019-07-24", "real-2024-01-10", "real-2026-07-31", "made-2000"}) {
    auto in = std::ifstream{*shared / "data/drupal/inventories" / (std::string{name} + ".json")};
    const auto text = std::string{std::istreambuf_iterator<char>{in}, {}};
    auto x = sync_body{"2024-05-01T" + std::to_string(++hour) + ":00:00Z"};
    const auto recorded = json::parse(text);
    for (const auto& each : recorded.at("modules").as_array())
      x.modules().push_back({{"machine_name", each.at("machine_name")},
                             {"name", each.at("machine_name")},
                             {"type", each.at("type")},
                             {"version", each.at("version")},
                             {"status", each.at("enabled")}});
    INFO(name);
    b.taken(x);
    const auto before = b.rows();
    CHECK(b.taken(x).at("outcome").as_string() == "unchanged");
    CHECK(b.rows() == before);
    CHECK(b.count("site_modules", "removed_at IS NULL") == static_cast<std::int64_t>(x.modules().size()));
    for (const auto& each : x.modules())
      if (each.at("version").is_string() && !each.at("version").as_string().starts_with("dev-"))
        REQUIRE(b.count("site_modules_current", "machine_name = " + literal(std::string{each.at("machine_name").as_string()}) +
                                                    " AND version = " + literal(std::string{each.at("version").as_string()})) ==
                1);
  }
}

TEST_CASE("law 6: a module that the database refuses is named in the errors, the others are stored, in both modes") {
  site_bench b;
  b.taken(many_modules("2024-05-01T10:00:00Z", 3));
  b.db->run("ALTER TABLE modules ADD CONSTRAINT no_poison CHECK (machine_name NOT LIKE 'poison%')");
  auto x = many_modules("2024-05-01T11:00:00Z", 5, 5).module("poison").module("sound").module("poison2");
  for (const auto& preference : {std::vector<header>{}, std::vector<header>{{"Prefer", "handling=lenient"}}}) {
    const auto answer = b.taken(x, preference);
    CHECK(answer.at("processed_count").to_number<int>() == 6);
    REQUIRE(answer.at("errors").as_array().size() == 2);
    auto named = std::set<std::string>{};
    for (const auto& each : answer.at("errors").as_array()) {
      named.insert(std::string{each.at("machine_name").as_string()});
      CHECK(each.at("message").as_string().find("no_poison") != json::string_view::npos);
    }
    CHECK(named == std::set<std::string>{"poison", "poison2"});
    CHECK(b.count("site_modules", "removed_at IS NULL") == 6);
    x.members["sync_timestamp"] = "2024-05-01T12:00:00Z";
  }
  CHECK(b.count("syncs", "errors = 2") == 2);
}

#include "storage/mcp_servers.hpp"

#include "storage/connection.hpp"
#include "storage/manifest_checks.hpp"
#include "storage/mcp_server_queries.hpp"
#include "storage/refused_change.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto token = std::string{"018f3370-0000-7000-8000-000000000001"};

timestamp at_minute(int minute) {
  return timestamp{std::chrono::minutes{29'000'000 + minute}};
}

struct servers_fixture {
  testing::database db;
  std::unique_ptr<connection> c = db.connect();
  job_lease lease{1, token, "manifests/7"};
  check_subject subject;

  servers_fixture() {
    db.sql("INSERT INTO provider_repositories (id, user_id, provider, owner, name, external_id) VALUES "
           "(7, '', 'github', 'octo', 'weather', 42), (8, '', 'github', 'other', 'weather', 43);"
           "INSERT INTO jobs (id, kind, key, state, lease_token, lease_until) VALUES (1, 'manifest_check', 'manifests/7', "
           "'running', '" +
           token + "', now() + interval '1 hour')");
    subject = *load_check_subject(*c, 7);
  }

  static server_publication publication(const std::string& name, const std::string& version, int minute,
                                        const std::string& more = {}) {
    auto out = server_publication{};
    out.text =
        R"({"name": ")" + name + R"(", "description": "Tells the weather )" + more + R"(", "version": ")" + version + "\"}";
    out.what = *mcp::read_manifest(out.text);
    out.sha = "sha-" + version + more;
    out.path = "server.json";
    out.repository_id = 7;
    out.repository_url = "https://github.com/octo/weather";
    out.observed_at = at_minute(minute);
    return out;
  }

  published publish(const server_publication& x) {
    auto deadline = connection::deadline{*c};
    auto tx = pqxx::work{c->raw()};
    const auto out = publish_server(tx, x, {"test", x.observed_at});
    tx.commit();
    return out;
  }

  static found_file manifest_at(const std::string& path, server_publication x) {
    auto out = found_file{};
    out.path = x.path = path;
    out.kind = "manifest";
    out.sha = x.sha;
    out.publication = std::move(x);
    return out;
  }
  static found_file nothing_at(const std::string& path) {
    auto out = found_file{};
    out.path = path;
    out.kind = "manifest";
    out.finding = file_finding::missing;
    out.reason = "nothing is there any more";
    return out;
  }

  check_counts look(std::vector<found_file> found, int minute) {
    const auto out =
        store_manifest_check(*c, lease, subject, contents::urgency::manual, {std::move(found), {}}, at_minute(minute));
    subject = *load_check_subject(*c, 7);
    return out;
  }

  bool set_readme(const server_holder& of, const server_readme& x, int minute) {
    auto tx = pqxx::work{c->raw()};
    const auto out = set_server_readme(tx, "io.github.octo/weather", of, x, {"test", at_minute(minute)});
    tx.commit();
    return out;
  }

  std::string state_of(const std::string& path) const {
    return db.sql("SELECT state FROM manifest_files WHERE path = '" + path + "'");
  }
  std::string status() const {
    return db.sql("SELECT string_agg(name || ' ' || version || ' ' || status, ', ' ORDER BY name) FROM mcp_servers");
  }
};

} // namespace

TEST_CASE_METHOD(servers_fixture, "a server is listed with its version, its document and its audit line, and once") {
  const auto x = publication("io.github.octo/weather", "1.0.0", 1);
  CHECK(publish(x) == published::listed);
  CHECK(publish(x) == published::unchanged);
  CHECK(status() == "io.github.octo/weather 1.0.0 active");
  CHECK(db.sql("SELECT count(*) FROM mcp_server_versions") == "1");
  CHECK(db.sql("SELECT kind || ' ' || ref || ' ' || url FROM search_documents") ==
        "mcp_server io.github.octo/weather https://github.com/octo/weather");
  CHECK(db.sql("SELECT string_agg(action, ', ') FROM audit_log") == "server listed");
}

TEST_CASE_METHOD(servers_fixture, "law 4: an older observation never overwrites a newer one") {
  CHECK(publish(publication("io.github.octo/weather", "1.1.0", 5)) == published::listed);
  CHECK(publish(publication("io.github.octo/weather", "1.0.0", 4)) == published::superseded);
  CHECK(status() == "io.github.octo/weather 1.1.0 active");
  CHECK(publish(publication("io.github.octo/weather", "1.2.0", 6)) == published::updated);
  CHECK(status() == "io.github.octo/weather 1.2.0 active");
}

TEST_CASE_METHOD(servers_fixture, "law 4: what another transaction wrote since this one began is no observation of the future") {
  const auto name = std::string{"io.github.octo/weather"};
  publish(publication(name, "1.0.0", 1));
  const auto other = db.connect();
  auto begun = pqxx::work{other->raw()};
  begun.exec("SELECT now()"); // its time stands from here on
  auto newer = publication(name, "3.0.0", 0);
  newer.observed_at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  CHECK(publish(newer) == published::updated);
  auto older = publication(name, "2.0.0", 0);
  older.observed_at = newer.observed_at - std::chrono::minutes{1};
  const auto by = operator_action{"test", older.observed_at};
  CHECK(publish_server(begun, older, by) == published::superseded);
  CHECK_FALSE(retire_server(begun, name, {7, "https://github.com/octo/weather"}, "server.json", "", older.observed_at, by));
  CHECK_FALSE(set_server_status(begun, name, "deprecated", "", older.observed_at, by));
  begun.commit();
  CHECK(status() == name + " 3.0.0 active");
}

TEST_CASE_METHOD(servers_fixture, "a version is published once: another text of it changes nothing") {
  CHECK(publish(publication("io.github.octo/weather", "1.0.0", 1)) == published::listed);
  CHECK(publish(publication("io.github.octo/weather", "1.0.0", 2, "again")) == published::version_taken);
  CHECK(db.sql("SELECT manifest_sha FROM mcp_server_versions") == "sha-1.0.0");
  CHECK(db.sql("SELECT description FROM mcp_servers") == "Tells the weather ");
}

TEST_CASE_METHOD(servers_fixture, "a name belongs to the repository that listed it, however its address is written") {
  CHECK(publish(publication("com.example/weather", "1.0.0", 1)) == published::listed);
  auto other = publication("com.example/weather", "2.0.0", 2);
  other.repository_id = 8;
  other.repository_url = "https://github.com/other/weather";
  CHECK(publish(other) == published::name_taken);
  auto same = publication("com.example/weather", "2.0.0", 3);
  same.repository_id.reset();
  same.repository_url = "https://www.github.com/Octo/Weather.git/";
  CHECK(publish(same) == published::updated);
  auto renamed = publication("com.example/weather", "3.0.0", 4);
  renamed.repository_url = "https://github.com/octo/forecast";
  CHECK(publish(renamed) == published::updated); // the same repository
  auto tx = pqxx::work{c->raw()};
  CHECK(find_server_of_repository(tx, "http://github.com/octo/FORECAST")->name == "com.example/weather");
  CHECK_FALSE(find_server_of_repository(tx, "https://github.com/other/weather"));
}

TEST_CASE_METHOD(servers_fixture, "a manifest that is gone takes its server off the list, and brings it back") {
  CHECK(look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))}, 1).listed == 1);
  CHECK(look({nothing_at("server.json")}, 2).deleted == 1);
  CHECK(status() == "io.github.octo/weather 1.0.0 deleted");
  CHECK(db.sql("SELECT count(*) FROM search_documents") == "0");
  CHECK(state_of("server.json") == "missing");
  CHECK(look({nothing_at("server.json")}, 3).deleted == 0);
  CHECK(look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 4))}, 4).updated == 1);
  CHECK(status() == "io.github.octo/weather 1.0.0 active");
  CHECK(db.sql("SELECT string_agg(state, ' ' ORDER BY id) FROM manifest_checks") == "listed missing listed");
}

TEST_CASE_METHOD(servers_fixture, "a manifest that moves within its repository keeps its server") {
  look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))}, 1);
  const auto counts =
      look({nothing_at("server.json"), manifest_at("a/server.json", publication("io.github.octo/weather", "1.0.0", 2))}, 2);
  CHECK(counts.deleted == 0);
  CHECK(state_of("server.json") == "moved");
  CHECK(db.sql("SELECT manifest_path || ' ' || status FROM mcp_servers") == "a/server.json active");
}

TEST_CASE_METHOD(servers_fixture, "a manifest that names another server takes the first one off the list") {
  look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))}, 1);
  look({manifest_at("server.json", publication("io.github.octo/climate", "1.0.0", 2))}, 2);
  CHECK(status() == "io.github.octo/climate 1.0.0 active, io.github.octo/weather 1.0.0 deleted");
}

TEST_CASE_METHOD(servers_fixture, "a manifest that breaks leaves its server listed, and says why") {
  look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))}, 1);
  auto broken = nothing_at("server.json");
  broken.finding = file_finding::invalid;
  broken.sha = "broken";
  broken.reason = "/version: found a range";
  broken.report = R"({"valid":false})";
  look({broken}, 2);
  CHECK(status() == "io.github.octo/weather 1.0.0 active");
  CHECK(state_of("server.json") == "invalid");
  CHECK(db.sql("SELECT report FROM manifest_checks WHERE state = 'invalid'") == R"({"valid":false})");
  look({nothing_at("server.json")}, 3); // it has not forgotten which server that was
  CHECK(status() == "io.github.octo/weather 1.0.0 deleted");
}

TEST_CASE_METHOD(servers_fixture, "two manifests of one repository with one name list it once") {
  look({manifest_at("a/server.json", publication("io.github.octo/weather", "1.0.0", 1)),
        manifest_at("b/server.json", publication("io.github.octo/weather", "1.0.0", 1))},
       1);
  CHECK(state_of("a/server.json") == "listed");
  CHECK(state_of("b/server.json") == "name_taken");
}

TEST_CASE_METHOD(servers_fixture, "law 2: who has lost the lease lists nothing") {
  db.sql("UPDATE jobs SET lease_token = '018f3370-0000-7000-8000-000000000002'");
  CHECK_THROWS(look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))}, 1));
  CHECK(db.sql("SELECT count(*) FROM mcp_servers") == "0");
}

TEST_CASE_METHOD(servers_fixture, "servers are paged by name and version, searched, and followed by what changed") {
  for (const auto* name : {"io.github.octo/a", "io.github.octo/b", "io.github.octo/c"}) {
    publish(publication(name, "1.0.0", 1));
    publish(publication(name, "1.1.0", 2));
  }
  auto query = server_page_query{};
  query.limit = 4;
  auto page = list_server_versions(*c, query);
  REQUIRE(page.versions.size() == 4);
  CHECK(page.more);
  CHECK(page.versions[0].version == "1.0.0");
  CHECK_FALSE(page.versions[0].is_latest);
  CHECK(page.versions[1].is_latest);
  query.after_name = page.versions[3].name;
  query.after_version = page.versions[3].version;
  page = list_server_versions(*c, query);
  REQUIRE(page.versions.size() == 2);
  CHECK_FALSE(page.more);
  CHECK(page.versions[0].name == "io.github.octo/c");
  query = {};
  query.latest_only = true;
  query.search = "OCTO/B";
  page = list_server_versions(*c, query);
  REQUIRE(page.versions.size() == 1);
  CHECK(page.versions[0].version == "1.1.0");
  CHECK(page.versions[0].manifest.find("1.1.0") != std::string::npos);
  query = {};
  query.version = "1.0.0";
  CHECK(list_server_versions(*c, query).versions.size() == 3);

  db.sql("UPDATE mcp_servers SET updated_at = '2030-01-01' WHERE name LIKE '%/a'; "
         "UPDATE mcp_servers SET updated_at = '2030-01-01', status = 'deleted' WHERE name LIKE '%/b'");
  query = {};
  CHECK(list_server_versions(*c, query).versions.size() == 4); // without b
  query.updated_since = parse_rfc3339("2029-12-31T00:00:00Z");
  page = list_server_versions(*c, query);
  REQUIRE(page.versions.size() == 3); // the current version of a, and both of b, which are gone
  CHECK(page.versions[0].name == "io.github.octo/a");
  CHECK(page.versions[1].status == "deleted");

  CHECK(list_versions_of(*c, "io.github.octo/c", {}, 10)->versions.size() == 2);
  CHECK_FALSE(list_versions_of(*c, "io.github.octo/d", {}, 10));
  CHECK(find_server_version(*c, "io.github.octo/c", {})->version == "1.1.0");
  CHECK(find_server_version(*c, "io.github.octo/c", "1.0.0")->version == "1.0.0");
  CHECK_FALSE(find_server_version(*c, "io.github.octo/c", "9"));
}

TEST_CASE_METHOD(servers_fixture, "a version that ceases to be the current one is among what changed") {
  publish(publication("io.github.octo/a", "1.0.0", 1));
  db.sql("UPDATE mcp_servers SET updated_at = '2020-01-01'; UPDATE mcp_server_versions SET published_at = '2020-01-01', "
         "updated_at = '2020-01-01'");
  publish(publication("io.github.octo/a", "1.1.0", 2));
  auto query = server_page_query{};
  query.updated_since = parse_rfc3339("2021-01-01T00:00:00Z");
  const auto page = list_server_versions(*c, query);
  REQUIRE(page.versions.size() == 2);
  CHECK(page.versions[0].version == "1.0.0");
  CHECK_FALSE(page.versions[0].is_latest);
  CHECK(page.versions[0].updated_at > *query.updated_since);
}

TEST_CASE_METHOD(servers_fixture, "law 5: a page of servers ends where its manifests pass a megabyte, and the next one goes on") {
  for (auto i = 0; i < 6; ++i)
    publish(publication("io.github.octo/s" + std::to_string(i), "1.0.0", 1, std::string(250'000, 'x')));
  auto query = server_page_query{};
  auto pages = std::vector<std::size_t>{};
  for (auto more = true; more && pages.size() < 10;) {
    const auto page = list_server_versions(*c, query);
    pages.push_back(page.versions.size());
    more = page.more;
    query.after_name = page.versions.back().name;
    query.after_version = page.versions.back().version;
  }
  CHECK(pages == std::vector<std::size_t>{5, 1});
  publish(publication("io.github.octo/s0", "1.1.0", 2, std::string(2'000'000, 'x')));
  const auto first = *list_versions_of(*c, "io.github.octo/s0", {}, 10);
  REQUIRE(first.versions.size() == 1); // however large it is
  CHECK(first.more);
  CHECK(list_versions_of(*c, "io.github.octo/s0", first.versions.back().version, 10)->versions.size() == 1);
}

TEST_CASE_METHOD(servers_fixture, "of a repository that changed its servers are looked after again, once") {
  const auto listed = std::vector{manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))};
  const auto restless = [&] {
    const auto out = enqueue_restless_manifests(*c);
    db.sql("DELETE FROM job_lanes; DELETE FROM jobs WHERE id <> 1");
    return out;
  };
  db.sql("SELECT setval('jobs_id_seq', 10)"); // behind the fixture's own
  CHECK(restless() == 0);                     // nothing was ever found there
  look(listed, 1);
  CHECK(restless() == 0);
  for (const auto* change :
       {"state = 'gone'", "state = 'active'", "state = 'forbidden'", "is_private = TRUE, state = 'active'", "is_private = FALSE",
        "name = 'forecast'", "owner = 'somebody'", "branch = 'dev'", "default_branch = 'dev'"}) {
    INFO(change);
    db.sql("UPDATE provider_repositories SET " + std::string{change} + " WHERE id = 7");
    CHECK(restless() == 1);
    subject = *load_check_subject(*c, 7);
    look({}, 2);
    CHECK(restless() == 0);
  }
  db.sql("UPDATE provider_repositories SET state = 'suspended' WHERE id = 7");
  CHECK(restless() == 0); // it cannot be looked at
  db.sql("UPDATE provider_repositories SET state = 'gone' WHERE id = 7");
  CHECK(enqueue_restless_manifests(*c) == 1);
  CHECK(enqueue_restless_manifests(*c) == 0); // it waits already
  CHECK(db.sql("SELECT payload ->> 'full' FROM jobs WHERE id <> 1") == "true");
}

TEST_CASE_METHOD(servers_fixture, "a place takes off the list only what is published from there") {
  const auto at = [](const char* path, const char* version, int minute) {
    return manifest_at(path, publication("io.github.octo/weather", version, minute));
  };
  look({at("a/server.json", "1.0.0", 1), at("b/server.json", "1.0.0", 1)}, 1);
  CHECK(state_of("b/server.json") == "name_taken");
  look({at("b/server.json", "1.1.0", 2)}, 2); // as long as the other one stands
  CHECK(state_of("b/server.json") == "name_taken");
  look({nothing_at("a/server.json"), at("b/server.json", "1.1.0", 3)}, 3);
  CHECK(db.sql("SELECT manifest_path || ' ' || status FROM mcp_servers") == "b/server.json active");
  look({at("a/server.json", "1.2.0", 4), nothing_at("b/server.json")}, 4);
  look({nothing_at("b/server.json")}, 5);
  CHECK(db.sql("SELECT manifest_path || ' ' || status FROM mcp_servers") == "a/server.json active");
  db.sql("UPDATE mcp_servers SET status = 'deleted'");
  const auto anew = load_check_subject(*c, 7);
  for (const auto& x : anew->known)
    CHECK(x.settled == (x.path != "a/server.json"));
}

TEST_CASE_METHOD(servers_fixture,
                 "of several users that follow a repository one publishes its server, and another one when that one leaves") {
  db.sql("INSERT INTO provider_repositories (id, user_id, provider, owner, name, external_id) VALUES "
         "(9, 'u', 'github', 'octo', 'weather', 42)");
  look({manifest_at("server.json", publication("io.github.octo/weather", "1.0.0", 1))}, 1);
  const auto other = [](const std::string& version, int minute) {
    auto out = publication("io.github.octo/weather", version, minute);
    out.repository_id = 9;
    return out;
  };
  CHECK(publish(other("1.0.0", 2)) == published::unchanged);
  CHECK(publish(other("2.0.0", 3)) == published::held_elsewhere);
  const auto holder = server_holder{9, "https://github.com/octo/weather"};
  const auto retire = [&] {
    auto tx = pqxx::work{c->raw()};
    const auto out =
        retire_server(tx, "io.github.octo/weather", holder, "server.json", "", at_minute(9), {"test", at_minute(9)}) ||
        set_server_readme(tx, "io.github.octo/weather", holder, {"README.md", "x", "x", "x", "{}"}, {"test", at_minute(9)});
    tx.abort();
    return out;
  };
  CHECK_FALSE(retire());
  db.sql("UPDATE provider_repositories SET branch = 'dev', default_branch = 'main' WHERE id = 7");
  CHECK(retire());
  db.sql("UPDATE provider_repositories SET branch = 'main', default_branch = 'main' WHERE id = 7");
  CHECK_FALSE(retire());
  db.sql("UPDATE provider_repositories SET state = 'removed' WHERE id = 7");
  CHECK(retire());
  CHECK(publish(other("2.0.0", 4)) == published::updated);
  CHECK(db.sql("SELECT repository_id FROM mcp_servers") == "9");
}

TEST_CASE_METHOD(servers_fixture,
                 "a manifest of the first versions may say that its server is deprecated, and what an operator said stays") {
  auto x = publication("io.github.octo/weather", "1.0.0", 1);
  x.what.deprecated = true;
  publish(x);
  CHECK(status() == "io.github.octo/weather 1.0.0 deprecated");
  publish(publication("io.github.octo/weather", "1.1.0", 2));
  CHECK(status() == "io.github.octo/weather 1.1.0 active");
  auto tx = pqxx::work{c->raw()};
  CHECK(set_server_status(tx, "io.github.octo/weather", "deprecated", "by an operator", at_minute(3), {"test", at_minute(3)}));
  tx.commit();
  CHECK(publish(publication("io.github.octo/weather", "1.1.0", 4)) == published::unchanged);
  CHECK(publish(publication("io.github.octo/weather", "1.2.0", 5)) == published::updated);
  CHECK(status() == "io.github.octo/weather 1.2.0 deprecated");
}

TEST_CASE_METHOD(
    servers_fixture,
    "an operator deprecates a listed server, and takes it back, and a deleted one comes back by its manifest alone") {
  publish(publication("io.github.octo/weather", "1.0.0", 1));
  const auto by = operator_action{"test", at_minute(2)};
  change_server_status(*c, "io.github.octo/weather", "deprecated", by);
  CHECK(status() == "io.github.octo/weather 1.0.0 deprecated");
  CHECK(list_server_versions(*c, {}).versions.at(0).status == "deprecated");
  change_server_status(*c, "io.github.octo/weather", "active", by);
  change_server_status(*c, "io.github.octo/weather", "active", by);
  CHECK(db.sql("SELECT string_agg(action, ', ' ORDER BY id) FROM audit_log") ==
        "server listed, server deprecated, server active");
  db.sql("UPDATE mcp_servers SET status = 'deleted'");
  CHECK_THROWS_AS(change_server_status(*c, "io.github.octo/weather", "active", by), refused_change);
  CHECK_THROWS_AS(change_server_status(*c, "io.github.octo/nobody", "active", by), refused_change);
}

TEST_CASE_METHOD(servers_fixture, "a repository's history of looks has a bounded number of lines") {
  for (auto i = 0; i < 60; ++i) {
    auto broken = nothing_at("server.json");
    broken.finding = file_finding::invalid;
    broken.sha = "sha-" + std::to_string(i);
    look({broken}, i);
  }
  CHECK(db.sql("SELECT count(*) || ' ' || min(sha) || ' ' || max(sha) FROM manifest_checks") == "50 sha-10 sha-59");
  const auto shown = list_repository_manifests(*c, 7);
  REQUIRE(shown);
  CHECK(shown->places.size() == 1);
  REQUIRE(shown->looks.size() == manifest_checks_kept);
  CHECK(shown->looks[0].sha == "sha-59");
  CHECK_FALSE(list_repository_manifests(*c, 99));
}

TEST_CASE_METHOD(servers_fixture, "a README is kept beside its server, and found") {
  auto x = publication("io.github.octo/weather", "1.0.0", 1);
  x.readme = server_readme{"README.md", "readme-1", "# Barometer", "<h1>Barometer</h1>", "{}"};
  CHECK(publish(x) == published::listed);
  CHECK(db.sql("SELECT count(*) FROM search_documents WHERE tsv @@ to_tsquery('english', 'barometer')") == "1");
  CHECK(find_server_details(*c, "io.github.octo/weather")->readme_html == "<h1>Barometer</h1>");
  const auto octo = server_holder{7, "https://github.com/octo/weather"};
  auto tx = pqxx::work{c->raw()};
  CHECK_FALSE(set_server_readme(tx, "io.github.octo/weather", octo, *x.readme, {"test", at_minute(2)}));
  x.readme->text = "# Thermometer";
  x.readme->sha = "readme-2";
  CHECK(set_server_readme(tx, "io.github.octo/weather", octo, *x.readme, {"test", at_minute(2)}));
  tx.commit();
  CHECK(db.sql("SELECT count(*) FROM search_documents WHERE tsv @@ to_tsquery('english', 'thermometer')") == "1");
  CHECK(set_readme(octo, {}, 3)); // it was removed
  CHECK(find_server_details(*c, "io.github.octo/weather")->readme_path.empty());
  CHECK(db.sql("SELECT count(*) FROM mcp_servers WHERE readme IS NULL AND readme_html IS NULL AND readme_sha IS NULL") == "1");
  CHECK_FALSE(set_readme(octo, {}, 4));
}

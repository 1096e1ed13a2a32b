#include "storage/mcp_servers.hpp"

#include "storage/connection.hpp"
#include "storage/manifest_checks.hpp"
#include "storage/mcp_server_queries.hpp"
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

  static server_publication publication(const std::string& name, const std::string& version, int minute, const std::string& more = {}) {
    auto out = server_publication{};
    out.text = R"({"name": ")" + name + R"(", "description": "Tells the weather )" + more + R"(", "version": ")" + version + "\"}";
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
    const auto out = store_manifest_check(*c, lease, subject, contents::urgency::manual, {std::move(found), {}}, at_minute(minute));
    subject = *load_check_subject(*c, 7);
    return out;
  }

  std::string state_of(const std::string& path) const {
    return db.sql("SELECT state FROM manifest_files WHERE path = '" + path + "'");
  }
  std::string status() const { return db.sql("SELECT string_agg(name || ' ' || version || ' ' || status, ', ' ORDER BY name) FROM mcp_servers"); }
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
  const auto counts = look({nothing_at("server.json"), manifest_at("a/server.json", publication("io.github.octo/weather", "1.0.0", 2))}, 2);
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
  REQUIRE(page.size() == 4);
  CHECK(page[0].version == "1.0.0");
  CHECK_FALSE(page[0].is_latest);
  CHECK(page[1].is_latest);
  query.after_name = page[3].name;
  query.after_version = page[3].version;
  page = list_server_versions(*c, query);
  REQUIRE(page.size() == 2);
  CHECK(page[0].name == "io.github.octo/c");
  query = {};
  query.latest_only = true;
  query.search = "OCTO/B";
  page = list_server_versions(*c, query);
  REQUIRE(page.size() == 1);
  CHECK(page[0].version == "1.1.0");
  CHECK(page[0].manifest.find("1.1.0") != std::string::npos);

  db.sql("UPDATE mcp_servers SET updated_at = '2030-01-01' WHERE name LIKE '%/a'; "
         "UPDATE mcp_servers SET updated_at = '2030-01-01', status = 'deleted' WHERE name LIKE '%/b'");
  query = {};
  CHECK(list_server_versions(*c, query).size() == 4); // without b
  query.updated_since = parse_rfc3339("2029-12-31T00:00:00Z");
  page = list_server_versions(*c, query);
  REQUIRE(page.size() == 3); // the current version of a, and both of b, which are gone
  CHECK(page[0].name == "io.github.octo/a");
  CHECK(page[1].status == "deleted");

  CHECK(list_versions_of(*c, "io.github.octo/c", {}, 10)->size() == 2);
  CHECK_FALSE(list_versions_of(*c, "io.github.octo/d", {}, 10));
  CHECK(find_server_version(*c, "io.github.octo/c", {})->version == "1.1.0");
  CHECK(find_server_version(*c, "io.github.octo/c", "1.0.0")->version == "1.0.0");
  CHECK_FALSE(find_server_version(*c, "io.github.octo/c", "9"));
}

TEST_CASE_METHOD(servers_fixture, "a README is kept beside its server, and found") {
  auto x = publication("io.github.octo/weather", "1.0.0", 1);
  x.readme = server_readme{"README.md", "readme-1", "# Barometer", "<h1>Barometer</h1>", "{}"};
  CHECK(publish(x) == published::listed);
  CHECK(db.sql("SELECT count(*) FROM search_documents WHERE tsv @@ to_tsquery('english', 'barometer')") == "1");
  CHECK(find_server_details(*c, "io.github.octo/weather")->readme_html == "<h1>Barometer</h1>");
  auto tx = pqxx::work{c->raw()};
  CHECK_FALSE(set_server_readme(tx, "io.github.octo/weather", *x.readme, {"test", at_minute(2)}));
  x.readme->text = "# Thermometer";
  x.readme->sha = "readme-2";
  CHECK(set_server_readme(tx, "io.github.octo/weather", *x.readme, {"test", at_minute(2)}));
  tx.commit();
  CHECK(db.sql("SELECT count(*) FROM search_documents WHERE tsv @@ to_tsquery('english', 'thermometer')") == "1");
}

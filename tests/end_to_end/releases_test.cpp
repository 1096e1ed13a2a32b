#include "model/drupal/version.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <fstream>

using namespace ingot::testing;

namespace {

std::string history(const std::string& project, const std::string& version) {
  return "<project><title>T</title><short_name>" + project + "</short_name><releases><release><version>" + version +
         "</version><status>published</status><terms><term><name>Release type</name><value>Security update</value></term></terms>"
         "</release></releases></project>";
}

/// Site 7 has a contrib module of the project in that version.
void install(sql& db, const std::string& project, const std::string& version) {
  db.run("INSERT INTO modules (machine_name, display_name, module_type, project, described_at) VALUES ('" + project +
         "', 'M', 'contrib', '" + project + "', now())");
  db.run("INSERT INTO module_versions (module_id, version, sort_key, described_at) SELECT id, '" + version + "', '" +
         ingot::drupal::parse_version(version)->sort_key + "', now() FROM modules");
  db.run("INSERT INTO site_modules (site_id, module_id, version_id, enabled, reported, first_seen, last_updated, seen_at) "
         "SELECT 7, module_id, id, TRUE, 0, now(), now(), now() FROM module_versions");
}

constexpr auto flagged = "SELECT count(*) FROM module_versions WHERE needs_security_update";

} // namespace

TEST_CASE("release histories are imported while the node runs") {
  node running;
  sql db{running.database_url()};
  install(db, "token", "8.x-1.0");
  scratch_folder folder;
  const auto file = folder.path() / "token.xml";
  std::ofstream{file} << history("token", "8.x-1.1");
  const auto said = run_ingot({"drupal", "releases", "import", file.string(), "--json"}, running.environment());
  INFO(said.output);
  CHECK(said.exit_code == 0);
  CHECK(said.output.find("\"versions_flagged\":1") != std::string::npos);
  CHECK(db.number(flagged) == 1);
  std::ofstream{file} << "broken";
  CHECK(run_ingot({"drupal", "releases", "import", file.string()}, running.environment()).exit_code == 1);
  CHECK(db.number(flagged) == 1);
}

TEST_CASE("the node fetches the releases of what sites have enabled, and asks conditionally from then on") {
  local_http_server drupal{[](const std::string& request) {
    const auto known = request.find("If-None-Match: \"v1\"\r\n") != std::string::npos;
    return known ? http_answer_text(304, "") : http_answer_text(200, history("token", "8.x-1.1"), "ETag: \"v1\"\r\n");
  }};
  node running{{.environment = {{"INGOT_DRUPAL_RELEASES_URL", drupal.url()},
                                {"INGOT_DRUPAL_RELEASES_INTERVAL_MS", "200"},
                                {"INGOT_DRUPAL_RELEASES_PAUSE_MS", "10"},
                                {"INGOT_JOBS_POLL_INTERVAL_MS", "20"}}}};
  sql db{running.database_url()};
  install(db, "token", "8.x-1.0");
  REQUIRE(eventually([&] { return db.number(flagged) == 1; }));
  REQUIRE(eventually([&] {
    return db.number("SELECT count(*) FROM jobs WHERE state = 'succeeded' AND result @> '{\"status\": \"unchanged\"}'") >= 1;
  }));
  const auto requests = drupal.requests();
  REQUIRE(requests.size() >= 2);
  CHECK(requests[0].starts_with("GET /token/current HTTP/1.1\r\n"));
}

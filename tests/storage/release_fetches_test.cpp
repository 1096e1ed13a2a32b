#include "storage/release_fetches.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

timestamp noon() {
  return *parse_rfc3339("2024-05-01T12:00:00Z");
}

/// A module of a project at site 1.
void report(const testing::database& db, const std::string& project, const std::string& type, bool enabled,
            bool removed = false) {
  db.sql("WITH m AS (INSERT INTO modules (machine_name, display_name, module_type, project, described_at) SELECT '" + project +
         "_' || count(*), 'M', '" + type + "', '" + project +
         "', now() FROM modules RETURNING id) INSERT INTO site_modules (site_id, module_id, enabled, reported, first_seen, "
         "last_updated, seen_at, removed_at) SELECT 1, id, " +
         (enabled ? "TRUE" : "FALSE") + ", 0, now(), now(), now(), " + (removed ? "now()" : "NULL") + " FROM m");
}

} // namespace

TEST_CASE("releases are to be fetched for each project of enabled modules, once in a period") {
  testing::database db;
  report(db, "drupal", "core", true);
  report(db, "drupal", "core", true);
  report(db, "token", "contrib", true);
  report(db, "views", "contrib", false);
  report(db, "ctools", "contrib", true, true);
  report(db, "our_secret_project", "custom", true);
  CHECK(enqueue_release_fetches(db.url(), db.settings(), "1") == 2);
  CHECK(enqueue_release_fetches(db.url(), db.settings(), "1") == 2);
  CHECK(db.sql("SELECT string_agg(concat_ws('|', kind, key, payload), ' ' ORDER BY key) FROM jobs") ==
        "releases_fetch|drupal/releases/drupal|{\"project\": \"drupal\"} releases_fetch|drupal/releases/token|{\"project\": "
        "\"token\"}");
  CHECK(db.sql("SELECT sum(jobs) FROM job_lanes") == "2");
  enqueue_release_fetches(db.url(), db.settings(), "2");
  CHECK(db.sql("SELECT sum(jobs) FROM job_lanes") == "4");
}

TEST_CASE("what the last answer said of itself is kept for the next request, and why there was none") {
  testing::database db;
  auto connection = db.connect();
  CHECK(last_release_fetch(*connection, "token").etag.empty());
  import_releases(*connection, {"token", "T", "published", {}, {}, {}}, noon(), release_fetch{noon(), "\"e\"", "yesterday"});
  CHECK(last_release_fetch(*connection, "token").etag == "\"e\"");
  CHECK(last_release_fetch(*connection, "token").last_modified == "yesterday");
  record_release_failure(*connection, "token", "no answer", noon());
  record_release_failure(*connection, "views", "no answer", noon());
  CHECK(db.sql("SELECT count(*) FROM drupal_projects WHERE error = 'no answer'") == "2");
  confirm_release_fetch(*connection, "token", noon() + std::chrono::hours{1});
  CHECK(db.sql("SELECT concat_ws('|', fetched_at, etag, COALESCE(error, '-')) FROM drupal_projects WHERE project = 'token'") ==
        "2024-05-01 13:00:00+00|\"e\"|-");
}

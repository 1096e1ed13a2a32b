#include "model/drupal/version.hpp"
#include "storage/module_releases.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <future>
#include <initializer_list>
#include <thread>

using namespace ingot;
using namespace ingot::storage;

namespace {

enum class is : unsigned { plain = 0, security = 1, insecure = 2, unsupported = 4, unpublished = 8 };

timestamp noon() {
  return *parse_rfc3339("2024-05-01T12:00:00Z");
}

drupal::release release_of(const std::string& version, const std::string& branch, is what = is::plain) {
  const auto has = [&](is x) { return (static_cast<unsigned>(what) & static_cast<unsigned>(x)) != 0; };
  auto x = drupal::release{};
  x.version = version;
  x.sort_key = drupal::parse_version(version)->sort_key;
  x.branch = branch;
  x.released_at = *parse_rfc3339("2024-04-01T00:00:00Z");
  x.published = !has(is::unpublished);
  x.security = has(is::security);
  x.insecure = has(is::insecure);
  x.unsupported = has(is::unsupported);
  return x;
}

drupal::release_history history_of(const std::string& project, std::vector<drupal::release> releases) {
  return {project, "A title", "published", {"8.x-1."}, std::move(releases), {}};
}

/// A project's module, installed somewhere in these versions.
void install(const testing::database& db, const std::string& project, std::initializer_list<std::string> versions) {
  db.sql("INSERT INTO modules (machine_name, display_name, module_type, project, described_at) VALUES ('" + project +
         "_m', 'M', 'contrib', '" + project + "', now())");
  for (const auto& x : versions)
    db.sql("INSERT INTO module_versions (module_id, version, sort_key, described_at) SELECT id, '" + x + "', '" +
           drupal::parse_version(x)->sort_key + "', now() FROM modules WHERE project = '" + project + "'");
}

/// The versions that need a security update, in their order.
std::string flagged(const testing::database& db) {
  return db.sql(
      "SELECT COALESCE(string_agg(version, ' ' ORDER BY sort_key), '') FROM module_versions WHERE needs_security_update");
}

/// Every row's place and writer: whatever is written moves it.
std::string places(const testing::database& db) {
  return db.sql("SELECT string_agg(x, ' ' ORDER BY x) FROM (SELECT 'p' || ctid || xmin || xmax AS x FROM drupal_projects"
                " UNION ALL SELECT 'r' || ctid || xmin || xmax FROM module_releases"
                " UNION ALL SELECT 'v' || ctid || xmin || xmax FROM module_versions"
                " UNION ALL SELECT 'g' || ctid || xmin || xmax FROM security_generation) rows");
}

} // namespace

TEST_CASE("an import keeps the project, its releases, and what they mean for installed versions") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"8.x-1.0", "8.x-1.1"});
  const auto done = import_releases(
      *connection, history_of("token", {release_of("8.x-1.1", "8.x-1.", is::security), release_of("8.x-1.0", "8.x-1.")}), noon());
  CHECK(done.releases_written == 2);
  CHECK(done.versions_written == 2);
  CHECK(done.versions_flagged == 1);
  CHECK(flagged(db) == "8.x-1.0");
  CHECK(db.sql("SELECT title || status || supported_branches::text || updated_at FROM drupal_projects") ==
        "A titlepublished{8.x-1.}2024-05-01 12:00:00+00");
  CHECK(db.sql("SELECT string_agg(concat_ws('|', version, branch, released_at, published, security, insecure, unsupported), ' ' "
               "ORDER BY "
               "version) FROM module_releases") ==
        "8.x-1.0|8.x-1.|2024-04-01 00:00:00+00|t|f|f|f 8.x-1.1|8.x-1.|2024-04-01 00:00:00+00|t|t|f|f");
  CHECK(db.sql("SELECT count(*) FROM module_versions WHERE release_date = '2024-04-01T00:00:00Z'") == "2");
  CHECK(db.sql("SELECT value FROM security_generation") == "2");
}

TEST_CASE("law 2: the same history again writes nothing") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"8.x-1.0"});
  const auto history =
      history_of("token", {release_of("8.x-1.1", "8.x-1.", is::security), release_of("8.x-1.0", "8.x-1.", is::insecure)});
  import_releases(*connection, history, noon());
  const auto before = places(db);
  const auto again = import_releases(*connection, history, noon() + std::chrono::hours{1});
  CHECK(again.releases_written + again.releases_removed + again.versions_written == 0);
  CHECK(places(db) == before);
}

TEST_CASE("a newer history replaces the one before and writes only what differs") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"8.x-1.0", "8.x-1.1", "8.x-1.2"});
  import_releases(*connection,
                  history_of("token", {release_of("8.x-1.2", "8.x-1.", is::security), release_of("8.x-1.1", "8.x-1."),
                                       release_of("8.x-1.0", "8.x-1.")}),
                  noon());
  CHECK(flagged(db) == "8.x-1.0 8.x-1.1");
  const auto done = import_releases(
      *connection, history_of("token", {release_of("8.x-1.1", "8.x-1."), release_of("8.x-1.0", "8.x-1.", is::insecure)}), noon());
  CHECK(done.releases_removed == 1);
  CHECK(done.releases_written == 1);
  CHECK(done.versions_cleared == 1);
  CHECK(done.versions_flagged == 0);
  CHECK(done.versions_written == 2); // 8.x-1.2 lost its date
  CHECK(flagged(db) == "8.x-1.0");
  CHECK(db.sql("SELECT value FROM security_generation") == "3");
}

TEST_CASE("the generation of flags moves only when a flag moves") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"8.x-1.0"});
  import_releases(*connection, history_of("token", {release_of("8.x-1.0", "8.x-1.")}), noon());
  CHECK(db.sql("SELECT value FROM security_generation") == "1");
  import_releases(*connection, history_of("other", {release_of("8.x-1.1", "8.x-1.", is::security)}), noon());
  CHECK(db.sql("SELECT value FROM security_generation") == "1");
}

TEST_CASE("an import touches no other project's rows") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"1.0.0"});
  install(db, "views", {"1.0.0"});
  import_releases(*connection, history_of("views", {release_of("1.0.0", "1.")}), noon());
  import_releases(*connection, history_of("token", {release_of("1.0.1", "1.", is::security)}), noon());
  CHECK(db.sql("SELECT string_agg(m.project, ',') FROM module_versions v JOIN modules m ON m.id = v.module_id WHERE "
               "needs_security_update") == "token");
  CHECK(db.sql("SELECT count(*) FROM module_releases WHERE project = 'views'") == "1");
}

TEST_CASE("an installed version needs a security update as Drupal judges it") {
  testing::database db;
  auto connection = db.connect();
  struct {
    const char* why;
    std::string installed;
    std::vector<drupal::release> releases;
    bool needs;
  } const cases[] = {
      {"nothing is known of it", "8.x-1.0", {}, false},
      {"its own release is insecure", "8.x-1.0", {release_of("8.x-1.0", "8.x-1.", is::insecure)}, true},
      {"its own release is unsupported", "8.x-1.0", {release_of("8.x-1.0", "8.x-1.", is::unsupported)}, true},
      {"its own release is the security update", "8.x-1.1", {release_of("8.x-1.1", "8.x-1.", is::security)}, false},
      {"a newer release is no security update", "8.x-1.0", {release_of("8.x-1.1", "8.x-1.")}, false},
      {"a newer release of its branch is one", "8.x-1.0", {release_of("8.x-1.1", "8.x-1.", is::security)}, true},
      {"it may be several releases ahead",
       "8.x-1.0",
       {release_of("8.x-1.10", "8.x-1."), release_of("8.x-1.9", "8.x-1.", is::security)},
       true},
      {"releases compare as numbers", "8.x-1.10", {release_of("8.x-1.9", "8.x-1.", is::security)}, false},
      {"it is of another branch", "8.x-1.0", {release_of("8.x-2.1", "8.x-2.", is::security)}, false},
      {"it is of another minor version of core", "10.2.3", {release_of("10.3.1", "10.3.", is::security)}, false},
      {"it is of its minor version of core", "10.3.0", {release_of("10.3.1", "10.3.", is::security)}, true},
      {"a branch's prefix ends in a point", "8.x-12.0", {release_of("8.x-1.1", "8.x-1.", is::security)}, false},
      {"a beta before the release that is one", "2.0.0-beta3", {release_of("2.0.0", "2.", is::security)}, true},
      {"a beta after it", "2.1.0-beta1", {release_of("2.0.5", "2.", is::security)}, false},
      {"commits after a release, before the update", "8.x-1.6+4-dev", {release_of("8.x-1.7", "8.x-1.", is::security)}, true},
      {"the tip of its branch", "8.x-1.x-dev", {release_of("8.x-1.7", "8.x-1.", is::security)}, false},
  };
  auto number = 0;
  for (const auto& x : cases) {
    INFO(x.why);
    const auto project = "p" + std::to_string(number++);
    install(db, project, {x.installed});
    import_releases(*connection, history_of(project, x.releases), noon());
    CHECK(db.sql("SELECT needs_security_update FROM module_versions v JOIN modules m ON m.id = v.module_id WHERE m.project = '" +
                 project + "'") == (x.needs ? "t" : "f"));
  }
}

TEST_CASE("an unpublished security update does not count") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"1.0.0"});
  auto hidden = release_of("1.0.1", "1.", is::security);
  hidden.published = false;
  import_releases(*connection, history_of("token", {hidden}), noon());
  CHECK(flagged(db).empty());
}

TEST_CASE("a fetched history remembers what the next request needs, and clears the last error") {
  testing::database db;
  auto connection = db.connect();
  db.sql("INSERT INTO drupal_projects (project, error) VALUES ('token', 'no answer')");
  import_releases(*connection, history_of("token", {}), noon(), release_fetch{noon(), "\"abc\"", ""});
  CHECK(db.sql(
            "SELECT concat_ws('|', fetched_at, etag, COALESCE(last_modified, '-'), COALESCE(error, '-')) FROM drupal_projects") ==
        "2024-05-01 12:00:00+00|\"abc\"|-|-");
}

TEST_CASE("law 4: an older history changes nothing unless it is fetched or wanted") {
  testing::database db;
  auto connection = db.connect();
  install(db, "token", {"1.0.0"});
  const auto known = history_of("token", {release_of("1.0.1", "1.", is::security)});
  auto old = history_of("token", {release_of("1.0.0", "1.")});
  old.releases[0].released_at = *parse_rfc3339("2024-03-31T23:59:59Z");
  auto undated = old;
  undated.releases[0].released_at = std::nullopt;
  import_releases(*connection, known, noon(), release_fetch{noon(), "\"abc\"", "yesterday"});
  const auto before = places(db);
  for (const auto& x : {old, undated, history_of("token", {})})
    CHECK_THROWS_AS(import_releases(*connection, x, noon()), older_history);
  CHECK(places(db) == before);
  CHECK(import_releases(*connection, old, noon(), release_fetch{noon(), "\"def\"", ""}).versions_cleared == 1);
  CHECK(import_releases(*connection, known, noon()).versions_flagged == 1);
  CHECK(import_releases(*connection, old, noon(), std::nullopt, older_histories::taken).versions_cleared == 1);
}

TEST_CASE("a history that was not fetched makes the next fetch unconditional") {
  testing::database db;
  auto connection = db.connect();
  const auto history = history_of("token", {release_of("1.0.1", "1.")});
  import_releases(*connection, history, noon(), release_fetch{noon(), "\"abc\"", "yesterday"});
  import_releases(*connection, history, noon());
  CHECK(db.sql("SELECT concat_ws('|', fetched_at, etag, last_modified) FROM drupal_projects") == "2024-05-01 12:00:00+00");
}

TEST_CASE("law 12: releases that are confirmed are told to modules that came to the project since") {
  testing::database db;
  auto connection = db.connect();
  import_releases(*connection, history_of("token", {release_of("1.0.1", "1.", is::security)}), noon(),
                  release_fetch{noon(), "\"abc\"", ""});
  install(db, "other", {"1.0.0"});
  db.sql("UPDATE modules SET project = 'token'");
  const auto done = confirm_release_fetch(*connection, "token", noon() + std::chrono::hours{1});
  CHECK(done.versions_flagged == 1);
  CHECK(flagged(db) == "1.0.0");
  CHECK(db.sql("SELECT value FROM security_generation") == "2");
  CHECK(db.sql("SELECT fetched_at || etag FROM drupal_projects") == "2024-05-01 13:00:00+00\"abc\"");
}

TEST_CASE("law 12: an import waits for a transaction that inserts versions, and judges them") {
  testing::database db;
  auto connection = db.connect();
  auto settings = db.settings();
  settings.statement_timeout = milliseconds{300};
  auto impatient = storage::connection{db.url(), settings};
  auto inserting = db.connect();
  {
    auto tx = pqxx::work{inserting->raw()};
    tx.exec("SELECT ingot_hold_releases()");
    CHECK_THROWS(import_releases(impatient, history_of("token", {}), noon()));
    tx.exec(
        "INSERT INTO modules (machine_name, display_name, module_type, project, described_at) VALUES ('token', 'T', 'contrib', "
        "'token', now())");
    tx.exec("INSERT INTO module_versions (module_id, version, sort_key, described_at) SELECT id, '1.0.0', '" +
            drupal::parse_version("1.0.0")->sort_key + "', now() FROM modules");
    tx.commit();
  }
  import_releases(*connection, history_of("token", {release_of("1.0.1", "1.", is::security)}), noon());
  CHECK(flagged(db) == "1.0.0");
}

TEST_CASE("law 12: a sync waits for an import and judges by what it brought") {
  testing::database db;
  auto importing = db.connect();
  auto settings = db.settings();
  settings.statement_timeout = milliseconds{300};
  auto impatient = storage::connection{db.url(), settings};
  auto import = pqxx::work{importing->raw()};
  import.exec("SELECT ingot_lock_releases()");
  auto sync = pqxx::work{impatient.raw()};
  CHECK_THROWS(sync.exec("SELECT ingot_hold_releases()"));
}

TEST_CASE("law 5: syncs that overlap without end do not keep an import waiting") {
  testing::database db;
  auto settings = db.settings();
  settings.statement_timeout = milliseconds{300};
  auto first = db.connect(), importing = db.connect();
  auto second = storage::connection{db.url(), settings};
  auto earlier = pqxx::work{first->raw()};
  earlier.exec("SELECT ingot_hold_releases()");
  auto import = std::async(std::launch::async, [&] { return import_releases(*importing, history_of("token", {}), noon()); });
  while (db.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "0")
    std::this_thread::yield();
  auto later = pqxx::work{second.raw()};
  CHECK_THROWS(later.exec("SELECT ingot_hold_releases()")); // joins the first only behind the import
  earlier.commit();
  CHECK_NOTHROW(import.get());
}

TEST_CASE("what holds an import off writes nothing, and others share it") {
  testing::database db;
  auto a = db.connect(), b = db.connect();
  auto one = pqxx::work{a->raw()}, other = pqxx::work{b->raw()};
  one.exec("SELECT ingot_hold_releases()");
  other.exec("SELECT ingot_hold_releases()");
  CHECK(one.exec("SELECT pg_current_xact_id_if_assigned() IS NULL")[0][0].as<bool>());
}

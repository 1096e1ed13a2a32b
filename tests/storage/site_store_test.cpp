#include "model/digest.hpp"
#include "storage/job_store.hpp"
#include "storage/site_store.hpp"
#include "storage/sites.hpp"
#include "storage/write_session.hpp"
#include "tests/model/inventory_body.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using ingot::testing::module_text;
using ingot::testing::sync_text;

namespace {

const auto now = *parse_rfc3339("2024-05-02T00:00:00Z");

struct site_fixture {
  testing::database db;
  site_settings settings;
  std::unique_ptr<site_store> store;
  std::int64_t site = 0;

  explicit site_fixture(site_settings with = {}) : settings{with}, store{open_site_store(db.url(), db.settings(), with)} {
    site = add_site(*db.connect(), "a site", std::nullopt, {"a test", now});
  }

  site_sync sync(int number, sync_text text) const {
    auto x = site_sync{};
    x.site_id = site;
    char id[37];
    std::snprintf(id, sizeof id, "00000000-0000-7000-8000-%012d", number);
    x.sync_id = id;
    const auto body = text.text();
    x.payload_hash = std::to_string((digest{} << body).value());
    x.said = std::move(std::get<drupal::inventory>(drupal::parse_inventory(body, false)));
    x.received_at = now;
    x.started = std::chrono::steady_clock::now();
    return x;
  }

  static sync_text of(std::vector<module_text> modules, const std::string& at = "2024-05-01T10:00:00Z") {
    auto text = sync_text{}.at(at);
    text.modules = std::move(modules);
    return text;
  }

  void commit(site_sync& x) {
    auto* one = &x;
    store->commit({&one, 1});
  }

  std::string text(const std::string& query) const { return db.sql(query); }
};

} // namespace

TEST_CASE("law 2: a sync whose COMMIT was answered by nobody is repeated, and told what it did") {
  site_fixture f;
  auto first = f.sync(1, f.of({{"a"}, {"b"}}));
  f.commit(first);
  auto again = f.sync(1, f.of({{"a"}, {"b"}}));
  f.commit(again);
  CHECK(again.verdict == site_verdict::taken);
  CHECK(again.result.outcome == drupal::sync_outcome::applied);
  CHECK(again.result.added == 2);
  CHECK(f.text("SELECT count(*) FROM syncs") == "1");
  CHECK(f.text("SELECT version FROM sites") == "1");
}

TEST_CASE("a sync that was noted as failed may be tried again under its id") {
  site_fixture f;
  auto x = f.sync(1, f.of({{"a"}}));
  f.store->keep_failed(x, "a reason");
  f.store->keep_failed(x, "another reason");
  CHECK(f.text("SELECT error FROM syncs") == "another reason");
  f.commit(x);
  CHECK(x.result.added == 1);
  CHECK(f.text("SELECT outcome || COALESCE(error, '') FROM syncs") == "applied");
}

TEST_CASE("law 3: a site that another transaction holds is told busy at once, and holds up nobody") {
  site_fixture f;
  const auto other_site = add_site(*f.db.connect(), "another", std::nullopt, {"a test", now});
  auto held = f.db.connect();
  auto tx = pqxx::work{held->raw()};
  tx.exec("SELECT FROM sites WHERE id = " + std::to_string(f.site) + " FOR UPDATE");
  auto busy = f.sync(1, f.of({{"a"}})), free = f.sync(2, f.of({{"a"}}));
  free.site_id = other_site;
  auto both = std::array<site_sync*, 2>{&busy, &free};
  f.store->commit(both);
  CHECK(busy.verdict == site_verdict::busy);
  CHECK(free.verdict == site_verdict::taken);
  CHECK(f.text("SELECT count(*) FROM site_modules") == "1");
  tx.abort();
  f.commit(busy);
  CHECK(busy.verdict == site_verdict::taken);
}

TEST_CASE("law 12: a sync whose job's lease is lost is not applied, and the rightful one completes the job with it") {
  site_fixture f;
  auto stored = f.sync(1, f.of({{"a"}}));
  stored.as_job = new_job{
      .kind = "site_sync", .key = sync_job_key(f.site), .dedupe_key = "sync/1", .payload = "{}", .priority = 0, .body = "x"};
  f.commit(stored);
  CHECK(stored.job_id > 0);
  auto repeated = f.sync(1, f.of({{"a"}}));
  repeated.as_job = stored.as_job;
  f.commit(repeated);
  CHECK(repeated.job_id == stored.job_id);
  CHECK(f.text("SELECT count(*) FROM jobs") == "1");

  const auto jobs = open_job_store(f.db.url(), f.db.settings());
  const auto kinds = std::vector<job_quota>{{"site_sync", 10}};
  const auto lost = jobs->turn({}, kinds, 10, std::chrono::milliseconds{-1}).claimed;
  REQUIRE(lost.size() == 1);
  const auto held = jobs->turn({}, kinds, 10, std::chrono::seconds{10}).claimed;
  REQUIRE(held.size() == 1);
  auto late = f.sync(1, f.of({{"a"}}));
  late.of_job = lost[0].lease;
  CHECK_THROWS_AS(f.commit(late), store_error);
  CHECK(f.text("SELECT count(*) FROM site_modules") == "0");
  auto rightful = f.sync(1, f.of({{"a"}}));
  rightful.of_job = held[0].lease;
  f.commit(rightful);
  CHECK(f.text("SELECT count(*) FROM site_modules") == "1");
  CHECK(f.text("SELECT state || ' ' || (result->>'new_modules') FROM jobs") == "succeeded 1");
  CHECK(f.text("SELECT count(*) FROM job_lanes") == "0");
}

TEST_CASE("law 5: a site names so many modules and no more") {
  auto settings = site_settings{};
  settings.modules_known_max = 3;
  site_fixture f{settings};
  auto first = f.sync(1, f.of({{"a"}, {"b"}}));
  f.commit(first);
  auto others = f.sync(2, f.of({{"c"}, {"d"}}, "2024-05-01T11:00:00Z"));
  others.known = first.known;
  f.commit(others);
  CHECK(others.verdict == site_verdict::too_many);
  CHECK(f.text("SELECT count(*) FROM modules") == "2");
}

TEST_CASE("the same difference again is unchanged, though the state that it stood on is gone, and an old one is stale") {
  site_fixture f;
  auto first = f.sync(1, f.of({{"a"}, {"b"}}));
  f.commit(first);
  const auto difference = f.of({{"a", "2.0.0"}}, "2024-05-01T11:00:00Z").set("base_hash", '"' + first.result.state_hash + '"');
  auto change = f.sync(2, difference);
  f.commit(change);
  CHECK(change.result.updated == 1);
  auto again = f.sync(3, difference);
  f.commit(again);
  CHECK(again.verdict == site_verdict::taken);
  CHECK(again.result.outcome == drupal::sync_outcome::unchanged);
  auto old = f.sync(4, sync_text{difference}.at("2024-05-01T10:30:00Z"));
  f.commit(old);
  CHECK(old.result.outcome == drupal::sync_outcome::stale);
  auto other = f.sync(5, sync_text{difference}.at("2024-05-01T12:00:00Z"));
  f.commit(other);
  CHECK(other.verdict == site_verdict::base_differs);
  CHECK(other.result.state_hash == change.result.state_hash);
}

TEST_CASE("law 4: what a site with a fast clock says of a module rules nobody for longer than until it came") {
  site_fixture f;
  auto fast = f.sync(1, f.of({module_text{"a"}.set("name", "\"From the future\"")}, "2024-05-02T20:00:00Z"));
  f.commit(fast);
  const auto other_site = add_site(*f.db.connect(), "another", std::nullopt, {"a test", now});
  auto later = f.sync(2, f.of({module_text{"a"}.set("name", "\"A\"")}, "2024-05-02T01:00:00Z"));
  later.site_id = other_site;
  later.received_at = now + std::chrono::hours{2};
  f.commit(later);
  CHECK(f.text("SELECT display_name FROM modules") == "A");
}

TEST_CASE("a module that turns out to belong to another project is judged by that one's releases") {
  site_fixture f;
  f.text("INSERT INTO module_releases (project, version, sort_key, branch, published, security, insecure, unsupported) "
         "VALUES ('foo', '1.0.0', '', '1.', TRUE, FALSE, TRUE, FALSE)");
  auto first = f.sync(1, f.of({{"foo_sub"}}));
  f.commit(first);
  CHECK(first.result.security_updates == 0);
  auto told = f.sync(
      2, f.of({module_text{"foo_sub"}.set("project_link", "\"https://www.drupal.org/project/foo\"")}, "2024-05-01T11:00:00Z"));
  f.commit(told);
  CHECK(f.text("SELECT needs_security_update FROM module_versions") == "t");
  CHECK(told.result.security_updates == 1);
}

TEST_CASE("which modules the database refuses is asked without a trace, and a site that is held is told from a refusal") {
  site_fixture f;
  auto first = f.sync(1, f.of({{"a"}}));
  f.commit(first);
  f.text("ALTER TABLE modules ADD CONSTRAINT no_poison CHECK (machine_name <> 'poison')");
  const auto x = f.sync(2, f.of({{"a"}, {"poison"}, {"b"}}, "2024-05-01T11:00:00Z"));
  const auto all = std::span{x.said.modules};
  CHECK(f.store->refusal_of(x, all).find("no_poison") != std::string::npos);
  CHECK(f.store->refusal_of(x, all.first(1)).empty());
  CHECK(f.store->refusal_of(x, all.last(1)).empty());
  CHECK(f.text("SELECT (SELECT count(*) FROM modules) || ' ' || (SELECT count(*) FROM syncs)") == "1 1");
  auto held = f.db.connect();
  auto tx = pqxx::work{held->raw()};
  tx.exec("SELECT FROM sites FOR UPDATE");
  CHECK_THROWS_AS(f.store->refusal_of(x, all.first(1)), store_error);
}

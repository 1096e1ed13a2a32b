#include "storage/site_modules.hpp"

#include "storage/refused_change.hpp"
#include "storage/sites.hpp"
#include "tests/storage/site_rows.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

using words = std::vector<std::string>;

words names(const std::vector<site_module_record>& x) {
  auto out = words{};
  for (const auto& one : x)
    out.push_back(one.machine_name);
  return out;
}

timestamp at(const char* text) {
  return *parse_rfc3339(text);
}

/// Two sites: 1 has all three modules, one of them removed; 2 has token alone, in an unknown version.
struct two_sites {
  testing::database db;
  std::unique_ptr<connection> c = db.connect();

  two_sites() {
    testing::make_site(db, 1, "one");
    testing::make_site(db, 2, "two");
    testing::make_module(db, 1, "views", "10.3.0", false, "core");
    testing::make_module(db, 2, "token", "8.x-1.5", true);
    testing::make_module(db, 3, "ctools", "8.x-3.4", true);
    testing::install(db, 1, 1);
    testing::install(db, 1, 2, "FALSE");
    testing::install(db, 1, 3, "FALSE", "same", "'2026-05-02T00:00:00Z'");
    testing::install(db, 2, 2, "TRUE", "NULL");
  }
};

} // namespace

TEST_CASE_METHOD(two_sites, "a site's modules are listed by name, a page at a time") {
  CHECK(names(list_site_modules(*c, 1, {}, "", 2)) == words{"ctools", "token"});
  CHECK(names(list_site_modules(*c, 1, {}, "token", 2)) == words{"views"});
  CHECK(list_site_modules(*c, 3, {}, "", 10).empty());
}

TEST_CASE_METHOD(two_sites, "a site's modules are narrowed by need of a security update, state and type") {
  const auto listed = [&](const site_module_filter& filter) { return names(list_site_modules(*c, 1, filter, "", 10)); };
  CHECK(listed({.needs_security_update = true, .enabled = {}, .removed = {}, .type = {}}) == words{"token"});
  CHECK(listed({.needs_security_update = false, .enabled = {}, .removed = {}, .type = {}}) == words{"ctools", "views"});
  CHECK(listed({.needs_security_update = {}, .enabled = true, .removed = {}, .type = {}}) == words{"views"});
  CHECK(listed({.needs_security_update = {}, .enabled = {}, .removed = true, .type = {}}) == words{"ctools"});
  CHECK(listed({.needs_security_update = {}, .enabled = {}, .removed = false, .type = "contrib"}) == words{"token"});
  CHECK(listed({.needs_security_update = {}, .enabled = {}, .removed = {}, .type = "'; DROP TABLE sites; --"}).empty());
}

TEST_CASE_METHOD(two_sites, "sites are narrowed to those that miss a security update of what they have now") {
  const auto listed = [&](std::optional<bool> needing) {
    auto out = words{};
    for (const auto& x : list_sites(*c, 0, 10, needing))
      out.push_back(x.name);
    return out;
  };
  CHECK(listed(std::nullopt) == words{"one", "two"});
  CHECK(listed(true) == words{"one"});
  CHECK(listed(false) == words{"two"});
  db.sql("UPDATE site_modules SET removed_at = now() WHERE site_id = 1 AND module_id = 2");
  CHECK(listed(true).empty());
}

TEST_CASE_METHOD(two_sites, "a listed module says all that is known, and is last seen by the site's newest full sync") {
  testing::make_sync(db, 1, "2026-05-03T00:00:00Z", 1);
  testing::make_sync(db, 1, "2026-05-04T00:00:00Z", 2, "unchanged");
  testing::make_sync(db, 1, "2026-05-05T00:00:00Z", 3, "applied", "partial");
  testing::make_sync(db, 1, "2026-05-06T00:00:00Z", 4, "failed");
  const auto x = list_site_modules(*c, 1, {}, "ctools", 1).at(0);
  CHECK(x.site_id == 1);
  CHECK(x.site == "one");
  CHECK(x.machine_name == "token");
  CHECK(x.display_name == "The token");
  CHECK(x.type == "contrib");
  CHECK(x.project == "token");
  CHECK(x.version == "8.x-1.5");
  CHECK_FALSE(x.enabled);
  CHECK(x.schema_version == 8001);
  CHECK(x.first_seen == at("2026-05-01T00:00:00Z"));
  CHECK(x.last_updated == at("2026-05-02T00:00:00Z"));
  CHECK(x.last_seen == at("2026-05-04T00:00:00Z"));
  CHECK_FALSE(x.removed_at);
  CHECK(x.needs_security_update);
  const auto gone = list_site_modules(*c, 1, {}, "", 1).at(0);
  CHECK(gone.last_seen == at("2026-05-02T00:00:00Z"));
  CHECK(gone.removed_at == at("2026-05-02T00:00:00Z"));
  CHECK_FALSE(gone.needs_security_update);
}

TEST_CASE_METHOD(two_sites, "the sites that run a module are listed by id, a page at a time, or one alone") {
  auto x = list_sites_of_module(*c, "token", {}, std::nullopt, 0, 1);
  REQUIRE(x.size() == 1);
  CHECK(x[0].site == "one");
  x = list_sites_of_module(*c, "token", {}, std::nullopt, 1, 10);
  REQUIRE(x.size() == 1);
  CHECK(x[0].site == "two");
  CHECK(x[0].version.empty());
  CHECK(list_sites_of_module(*c, "token", {}, 2, 0, 10).at(0).site == "two");
  CHECK(list_sites_of_module(*c, "views", {}, 2, 0, 10).empty());
  CHECK(list_sites_of_module(*c, "nobody", {}, std::nullopt, 0, 10).empty());
  CHECK(find_module(*c, "token")->display_name == "The token");
  CHECK_FALSE(find_module(*c, "nobody"));
}

TEST_CASE_METHOD(two_sites, "a module's changes are listed from the newest, a page at a time") {
  db.sql("INSERT INTO module_versions (id, module_id, version, sort_key, described_at) VALUES (20, 2, '8.x-1.4', '', now())");
  const auto first = testing::make_sync(db, 1, "2026-05-01T00:00:00Z", 1);
  const auto second = testing::make_sync(db, 1, "2026-05-02T00:00:00Z", 2);
  for (const auto& [id, from, to, when] : {std::tuple{first, "NULL", "20", "2026-05-01"}, {second, "20", "2", "2026-05-02"}})
    db.sql("INSERT INTO site_module_history (site_id, module_id, from_version_id, to_version_id, changed_at, sync_id) VALUES (1, "
           "2, " +
           std::string{from} + ", " + to + ", '" + when + "', '" + id.substr(5) + "')");
  const auto page = list_module_changes(*c, 1, "token", "", 1);
  REQUIRE(page.size() == 1);
  CHECK(page[0].from == "8.x-1.4");
  CHECK(page[0].to == "8.x-1.5");
  CHECK(page[0].changed_at == at("2026-05-02T00:00:00Z"));
  CHECK(page[0].sync_id == second);
  const auto rest = list_module_changes(*c, 1, "token", page[0].sync_id, 10);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].from.empty());
  CHECK(rest[0].to == "8.x-1.4");
  CHECK(list_module_changes(*c, 2, "token", "", 10).empty());
  CHECK_THROWS_AS(list_module_changes(*c, 1, "token", "nonsense", 10), refused_change);
}

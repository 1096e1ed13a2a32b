#include "storage/syncs.hpp"

#include "storage/refused_change.hpp"
#include "tests/storage/site_rows.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

using words = std::vector<std::string>;

words ids(const std::vector<sync_record>& x) {
  auto out = words{};
  for (const auto& one : x)
    out.push_back(one.id);
  return out;
}

} // namespace

TEST_CASE("a site's syncs are listed from the newest, a page at a time") {
  testing::database db;
  auto c = db.connect();
  const auto a = testing::make_sync(db, 1, "2026-05-01T00:00:00Z", 1);
  const auto b = testing::make_sync(db, 1, "2026-05-01T00:00:00Z", 2, "unchanged");
  const auto d = testing::make_sync(db, 1, "2026-05-02T00:00:00Z", 1, "failed", "partial");
  testing::make_sync(db, 2, "2026-05-03T00:00:00Z", 1);
  CHECK(ids(list_syncs(*c, 1, "", 2)) == words{d, b});
  CHECK(ids(list_syncs(*c, 1, b, 2)) == words{a});
  CHECK(list_syncs(*c, 1, a, 2).empty());
  const auto x = list_syncs(*c, 1, "", 1).at(0);
  CHECK(x.type == "partial");
  CHECK(x.outcome == "failed");
  CHECK(x.received_at == *parse_rfc3339("2026-05-02T00:00:00Z"));
  CHECK(x.duration_ms == 1.5);
  CHECK_FALSE(x.job_id);
}

TEST_CASE("another text than a sync's id is refused as a place in the listing") {
  testing::database db;
  auto c = db.connect();
  for (const auto* wrong : {"x", "sync_", "sync_00000000-0000-0000-0000-00000000000g",
                            "sync_00000000x0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"})
    CHECK_THROWS_AS(list_syncs(*c, 1, wrong, 1), refused_change);
}

TEST_CASE("old records of syncs go, but never what tells when a site's modules were last seen") {
  testing::database db;
  auto c = db.connect();
  testing::make_sync(db, 1, "2026-01-01T00:00:00Z", 1);
  const auto newest_full = testing::make_sync(db, 1, "2026-01-02T00:00:00Z", 2, "unchanged");
  testing::make_sync(db, 1, "2026-01-03T00:00:00Z", 3, "applied", "partial");
  const auto newest = testing::make_sync(db, 1, "2026-01-04T00:00:00Z", 4, "applied", "partial");
  testing::make_sync(db, 1, "2026-01-05T00:00:00Z", 5, "stale");
  const auto other = testing::make_sync(db, 2, "2026-01-01T00:00:00Z", 6);
  testing::make_sync(db, 3, "2026-01-01T00:00:00Z", 7);
  const auto recent = testing::make_sync(db, 3, "2026-05-01T00:00:00Z", 8);
  auto keep = retention_settings{};
  CHECK(apply_sync_retention(*c, *parse_rfc3339("2026-05-02T00:00:00Z"), keep) == 4);
  CHECK(ids(list_syncs(*c, 1, "", 10)) == words{newest, newest_full});
  CHECK(ids(list_syncs(*c, 2, "", 10)) == words{other});
  CHECK(ids(list_syncs(*c, 3, "", 10)) == words{recent});
  CHECK(apply_sync_retention(*c, *parse_rfc3339("2026-05-02T00:00:00Z"), keep) == 0);
}

#include "storage/sites.hpp"

#include "storage/refused_change.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using ingot::testing::refusal_of;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:34:56Z");
const auto by = operator_action{"command line", noon};

std::array<unsigned char, 32> filled(unsigned char with) {
  auto out = std::array<unsigned char, 32>{};
  out.fill(with);
  return out;
}

} // namespace

TEST_CASE("sites get ids of their own beside those that an operator chose") {
  testing::database db;
  auto c = db.connect();
  CHECK(add_site(*c, "first", std::nullopt, by) == 1);
  CHECK(add_site(*c, "chosen", 2, by) == 2);
  CHECK(add_site(*c, "far", 700, by) == 700);
  CHECK(add_site(*c, "next", std::nullopt, by) == 701);
  CHECK(add_site(*c, "after", std::nullopt, by) == 702);
  CHECK(refusal_of([&] { add_site(*c, "again", 700, by); }) == fault::conflict);
  CHECK(refusal_of([&] { add_site(*c, "zero", 0, by); }) == fault::missing_field);
  CHECK(refusal_of([&] { add_site(*c, "", std::nullopt, by); }) == fault::missing_field);
  CHECK(refusal_of([&] { add_site(*c, std::string(256, 'x'), std::nullopt, by); }) == fault::missing_field);
  CHECK(db.sql("SELECT string_agg(name, ',' ORDER BY id) FROM sites") == "first,chosen,far,next,after");
}

TEST_CASE("sites are listed a page at a time, each with its newest sync") {
  testing::database db;
  auto c = db.connect();
  for (const auto* name : {"a", "b", "c"})
    add_site(*c, name, std::nullopt, by);
  db.sql("INSERT INTO syncs (id, site_id, sync_type, outcome, sync_timestamp, received_at, duration_ms, payload_hash) VALUES "
         "(gen_random_uuid(), 2, 'full', 'applied', '2026-05-01T10:00:00Z', '2026-05-01T10:00:01Z', 1, ''),"
         "(gen_random_uuid(), 2, 'full', 'unchanged', '2026-05-01T11:00:00Z', '2026-05-01T11:00:01Z', 1, '')");
  const auto first = list_sites(*c, 0, 2);
  REQUIRE(first.size() == 2);
  CHECK(first[0].name == "a");
  CHECK_FALSE(first[0].last_sync_at);
  CHECK(first[0].created_at == noon);
  CHECK(first[1].last_sync_outcome == "unchanged");
  CHECK(first[1].last_sync_at == *parse_rfc3339("2026-05-01T11:00:01Z"));
  const auto second = list_sites(*c, first[1].id, 2);
  REQUIRE(second.size() == 1);
  CHECK(second[0].name == "c");
  CHECK(find_site(*c, 3)->name == "c");
  CHECK_FALSE(find_site(*c, 4));
}

TEST_CASE("a site is disabled and enabled again, and only what changes is audited") {
  testing::database db;
  auto c = db.connect();
  const auto id = add_site(*c, "a", std::nullopt, by);
  disable_site(*c, id, by);
  disable_site(*c, id, {"admin", noon + std::chrono::hours{1}});
  CHECK(find_site(*c, id)->disabled_at == noon);
  enable_site(*c, id, {"admin", noon});
  enable_site(*c, id, by);
  CHECK_FALSE(find_site(*c, id)->disabled_at);
  CHECK(refusal_of([&] { disable_site(*c, 99, by); }) == fault::not_found);
  CHECK(db.sql("SELECT string_agg(actor || ': ' || action || ' ' || subject, ', ' ORDER BY id) FROM audit_log") ==
        "command line: site added site 1, command line: site disabled site 1, admin: site enabled site 1");
}

TEST_CASE("law 9: of an API key only the hash and the prefix are kept") {
  testing::database db;
  auto c = db.connect();
  const auto site = add_site(*c, "a", std::nullopt, by);
  const auto key = create_key(*c, site, "cron", filled(1), by);
  CHECK(key.row.prefix == api_key_prefix(key.text));
  CHECK(db.sql("SELECT count(*) FROM api_keys k WHERE k::text LIKE '%" + key.text + "%'") == "0");
  CHECK(db.sql("SELECT count(*) FROM audit_log a WHERE a::text LIKE '%" + key.text + "%'") == "0");
  CHECK(db.sql("SELECT encode(key_hash, 'hex') = encode(sha256('" + key.text + "'::bytea), 'hex') FROM api_keys") == "t");
  CHECK(refusal_of([&] { create_key(*c, 99, "", filled(2), by); }) == fault::not_found);
}

TEST_CASE("a key is found by its hash until it is revoked, and its use is marked to the hour") {
  testing::database db;
  auto c = db.connect();
  const auto site = add_site(*c, "a", std::nullopt, by);
  const auto key = create_key(*c, site, "cron", filled(1), by);
  const auto hash = api_key_hash(key.text);
  CHECK_FALSE(find_key(*c, api_key_hash("another"), noon));
  auto found = find_key(*c, hash, noon);
  REQUIRE(found);
  CHECK(found->key_id == key.row.id);
  CHECK(found->site_id == site);
  CHECK_FALSE(found->revoked);
  CHECK_FALSE(found->site_disabled);
  CHECK(list_keys(*c, site, 0, 10).at(0).last_used_at == *parse_rfc3339("2026-05-01T12:00:00Z"));
  const auto row = db.sql("SELECT xmin FROM api_keys");
  find_key(*c, hash, noon + std::chrono::minutes{5});
  CHECK(db.sql("SELECT xmin FROM api_keys") == row);
  disable_site(*c, site, by);
  CHECK(find_key(*c, hash, noon)->site_disabled);
  revoke_key(*c, std::to_string(key.row.id), by);
  CHECK(find_key(*c, hash, noon + std::chrono::hours{3})->revoked);
  CHECK(list_keys(*c, site, 0, 10).at(0).last_used_at == *parse_rfc3339("2026-05-01T12:00:00Z"));
}

TEST_CASE("keys are listed of a site or of all, and revoked by id or prefix") {
  testing::database db;
  auto c = db.connect();
  const auto a = add_site(*c, "a", std::nullopt, by), b = add_site(*c, "b", std::nullopt, by);
  const auto first = create_key(*c, a, "old", filled(1), by);
  const auto second = create_key(*c, a, "new", filled(2), by);
  create_key(*c, b, "", filled(3), by);
  auto almost = filled(2);
  almost.back() = 9;
  create_key(*c, b, "twin", almost, by);
  CHECK(list_keys(*c, a, 0, 10).size() == 2);
  CHECK(list_keys(*c, std::nullopt, 0, 10).size() == 4);
  CHECK(list_keys(*c, std::nullopt, first.row.id, 1).at(0).name == "new");
  CHECK(revoke_key(*c, first.row.prefix, by).id == first.row.id);
  CHECK(revoke_key(*c, first.row.prefix, {"admin", noon + std::chrono::hours{1}}).revoked_at == noon);
  CHECK(refusal_of([&] { revoke_key(*c, second.row.prefix, by); }) == fault::conflict);
  CHECK(refusal_of([&] { revoke_key(*c, "4711", by); }) == fault::not_found);
  CHECK(refusal_of([&] { revoke_key(*c, "'; DROP TABLE api_keys; --", by); }) == fault::not_found);
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE action = 'key revoked'") == "1");
}

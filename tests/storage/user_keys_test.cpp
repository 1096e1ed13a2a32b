#include "storage/user_keys.hpp"

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

TEST_CASE("law 9: a user's key is kept as its digest, found by it, and ends when it is revoked") {
  testing::database db;
  auto c = db.connect();
  const auto key = create_user_key(*c, "ada@example.org", "laptop", filled(7), by);
  CHECK(key.text.starts_with(key.row.prefix));
  CHECK(db.sql("SELECT count(*) FROM user_keys k WHERE k::text LIKE '%" + key.text.substr(12) + "%'") == "0");
  const auto hash = api_key_hash(key.text);
  const auto holder = find_user_key(*c, hash, noon);
  REQUIRE(holder);
  CHECK(holder->user_id == "ada@example.org");
  CHECK_FALSE(holder->revoked);
  CHECK(list_user_keys(*c, "ada@example.org", 0, 10).at(0).last_used_at == parse_rfc3339("2026-05-01T12:00:00Z"));
  CHECK_FALSE(find_user_key(*c, api_key_hash("ingot_another"), noon));

  CHECK(refusal_of([&] { revoke_user_key(*c, key.row.id, "grace", by); }) == fault::not_found);
  const auto revoked = revoke_user_key(*c, key.row.id, "ada@example.org", by);
  CHECK(revoked.revoked_at == noon);
  CHECK(revoke_user_key(*c, key.row.id, std::nullopt, {"command line", noon + std::chrono::hours{1}}).revoked_at == noon);
  CHECK(find_user_key(*c, hash, noon)->revoked);
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE subject = 'user ada@example.org'") == "2");
}

TEST_CASE("users' keys are listed by id, of one user or of all, and ids of users are judged") {
  testing::database db;
  auto c = db.connect();
  for (const auto* user : {"ada", "grace", "ada"})
    create_user_key(*c, user, "", filled(static_cast<unsigned char>(list_user_keys(*c, std::nullopt, 0, 9).size())), by);
  CHECK(list_user_keys(*c, std::nullopt, 0, 10).size() == 3);
  CHECK(list_user_keys(*c, std::nullopt, 1, 1).at(0).user_id == "grace");
  CHECK(list_user_keys(*c, "ada", 0, 10).size() == 2);
  for (const auto& wrong : {std::string{}, std::string{"a b"}, std::string{"a/b"}, std::string(129, 'a'), std::string{"ä"}})
    CHECK(refusal_of([&] { create_user_key(*c, wrong, "", filled(9), by); }) == fault::bad_parameter);
  CHECK(refusal_of([&] { create_user_key(*c, "ada", std::string(256, 'x'), filled(9), by); }) == fault::missing_field);
}

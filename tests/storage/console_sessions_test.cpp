#include "storage/console_sessions.hpp"

#include "model/console_session.hpp"
#include "storage/refused_change.hpp"
#include "storage/reviewers.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using ingot::testing::refusal_of;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:00:30Z");
const auto by = operator_action{"command line", noon};
const auto hour = std::chrono::hours{1};

std::string token(unsigned char seed) {
  auto random = std::array<unsigned char, 32>{};
  random.fill(seed);
  return make_session_token("key", random);
}

new_session session_of(std::optional<std::int64_t> who, const std::string& cookie, timestamp at = noon,
                       const std::string& password_hash = "$hash") {
  auto out = new_session{};
  out.token_hash = session_token_hash(cookie);
  out.reviewer_id = who;
  out.password_hash = password_hash;
  if (!who)
    out.admin_proof = admin_proof(cookie, "token");
  out.actor = "test";
  out.address = "127.0.0.1";
  out.agent = "browser";
  out.at = at;
  out.expires_at = at + hour;
  return out;
}

std::optional<session_holder> found(connection& db, const std::string& cookie, timestamp at = noon) {
  return find_session(db, session_token_hash(cookie), at);
}

} // namespace

TEST_CASE("law 9: a session is kept as its digest, found by it, and ends by itself") {
  testing::database db;
  auto c = db.connect();
  const auto ada = add_reviewer(*c, {"ada", "ada@example.org", person_role::reviewer, "$hash"}, by);
  begin_session(*c, session_of(ada.id, token(1)));
  CHECK(db.sql("SELECT count(*) FROM console_sessions s WHERE s::text LIKE '%" + token(1) + "%'") == "0");
  const auto holder = found(*c, token(1));
  REQUIRE(holder);
  CHECK(holder->name == "ada");
  CHECK(holder->role == person_role::reviewer);
  CHECK(holder->reviewer_id == ada.id);
  CHECK_FALSE(found(*c, token(2)));
  CHECK(found(*c, token(1), noon + hour - std::chrono::seconds{1}));
  CHECK_FALSE(found(*c, token(1), noon + hour));
  const auto listed = list_sessions(*c, ada.id, noon, 1'000, 10);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].last_seen_at == *parse_rfc3339("2026-05-01T13:00:00Z"));
  // A later sign-in forgets it.
  begin_session(*c, session_of(ada.id, token(3), noon + 2 * hour));
  CHECK(db.sql("SELECT count(*) FROM console_sessions") == "1");
}

TEST_CASE("a session ends when it is revoked, by its owner or an admin and by nobody else") {
  testing::database db;
  auto c = db.connect();
  const auto ada = add_reviewer(*c, {"ada", "ada@example.org", person_role::reviewer, "$hash"}, by);
  const auto grace = add_reviewer(*c, {"grace", "grace@example.org", person_role::admin, "$hash"}, by);
  const auto first = begin_session(*c, session_of(ada.id, token(1)));
  const auto second = begin_session(*c, session_of(ada.id, token(2)));
  const auto of_token = begin_session(*c, session_of(std::nullopt, token(3)));
  CHECK(refusal_of([&] { end_session(*c, first, grace.id, "session revoked", by); }) == fault::not_found);
  CHECK(refusal_of([&] { end_session(*c, of_token, ada.id, "session revoked", by); }) == fault::not_found);
  end_session(*c, first, ada.id, "session revoked", by);
  CHECK_FALSE(found(*c, token(1)));
  CHECK(found(*c, token(2)));
  CHECK(list_sessions(*c, std::nullopt, noon, 1'000, 10).size() == 2);
  CHECK(list_sessions(*c, ada.id, noon, 1'000, 10).size() == 1);
  end_session(*c, second, std::nullopt, "session revoked", by);
  end_session(*c, of_token, std::nullopt, "session revoked", by);
  CHECK(list_sessions(*c, std::nullopt, noon, 1'000, 10).empty());
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE action = 'session revoked'") == "3");
}

TEST_CASE("another password and a removal end all sessions of an account and no others") {
  testing::database db;
  auto c = db.connect();
  const auto ada = add_reviewer(*c, {"ada", "ada@example.org", person_role::reviewer, "$hash"}, by);
  const auto grace = add_reviewer(*c, {"grace", "grace@example.org", person_role::admin, "$hash"}, by);
  begin_session(*c, session_of(ada.id, token(1)));
  begin_session(*c, session_of(grace.id, token(2)));
  change_password(*c, "ada", "$other", by);
  CHECK_FALSE(found(*c, token(1)));
  CHECK(found(*c, token(2)));
  CHECK(find_reviewer(*c, "ada")->password_hash == "$other");
  begin_session(*c, session_of(ada.id, token(3), noon, "$other"));
  remove_reviewer(*c, "ada", by);
  CHECK_FALSE(found(*c, token(3)));
  CHECK_FALSE(find_reviewer(*c, "ada"));
  CHECK(refusal_of([&] { begin_session(*c, session_of(ada.id, token(4))); }) == fault::conflict);
  CHECK(refusal_of([&] { remove_reviewer(*c, "ada", by); }) == fault::not_found);
}

TEST_CASE("law 9: a sign-in that was verified with the password of before begins no session") {
  testing::database db;
  auto c = db.connect();
  const auto ada = add_reviewer(*c, {"ada", "ada@example.org", person_role::reviewer, "$hash"}, by);
  change_password(*c, "ada", "$other", by);
  CHECK(refusal_of([&] { begin_session(*c, session_of(ada.id, token(1), noon, "$hash")); }) == fault::conflict);
  CHECK(db.sql("SELECT count(*) FROM console_sessions") == "0");
  begin_session(*c, session_of(ada.id, token(1), noon, "$other"));
  CHECK(found(*c, token(1)));
}

TEST_CASE("a reviewer's name is one person's, and a removed one may come back") {
  testing::database db;
  auto c = db.connect();
  const auto ada = add_reviewer(*c, {"ada", "ada@example.org", person_role::reviewer, "$hash"}, by);
  const auto again = [&] { add_reviewer(*c, {"ada", "other@example.org", person_role::admin, "$hash"}, by); };
  CHECK(refusal_of(again) == fault::conflict);
  CHECK(refusal_of([&] { add_reviewer(*c, {"Ada", "none", person_role::admin, "$hash"}, by); }) == fault::invalid_fields);
  remove_reviewer(*c, "ada", by);
  again();
  CHECK(find_reviewer(*c, "ada")->row.id == ada.id);
  CHECK(find_reviewer(*c, "ada")->row.role == person_role::admin);
  CHECK(list_reviewers(*c, 0, 10).size() == 1);
}

TEST_CASE("law 5: one person's sessions are bounded, and the longest unseen go first") {
  testing::database db;
  auto c = db.connect();
  const auto ada = add_reviewer(*c, {"ada", "ada@example.org", person_role::reviewer, "$hash"}, by);
  for (auto i = 0u; i <= sessions_per_person_max; ++i)
    begin_session(*c, session_of(ada.id, token(static_cast<unsigned char>(i)), noon + std::chrono::seconds{i}));
  CHECK(list_sessions(*c, ada.id, noon, 1'000, 100).size() == sessions_per_person_max);
  CHECK_FALSE(found(*c, token(0)));
  CHECK(found(*c, token(1)));
}

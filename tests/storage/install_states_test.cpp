#include "storage/install_states.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:00:00Z");

} // namespace

TEST_CASE("law 2: a state of an installation counts once, for its purpose, until it ends") {
  testing::database db;
  auto c = db.connect();
  keep_install_token(*c, "one", install_purpose::state, "ada", noon + hours{1}, noon);
  CHECK_FALSE(use_install_token(*c, "one", install_purpose::link, noon));
  CHECK_FALSE(use_install_token(*c, "two", install_purpose::state, noon));
  CHECK(use_install_token(*c, "one", install_purpose::state, noon + minutes{59}) == "ada");
  CHECK_FALSE(use_install_token(*c, "one", install_purpose::state, noon + minutes{59}));
  keep_install_token(*c, "late", install_purpose::state, "ada", noon + hours{1}, noon);
  CHECK_FALSE(use_install_token(*c, "late", install_purpose::state, noon + hours{1}));
  CHECK(db.sql("SELECT count(*) FROM install_states WHERE encode(token_hash, 'escape') LIKE '%one%'") == "0");
}

TEST_CASE("law 5: a user has a bounded number of links, and those that are over are forgotten") {
  testing::database db;
  auto c = db.connect();
  for (auto i = 0u; i < install_states_max + 5; ++i)
    keep_install_token(*c, std::to_string(i), install_purpose::link, "ada", noon + hours{1}, noon + minutes{i});
  CHECK(db.sql("SELECT count(*) FROM install_states") == std::to_string(install_states_max));
  CHECK_FALSE(use_install_token(*c, "0", install_purpose::link, noon));
  CHECK(use_install_token(*c, std::to_string(install_states_max + 4), install_purpose::link, noon) == "ada");
  keep_install_token(*c, "new", install_purpose::link, "grace", noon + hours{99}, noon + hours{50});
  CHECK(db.sql("SELECT count(*) FROM install_states") == "1");
}

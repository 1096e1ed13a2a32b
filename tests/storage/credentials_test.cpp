#include "model/base64.hpp"
#include "storage/credentials.hpp"
#include "storage/refused_change.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using github::credential_kind;

namespace {

const auto by = operator_action{"command line", *parse_rfc3339("2024-05-01T12:00:00Z")};

settings with_key(char fill, char previous = 0) {
  auto out = settings{};
  out.master_key = to_base64(std::string(32, fill));
  if (previous != 0)
    out.master_key_previous = to_base64(std::string(32, previous));
  return out;
}

struct fixture {
  testing::database db;
  std::unique_ptr<connection> link = db.connect();
  master_keys keys{with_key('k')};

  new_credential user(const std::string& name = "ada") {
    auto x = new_credential{};
    x.user_id = name;
    x.kind = credential_kind::user;
    x.account = "ada-l";
    x.access_token = "ghu_hush";
    x.refresh_token = "ghr_hush";
    x.expires_at = *parse_rfc3339("2024-05-01T20:00:00Z");
    return x;
  }

  seal_trouble trouble_of(const sealed_credential& x, const master_keys& with) {
    try {
      open_credential(x, with);
    } catch (const unsealable& e) {
      return e.why();
    }
    FAIL("it opened");
    return {};
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "law 9: a credential is kept sealed, opens again and is in no audit line") {
  const auto kept = put_credential(*link, keys, user(), by);
  CHECK(kept.added);
  const auto opened = open_credential(*load_credential(*link, kept.id), keys);
  CHECK(opened.access_token == "ghu_hush");
  CHECK(opened.refresh_token == "ghr_hush");
  CHECK(opened.kind == credential_kind::user);
  CHECK(opened.expires_at == user().expires_at);
  CHECK_FALSE(opened.refresh_expires_at);
  CHECK(db.sql("SELECT count(*) FROM provider_credentials WHERE provider_credentials::text LIKE '%hush%' "
               "OR position('hush'::bytea IN secret) > 0") == "0");
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%hush%'") == "0");
  CHECK(db.sql("SELECT key_id FROM provider_credentials") == keys.current_id());
  const auto listed = list_credentials(*link, "ada", 0, 10);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].account == "ada-l");
  CHECK(listed[0].key_id == keys.current_id());
  CHECK(list_credentials(*link, "bob", 0, 10).empty());
  CHECK(list_credentials(*link, std::nullopt, kept.id, 10).empty());
}

TEST_CASE_METHOD(fixture, "law 9: tampering, another key and absence of a credential are told apart, bit by bit") {
  const auto id = put_credential(*link, keys, user(), by).id;
  const auto sealed = *load_credential(*link, id);
  const auto flip = [](std::string x, std::size_t bit) {
    x[bit / 8] = static_cast<char>(x[bit / 8] ^ (1 << bit % 8));
    return x;
  };
  for (std::size_t bit = 0; bit < sealed.data_key->size() * 8; ++bit) {
    auto x = sealed;
    x.data_key = flip(*sealed.data_key, bit);
    const auto expected = bit < 8 ? seal_trouble::damaged : bit < 9 * 8 ? seal_trouble::other_key : seal_trouble::changed;
    CHECK(trouble_of(x, keys) == expected);
  }
  for (std::size_t bit = 0; bit < sealed.secret->size() * 8; ++bit) {
    auto x = sealed;
    x.secret = flip(*sealed.secret, bit);
    const auto expected = bit < 8 ? seal_trouble::damaged : bit < 9 * 8 ? seal_trouble::other_key : seal_trouble::changed;
    CHECK(trouble_of(x, keys) == expected);
  }
  CHECK(trouble_of(sealed, master_keys{with_key('x')}) == seal_trouble::other_key);

  // Another row's columns are of no use, nor is one of them.
  auto other = user("bob");
  const auto of_bob = *load_credential(*link, put_credential(*link, keys, other, by).id);
  auto moved = sealed;
  moved.data_key = of_bob.data_key;
  CHECK(trouble_of(moved, keys) == seal_trouble::changed);
  moved.secret = of_bob.secret;
  CHECK(trouble_of(moved, keys) == seal_trouble::changed);

  CHECK_FALSE(load_credential(*link, 999));
  auto node = new_credential{};
  node.kind = credential_kind::installation;
  node.installation_id = 7;
  const auto none = *load_credential(*link, put_credential(*link, keys, node, by).id);
  CHECK_FALSE(none.secret);
  CHECK(open_credential(none, keys).access_token.empty());
  CHECK(open_credential(none, keys).installation_id == 7);
}

TEST_CASE_METHOD(fixture, "of two refreshes at once one is kept") {
  const auto id = put_credential(*link, keys, user(), by).id;
  auto mine = open_credential(*load_credential(*link, id), keys);
  auto theirs = mine;
  mine.access_token = "ghu_mine";
  mine.refresh_token = "ghr_mine";
  mine.expires_at = *parse_rfc3339("2024-05-02T04:00:00Z");
  mine.refresh_expires_at = *parse_rfc3339("2024-11-02T04:00:00Z");
  theirs.access_token = "ghu_theirs";
  const auto data_key = db.sql("SELECT data_key FROM provider_credentials");
  CHECK(save_credential(*link, keys, mine));
  CHECK_FALSE(save_credential(*link, keys, theirs));
  const auto now = open_credential(*load_credential(*link, id), keys);
  CHECK(now.access_token == "ghu_mine");
  CHECK(now.refresh_token == "ghr_mine");
  CHECK(now.version == mine.version + 1);
  CHECK(now.refresh_expires_at == mine.refresh_expires_at);
  CHECK(db.sql("SELECT data_key FROM provider_credentials") == data_key); // a node with an older master key seals nothing with it
  CHECK_FALSE(save_credential(*link, keys, github::credential{}));
}

TEST_CASE_METHOD(fixture, "a credential is replaced, refused, suspended and deleted") {
  const auto id = put_credential(*link, keys, user(), by).id;
  refuse_credential(*link, id, "bad_refresh_token");
  CHECK(load_credential(*link, id)->state == credential_state::refused);
  CHECK(find_credential(*link, id)->state_reason == "bad_refresh_token");
  auto anew = user();
  anew.access_token = "ghu_anew";
  const auto again = put_credential(*link, keys, anew, by);
  CHECK(again.id == id);
  CHECK_FALSE(again.added);
  CHECK(load_credential(*link, id)->state == credential_state::live);
  CHECK(open_credential(*load_credential(*link, id), keys).access_token == "ghu_anew");
  delete_credential(*link, id, by);
  CHECK_FALSE(find_credential(*link, id));
  CHECK_FALSE(load_credential(*link, id));
  CHECK(db.sql("SELECT secret IS NULL AND data_key IS NULL FROM provider_credentials") == "t");
  CHECK_THROWS_AS(delete_credential(*link, id, by), refused_change);
  CHECK(put_credential(*link, keys, user(), by).added);

  auto node = new_credential{};
  node.kind = credential_kind::installation;
  node.installation_id = 7;
  const auto installed = put_credential(*link, keys, node, by).id;
  CHECK(load_credential(*link, installed)->known.installation_id == 7);
}

TEST_CASE_METHOD(fixture, "a credential that could be no header is refused") {
  auto x = user();
  for (const auto& token : {std::string{}, std::string{"a\r\nb"}, std::string{"a b"}, std::string(9000, 'a')}) {
    x.access_token = token;
    CHECK_THROWS_AS(put_credential(*link, keys, x, by), refused_change);
  }
  x.kind = credential_kind::installation;
  CHECK_THROWS_AS(put_credential(*link, keys, x, by), refused_change);
  CHECK(db.sql("SELECT count(*) FROM provider_credentials") == "0");
}

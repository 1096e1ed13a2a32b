#include "model/reviewer.hpp"

#include "model/console_session.hpp"
#include "model/password.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;

namespace {

std::array<unsigned char, 32> filled(unsigned char with) {
  auto out = std::array<unsigned char, 32>{};
  out.fill(with);
  return out;
}

const auto cheap = password_cost{64, 1};

} // namespace

TEST_CASE("a password is verified by its Argon2id hash, which holds its salt and its cost") {
  const auto hash = hash_password("correct horse battery", filled(7), cheap);
  CHECK(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  CHECK(is_password("correct horse battery", hash));
  CHECK_FALSE(is_password("correct horse batterz", hash));
  CHECK_FALSE(is_password("", hash));
  CHECK(hash_password("correct horse battery", filled(8), cheap) != hash);
  // What another cost made is verified as well.
  CHECK(is_password("correct horse battery", hash_password("correct horse battery", filled(7), {128, 2})));
  for (const auto* none : {"", "$argon2id$", "x", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAA"})
    CHECK_FALSE(is_password("correct horse battery", none));
}

TEST_CASE("law 9: what is wrong with a password does not quote it") {
  CHECK_FALSE(judge_password("123456789012"));
  CHECK_FALSE(judge_password(std::string(1'024, 'x')));
  CHECK(judge_password(std::string(1'025, 'x')));
  const auto wrong = judge_password("hunter2");
  REQUIRE(wrong);
  CHECK(wrong->find("hunter2") == std::string::npos);
}

TEST_CASE("a session's CSRF token tells neither the session nor what is kept of it") {
  const auto token = make_session_token("key", filled(9));
  CHECK(token.size() == 43 + 1 + 64);
  const auto csrf = csrf_token_of(token);
  CHECK(csrf.size() == 64);
  CHECK(csrf != csrf_token_of(make_session_token("key", filled(10))));
  CHECK(csrf.find(token) == std::string::npos);
  CHECK(session_token_hash(token).size() == 32);
  CHECK(admin_proof(token, "a") != admin_proof(token, "b"));
}

TEST_CASE("law 9: a session's token is known by its signature, whole and by the same key") {
  const auto token = make_session_token("key", filled(9));
  CHECK(is_session_token(token, "key"));
  CHECK_FALSE(is_session_token(token, "other key"));
  CHECK_FALSE(is_session_token(make_session_token("", filled(9)), ""));
  for (auto i = std::size_t{0}; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    CHECK_FALSE(is_session_token(changed, "key"));
    CHECK_FALSE(is_session_token(token.substr(0, i), "key"));
  }
  CHECK_FALSE(is_session_token(token + "0", "key"));
}

TEST_CASE("of two sessions the one that came over TLS counts") {
  CHECK(session_token_in("ingot_session=a") == "a");
  CHECK(session_token_in("ingot_session=a; __Host-ingot_session=b") == "b");
  CHECK(session_token_in("__Host-ingot_session=; ingot_session=a") == "a");
  CHECK(session_token_in("other=a").empty());
}

TEST_CASE("a cookie is found among others, and no other is taken for it") {
  CHECK(cookie_in("ingot_session=abc", session_cookie) == "abc");
  CHECK(cookie_in("a=b; ingot_session=abc; c=d", session_cookie) == "abc");
  CHECK(cookie_in("a=b;ingot_session=abc", session_cookie) == "abc");
  CHECK(cookie_in("ingot_session=a=b", session_cookie) == "a=b");
  for (const auto* header : {"", ";", ";;", "=", "ingot_session", "ingot_session=", "xingot_session=abc", "ingot_sessionx=abc",
                             "a=ingot_session=abc", "INGOT_SESSION=abc"}) {
    INFO(header);
    CHECK(cookie_in(header, session_cookie).empty());
  }
}

TEST_CASE("a sign-in is a token, or a name and a password, and nothing else") {
  const auto token = parse_sign_in(R"({"token":"t"})");
  CHECK(std::get<sign_in>(token).token == "t");
  const auto named = parse_sign_in(R"({"name":"ada","password":"p"})");
  CHECK(std::get<sign_in>(named).password == "p");
  for (const auto* body : {"", "[]", "{}", R"({"token":""})", R"({"token":7})", R"({"name":"ada"})", R"({"password":"p"})",
                           R"({"token":"t","name":"ada","password":"p"})", R"({"token":"t","password":"p"})",
                           R"({"token":"t","x":"y"})", R"({"name":"ada","password":null})"}) {
    INFO(body);
    CHECK(std::holds_alternative<failure>(parse_sign_in(body)));
  }
}

TEST_CASE("names of reviewers and e-mail addresses are judged") {
  for (const auto* good : {"ada", "a.b-c_9"})
    CHECK_FALSE(judge_reviewer_name(good));
  for (const auto* bad : {"", "Ada", "a b", "a/b", "\xC3\xA4"})
    CHECK(judge_reviewer_name(bad));
  CHECK(judge_reviewer_name(std::string(65, 'a')));
  for (const auto* good : {"a@b", "ada+x@example.org"})
    CHECK_FALSE(judge_email(good));
  for (const auto* bad : {"", "ada", "@b", "a@", "a b@c", "a@b\r\nBcc: c@d", "a@b,c@d", "<a@b>"})
    CHECK(judge_email(bad));
}

#include "net/github/tokens.hpp"
#include "tests/net/github/app_key.hpp"
#include "tests/net/github/permits_at_hand.hpp"
#include "tests/net/github/scripted_server.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace ingot;
using namespace ingot::github;
using ingot::contents::provider_error;
using ingot::contents::trouble;
using ingot::contents::urgency;
using ingot::testing::app_key;
using ingot::testing::permits_at_hand;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const auto start = parse_rfc3339("2026-01-02T03:00:00Z").value();
/// Made once: it takes its time.
const app_key& key() {
  static const auto one = app_key{};
  return one;
}

/// Credentials in memory, as the database keeps them.
struct book_in_memory {
  std::mutex mutex;
  std::map<std::int64_t, credential> rows;
  std::map<std::int64_t, std::string> refused;
  bool is_away = false;

  credential_book of() {
    return {[this](std::int64_t id) -> std::optional<credential> {
              const auto lock = std::lock_guard{mutex};
              if (is_away)
                throw std::runtime_error{"the database is away"};
              const auto found = rows.find(id);
              return found == rows.end() || refused.contains(id) ? std::nullopt : std::optional{found->second};
            },
            [this](const credential& x) {
              const auto lock = std::lock_guard{mutex};
              if (is_away)
                throw std::runtime_error{"the database is away"};
              auto& row = rows.at(x.id);
              if (row.version != x.version)
                return false;
              row = x;
              ++row.version;
              return true;
            },
            [this](std::int64_t id, const std::string& reason) {
              const auto lock = std::lock_guard{mutex};
              refused[id] = reason;
            }};
  }
};

/// Everything that tokens need, with GitHub as a script.
struct at_github {
  explicit at_github(scripted_server::script script)
      : server{[this, script](const scripted_request& x) {
          without_permit += limiter.open() == 0 ? 1 : 0; // law 8
          return script(x);
        }} {}
  ~at_github() { CHECK(without_permit == 0); }

  github_api_settings settings() const {
    auto out = github_api_settings{};
    out.url = out.web_url = server.url();
    out.app_id = "77";
    out.app_private_key = key().pem();
    out.client_id = "Iv1.client";
    out.client_secret = "client_secret_that_nobody_may_see";
    out.timeout = std::chrono::milliseconds{20'000};
    return out;
  }
  tokens& of() {
    if (!made) {
      transport.emplace(settings());
      made.emplace(settings(), *transport, limiter, book.of(), [this] { return now.load(); });
    }
    return *made;
  }
  /// What asking for a token ends with; its text names no secret (law 9).
  std::optional<trouble> trouble_of(std::int64_t id) {
    try {
      of().of(id, urgency::webhook);
      return std::nullopt;
    } catch (const provider_error& e) {
      UNSCOPED_INFO(e.what());
      for (const auto* secret : {"client_secret_that", "ghr_", "ghu_", "ghs_", "PRIVATE"})
        CHECK(std::string{e.what()}.find(secret) == std::string::npos);
      return e.kind();
    }
  }

  std::atomic<timestamp> now = start;
  permits_at_hand limiter;
  std::atomic<unsigned> without_permit = 0;
  book_in_memory book;
  scripted_server server;
  std::optional<client> transport;
  std::optional<tokens> made;
};

credential installation(std::int64_t id) {
  auto out = credential{};
  out.id = id;
  out.kind = credential_kind::installation;
  out.installation_id = 1000 + id;
  return out;
}

credential user(std::int64_t id, timestamp expires_at) {
  auto out = credential{};
  out.id = id;
  out.kind = credential_kind::user;
  out.access_token = "ghu_old";
  out.refresh_token = "ghr_old";
  out.expires_at = expires_at;
  out.version = 5;
  return out;
}

credential personal(std::int64_t id) {
  auto out = credential{};
  out.id = id;
  out.access_token = "ghp_own";
  return out;
}

scripted_answer token_answer(const std::string& token, timestamp expires_at) {
  return plain_answer(201, R"({"token":")" + token + R"(","expires_at":")" + to_rfc3339(expires_at) + R"("})");
}

scripted_answer refreshed_answer(const std::string& n) {
  return plain_answer(200, R"({"access_token":"ghu_)" + n + R"(","expires_in":28800,"refresh_token":"ghr_)" + n +
                               R"(","refresh_token_expires_in":15897600,"scope":"","token_type":"bearer"})");
}

} // namespace

TEST_CASE("an installation's token is fetched by the App's JWT, kept, and fetched anew five minutes before its end") {
  auto count = std::atomic<int>{0};
  auto x = at_github{[&](const auto&) {
    const auto n = ++count;
    return token_answer("ghs_" + std::to_string(n), start + n * hours{1});
  }};
  x.book.rows[3] = installation(3);
  const auto first = x.of().of(3, urgency::nightly);
  CHECK(first.token == "ghs_1");
  CHECK(first.budget == "installation/1003");
  x.now = start + minutes{54};
  CHECK(x.of().of(3, urgency::webhook).token == "ghs_1");
  x.now = start + minutes{55};
  CHECK(x.of().of(3, urgency::webhook).token == "ghs_2");
  REQUIRE(x.server.requests().size() == 2);
  const auto sent = x.server.requests().at(0);
  CHECK(sent.line() == "POST /app/installations/1003/access_tokens HTTP/1.1");
  CHECK(sent.has("authorization: Bearer eyJ"));
  CHECK(sent.has("user-agent: ingot/"));
  const auto orders = x.limiter.orders();
  REQUIRE(orders.size() == 2);
  CHECK(orders[0].budget == "app");
  CHECK(orders[0].how == urgency::nightly);
  CHECK(orders[0].points == 5);
}

TEST_CASE("however many ask at once, a token is fetched once") {
  auto asked = std::atomic<unsigned>{0};
  constexpr auto threads_count = 16u;
  auto x = at_github{[&](const auto&) {
    while (asked < threads_count) // until all have come
      std::this_thread::yield();
    return token_answer("ghs_one", start + hours{1});
  }};
  x.book.rows[3] = installation(3);
  x.of();
  auto good = std::atomic<unsigned>{0};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0u; i < threads_count; ++i)
    threads.emplace_back([&] {
      ++asked;
      try {
        good += x.of().of(3, urgency::webhook).token == "ghs_one" ? 1 : 0;
      } catch (const std::exception&) {
      }
    });
  for (auto& each : threads)
    each.join();
  CHECK(good == threads_count);
  CHECK(x.server.requests().size() == 1);
}

TEST_CASE("a failure wakes all who wait, and the next one asks again") {
  auto asked = std::atomic<unsigned>{0};
  constexpr auto threads_count = 8u;
  auto broken = std::atomic<bool>{true};
  auto x = at_github{[&](const auto&) {
    while (asked < threads_count)
      std::this_thread::yield();
    return broken ? plain_answer(500, "{}") : token_answer("ghs_now", start + hours{1});
  }};
  x.book.rows[3] = installation(3);
  x.of();
  auto failed = std::atomic<unsigned>{0};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0u; i < threads_count; ++i)
    threads.emplace_back([&] {
      ++asked;
      try {
        x.of().of(3, urgency::webhook);
      } catch (const provider_error& e) {
        failed += e.kind() == trouble::transient ? 1 : 0;
      }
    });
  for (auto& each : threads)
    each.join();
  CHECK(failed == threads_count);
  broken = false;
  CHECK(x.of().of(3, urgency::webhook).token == "ghs_now");
}

TEST_CASE("an installation that is gone is refused in the book, one that is suspended is forbidden for now") {
  auto x = at_github{[&](const scripted_request& r) {
    return r.has("/1003/") ? plain_answer(404, R"({"message":"Not Found"})")
                           : plain_answer(403, R"({"message":"This installation has been suspended"})");
  }};
  x.book.rows[3] = installation(3);
  x.book.rows[4] = installation(4);
  CHECK(x.trouble_of(3) == trouble::forbidden);
  CHECK(x.book.refused.contains(3));
  CHECK(x.trouble_of(4) == trouble::forbidden);
  CHECK_FALSE(x.book.refused.contains(4));
}

TEST_CASE("a limit that a token's request meets says when it ends") {
  auto x = at_github{[&](const auto&) { return plain_answer(429, "{}", "Retry-After: 60\r\n"); }};
  x.book.rows[3] = installation(3);
  try {
    x.of().of(3, urgency::webhook);
    FAIL("there was a token");
  } catch (const provider_error& e) {
    CHECK(e.kind() == trouble::rate_limited);
    CHECK(e.retry_at() == start + minutes{1});
  }
  REQUIRE(x.limiter.news().size() == 1);
  CHECK(x.limiter.news()[0].limited);
}

TEST_CASE("a user's token is refreshed before it expires, and the new pair is kept") {
  auto count = std::atomic<int>{0};
  auto x = at_github{[&](const auto&) { return refreshed_answer(std::to_string(++count)); }};
  x.book.rows[9] = user(9, start + hours{1});
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_old");
  CHECK(x.of().of(9, urgency::webhook).budget == "user/9");
  CHECK(x.server.requests().empty());
  x.now = start + minutes{56};
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_1");
  const auto sent = x.server.requests().at(0);
  CHECK(sent.line() == "POST /login/oauth/access_token HTTP/1.1");
  CHECK_FALSE(sent.has("uthorization"));
  CHECK(sent.body ==
        "grant_type=refresh_token&refresh_token=ghr_old&client_id=Iv1.client&client_secret=client_secret_that_nobody_may_see");
  const auto& row = x.book.rows.at(9);
  CHECK(row.access_token == "ghu_1");
  CHECK(row.refresh_token == "ghr_1");
  CHECK(row.expires_at == x.now.load() + hours{8});
  CHECK(row.version == 6);
  CHECK(x.limiter.orders().at(0).budget == "app");
}

TEST_CASE("of two nodes that refresh at once the slower one takes the other's tokens") {
  auto x = at_github{[&](const auto&) {
    return plain_answer(200, R"({"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect"})");
  }};
  x.book.rows[9] = user(9, start);
  x.book.rows[9].version = 5;
  // The other node is done between our look and GitHub's answer.
  at_github other{[&](const auto&) {
    const auto lock = std::lock_guard{other.book.mutex};
    auto& row = other.book.rows.at(9);
    row.access_token = "ghu_other";
    row.expires_at = start + hours{8};
    ++row.version;
    return plain_answer(200, R"({"error":"bad_refresh_token"})");
  }};
  other.book.rows[9] = user(9, start);
  CHECK(other.of().of(9, urgency::webhook).token == "ghu_other");
  CHECK(other.book.refused.empty());
  // And where there was no other node, the refresh token is used up.
  CHECK(x.trouble_of(9) == trouble::forbidden);
  CHECK(x.book.refused.contains(9));
}

TEST_CASE("refreshed tokens that another node's row forestalls are dropped for that row's") {
  at_github x{[&](const auto&) {
    const auto lock = std::lock_guard{x.book.mutex};
    auto& row = x.book.rows.at(9);
    row.access_token = "ghu_other";
    row.expires_at = start + hours{8};
    ++row.version;
    return refreshed_answer("ours");
  }};
  x.book.rows[9] = user(9, start);
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_other");
}

TEST_CASE("refreshed tokens are not lost when the database is away: they are used, and offered to it again") {
  at_github x{[&](const auto&) {
    const auto lock = std::lock_guard{x.book.mutex};
    x.book.is_away = true;
    return refreshed_answer("new");
  }};
  x.book.rows[9] = user(9, start);
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_new");
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_new");
  x.now = start + minutes{1};
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_new");
  CHECK(x.book.rows.at(9).refresh_token == "ghr_old");
  x.book.is_away = false;
  x.now = start + minutes{2};
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_new");
  CHECK(x.book.rows.at(9).refresh_token == "ghr_new");
  CHECK(x.server.requests().size() == 1);
}

TEST_CASE("a user's token that GitHub refuses is refreshed, and one that cannot be is refused in the book") {
  auto x = at_github{[&](const auto&) { return refreshed_answer("new"); }};
  x.book.rows[9] = user(9, start + hours{4});
  x.book.rows[8] = user(8, start);
  x.book.rows[8].refresh_expires_at = start;
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_old");
  x.of().forget(9, "ghu_old");
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_new");
  x.of().forget(9, "ghu_old"); // somebody who was slow: the new one stays
  CHECK(x.of().of(9, urgency::webhook).token == "ghu_new");
  CHECK(x.server.requests().size() == 1);
  CHECK(x.trouble_of(8) == trouble::forbidden);
  CHECK(x.book.refused.contains(8));
}

TEST_CASE("a personal token comes from the book, and is refused there when GitHub refuses it twice") {
  auto x = at_github{[&](const auto&) { return plain_answer(500, ""); }};
  x.book.rows[2] = personal(2);
  CHECK(x.of().of(2, urgency::webhook).token == "ghp_own");
  CHECK(x.of().of(2, urgency::webhook).budget == "user/2");
  x.of().forget(2, "ghp_own");
  CHECK(x.of().of(2, urgency::webhook).token == "ghp_own");
  CHECK_FALSE(x.book.refused.contains(2));
  x.of().forget(2, "ghp_own");
  CHECK(x.book.refused.contains(2));
  CHECK(x.trouble_of(2) == trouble::forbidden);
}

TEST_CASE("a credential that is not there is forbidden, and a database that is away is transient") {
  auto x = at_github{[&](const auto&) { return plain_answer(500, ""); }};
  CHECK(x.trouble_of(404) == trouble::forbidden);
  x.book.is_away = true;
  CHECK(x.trouble_of(405) == trouble::transient);
}

TEST_CASE("the node's own token has a budget of its own, and without one requests are anonymous") {
  auto x = at_github{[&](const auto&) { return plain_answer(500, ""); }};
  CHECK(x.of().of(0, urgency::webhook).budget == "anonymous");
  CHECK(x.of().of(0, urgency::webhook).token.empty());
  auto settings = x.settings();
  settings.token = "ghp_node";
  auto with = tokens{settings, *x.transport, x.limiter, x.book.of(), [] { return start; }};
  CHECK(with.of(0, urgency::webhook).budget == "token");
  CHECK(with.of(0, urgency::webhook).token == "ghp_node");
}

TEST_CASE("the App's JWT is kept until a minute before its end, and a node without an App has none") {
  auto x = at_github{[&](const auto&) { return plain_answer(500, ""); }};
  const auto first = x.of().of_app().token;
  CHECK(x.of().of_app().budget == "app");
  x.now = start + minutes{7};
  CHECK(x.of().of_app().token == first);
  x.now = start + minutes{8};
  CHECK(x.of().of_app().token != first);
  auto settings = x.settings();
  settings.app_id.clear();
  auto none = tokens{settings, *x.transport, x.limiter, x.book.of(), [] { return start; }};
  CHECK_THROWS_AS(none.of_app(), provider_error);
}

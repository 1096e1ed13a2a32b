#include "actors/delivery_check.hpp"
#include "actors/metrics.hpp"
#include "actors/reader.hpp"
#include "net/github/client.hpp"
#include "net/github/tokens.hpp"
#include "storage/delivery_receipt.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/net/github/permits_at_hand.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>

using namespace ingot;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

constexpr auto hook = "octo/hello/7";
constexpr auto token = "018f3370-0000-7000-8000-000000000001";

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

/// One look at a time, at a GitHub whose log and answers a test says.
struct looks : test::actor_fixture {
  testing::database db;
  std::unique_ptr<storage::connection> c = db.connect();
  const timestamp now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  testing::permits_at_hand limiter;
  claimed_job job{{1, token, "github/deliveries"}, storage::delivery_check_kind, "{}", "", 1};
  std::vector<std::string> pages{"[]"}; ///< of GitHub's log
  int list_status = 200, attempt_status = 202;
  local_http_server github{[this](const std::string& request) { return answer(request); }};

  looks() {
    db.sql("INSERT INTO jobs (id, kind, key, state, lease_token, lease_until) VALUES "
           "(1, 'delivery_check', 'github/deliveries', 'running', '" +
           std::string{token} + "', now() + interval '1 hour')");
    auto& settings = context->config.github_api;
    settings.url = github.url();
    settings.token = "token-of-node";
    settings.hook = hook;
    context->now = [this] { return now; };
    context->open_connection = [this] { return db.connect(); };
    context->github = std::make_shared<github::client>(settings);
    const auto nobody =
        github::credential_book{[](std::int64_t) { return std::nullopt; }, [](const github::credential&) { return false; },
                                [](std::int64_t, const std::string&) {}};
    context->tokens = std::make_shared<github::tokens>(settings, *context->github, limiter, nobody, context->now);
    context->permits = std::shared_ptr<github::permits>{std::shared_ptr<void>{}, &limiter};
  }

  /// An attempt as GitHub lists it.
  std::string attempt(int id, std::chrono::seconds ago, const std::string& status = "failed") const {
    return R"({"id":)" + std::to_string(id) + R"(,"guid":"guid-)" + std::to_string(id) + R"(","delivered_at":")" +
           to_rfc3339(now - ago) + R"(","redelivery":false,"status":")" + status +
           R"(","status_code":0,"event":"push","action":null})";
  }

  void looked_through(std::chrono::seconds ago) const {
    const auto at = "'" + to_rfc3339(now - ago) + "'";
    db.sql("INSERT INTO delivery_receipts (hook, complete_through, listed_through, checked_at) VALUES ('" + std::string{hook} +
           "', " + at + ", " + at + ", " + at + ")");
  }

  bool look() {
    try {
      return std::holds_alternative<job_succeeded>(check_deliveries(job, *context));
    } catch (const contents::provider_error&) {
      return false;
    }
  }

  storage::delivery_receipt receipt() { return storage::load_receipt(*c, hook).value(); }
  bool counts(const std::string& line) { return has_line(counters.serialize(), line); }

private:
  std::string answer(const std::string& request) const {
    if (request.starts_with("POST "))
      return http_answer_text(attempt_status, R"({"message":"Resource not accessible by personal access token"})");
    const auto at = request.find("cursor=");
    const auto page = at == std::string::npos ? 0u : static_cast<unsigned>(request[at + 7] - '0');
    const auto next = "Link: <" + github.url() +
                      "/repos/octo/hello/hooks/7/deliveries?per_page=100&cursor=" + std::to_string(page + 1) +
                      ">; rel=\"next\"\r\n";
    return http_answer_text(list_status, pages.at(page), page + 1 < pages.size() ? next : std::string{});
  }
};

} // namespace

TEST_CASE_METHOD(looks, "law 6: a delivery that is given up counts as lost although the look fails behind it") {
  looked_through(minutes{40});
  const auto old = github::logged_delivery{"guid-1", 1, "push", "", "failed", now - hours{73}, now - hours{73}};
  storage::note_missed(*c, hook, std::vector{old});
  pages = {'[' + attempt(2, minutes{10}) + ']'};
  attempt_status = 403;
  CHECK_FALSE(look());
  CHECK(counts("ingot_deliveries_lost_total 1"));
  CHECK(counts("ingot_deliveries_redelivered_total 0"));
  CHECK(receipt().unrecoverable == 1);
  CHECK(receipt().missing == 1);
  CHECK(receipt().error.find("403") != std::string::npos);
  CHECK(receipt().listed_through > now - minutes{31}); // the log was read
  CHECK(look());                                       // which asks for none again so soon
  CHECK(counts("ingot_deliveries_lost_total 1"));
}

TEST_CASE_METHOD(looks, "law 6: what is so old that GitHub's log lists it no more is lost, and counts once") {
  looked_through(hours{100});
  pages = {'[' + attempt(1, hours{1}) + ']'};
  list_status = 403;
  CHECK_FALSE(look());
  CHECK(counts("ingot_deliveries_lost_total 0"));
  list_status = 200;
  CHECK(look());
  CHECK(counts("ingot_deliveries_lost_total 1"));
  REQUIRE(receipt().unrecoverable == 1);
  const auto all = storage::missed_deliveries(*c, hook, 10);
  const auto lost = std::find_if(all.begin(), all.end(), [](const auto& x) { return !x.unrecoverable.empty(); });
  REQUIRE(lost != all.end());
  CHECK(lost->unrecoverable.find("from " + to_rfc3339(now - hours{100}) + " until " + to_rfc3339(now - hours{72})) !=
        std::string::npos);
  CHECK(receipt().complete_through == now - hours{1}); // what is missing may still come
  CHECK(look());
  // A node whose look ended there counts it as little as one that begins anew.
  db.sql("UPDATE delivery_receipts SET listed_through = '" + to_rfc3339(now - hours{100}) + "'");
  CHECK(look());
  CHECK(counts("ingot_deliveries_lost_total 1"));
  CHECK(receipt().unrecoverable == 1);
}

TEST_CASE_METHOD(looks, "nothing is lost while GitHub's log goes back to the last look, nor before the first one that succeeds") {
  SECTION("a log of more than three days") {
    looked_through(hours{100});
    pages = {'[' + attempt(2, hours{80}, "OK") + ',' + attempt(1, hours{101}, "OK") + ']'};
    db.sql("INSERT INTO delivery_ids (source, delivery_id, received_at) VALUES ('github', 'guid-1', now()), "
           "('github', 'guid-2', now())");
  }
  SECTION("a last look inside three days") {
    looked_through(hours{71});
  }
  SECTION("no look yet") {}
  SECTION("a first look that failed") {
    list_status = 403;
    CHECK_FALSE(look());
    CHECK_FALSE(receipt().has_succeeded());
    db.sql("UPDATE delivery_receipts SET listed_through = listed_through - interval '1 hour'"); // it was an hour ago
    list_status = 200;
  }
  CHECK(look());
  CHECK(counts("ingot_deliveries_lost_total 0"));
  CHECK(receipt().has_succeeded());
  CHECK(receipt().unrecoverable == 0);
}

TEST_CASE_METHOD(looks, "a receipt that is in the future counts for nothing: the whole window is read") {
  looked_through(hours{-1});
  pages = {'[' + attempt(2, minutes{10}, "OK") + ']', '[' + attempt(1, hours{2}) + ']'};
  CHECK(look());
  CHECK(db.sql("SELECT guid || ' ' || asked FROM missed_deliveries") == "guid-1 1");
  CHECK(counts("ingot_deliveries_redelivered_total 1"));
}

TEST_CASE_METHOD(looks, "every node tells what the receipt says, whoever looked last") {
  looked_through(hours{2});
  storage::note_missed(*c, hook, std::vector{github::logged_delivery{"a", 1, "push", "", "failed", now, now}});
  const auto handles = std::make_shared<actor_handles>();
  handles->readers = {sys.spawn(reader, context, false)};
  context->handles = handles;
  const auto metrics = sys.spawn(metrics_collector, context);
  settle();
  advance(std::chrono::seconds{1});
  CHECK(counts("ingot_deliveries_missing 1"));
  const auto text = counters.serialize();
  for (const auto* name : {"ingot_deliveries_listed_through_seconds ", "ingot_deliveries_complete_through_seconds "}) {
    const auto at = text.find('\n' + std::string{name});
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(text.substr(at + 1 + std::string{name}.size())) ==
          Approx(std::chrono::duration<double>((now - hours{2}).time_since_epoch()).count()).epsilon(0).margin(1));
  }
  db.sql("DELETE FROM missed_deliveries");
  advance(std::chrono::seconds{15});
  CHECK(counts("ingot_deliveries_missing 0"));
  context->handles.store(nullptr);
  end(metrics);
  end(handles->readers[0]);
}

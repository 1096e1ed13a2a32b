#include "actors/stripe_check.hpp"
#include "tests/model/stripe_events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::testing;

namespace {

struct checking {
  testing::database db;
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;
  claimed_job job{{41, "token", storage::stripe_check_kind}, storage::stripe_check_kind, "{}", "", 1};

  checking() {
    context.config.stripe.secret_key = "rk_test";
    context.now = [] { return *parse_rfc3339("2024-07-26T12:00:00Z"); };
    context.open_stripe_store = [this] { return storage::open_stripe_store(db.url(), db.settings(), false); };
  }

  job_outcome check(local_http_server& api) {
    context.config.stripe.api_url = api.url();
    return check_stripe(job, context);
  }

  std::string label_of(int status, const std::string& body = "{}") {
    local_http_server api{status, body};
    return std::string{result_label(check(api))};
  }
};

const auto paid = intent("evt_3", "payment_intent.succeeded", 9);
const auto half_back = charge_refunded("evt_4", 100, 2000);

std::string page(const std::string& events, bool more = false) {
  return R"({"object":"list","has_more":)" + std::string{more ? "true" : "false"} + R"(,"data":[)" + events + "]}";
}

} // namespace

TEST_CASE_METHOD(checking, "the missed-event check asks for undelivered events, page by page, with the key as bearer") {
  local_http_server api{[](const std::string& request) {
    const auto older = request.find("starting_after=evt_4") != std::string::npos;
    return http_answer_text(200, older ? page(paid) : page(half_back, true));
  }};
  const auto end = check(api);
  REQUIRE(std::holds_alternative<job_succeeded>(end));
  CHECK(std::get<job_succeeded>(end).result == R"({"listed":2,"applied":2,"unreadable":0,"more":false})");
  const auto requests = api.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].starts_with("GET /v1/events?delivery_success=false&limit=100&types%5B%5D="));
  CHECK(requests[0].find("&types%5B%5D=payment_intent.succeeded") != std::string::npos);
  CHECK(requests[0].find("starting_after") == std::string::npos);
  CHECK(requests[1].find("&starting_after=evt_4 HTTP/1.1\r\n") != std::string::npos);
  CHECK(requests[0].find("\r\nAuthorization: Bearer rk_test\r\n") != std::string::npos);
  CHECK(db.sql("SELECT status FROM donations") == "partially_refunded");
}

TEST_CASE_METHOD(checking, "law 2: what the missed-event check finds again, or the webhook brought, is not applied again") {
  local_http_server api{200, page(paid + "," + half_back)};
  CHECK(std::get<job_succeeded>(check(api)).result.find(R"("applied":2)") != std::string::npos);
  CHECK(std::get<job_succeeded>(check(api)).result.find(R"("applied":0)") != std::string::npos);
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "2");
}

TEST_CASE_METHOD(checking, "law 6: one event that the database refuses, or that is none, keeps no other from being applied") {
  db.sql("ALTER TABLE donations ADD CONSTRAINT no_refund CHECK (amount_refunded = 0)");
  local_http_server api{200, page(half_back + R"(,{"id":"evt_z"},5,)" + paid)};
  const auto end = check(api);
  REQUIRE(std::holds_alternative<job_succeeded>(end));
  CHECK(std::get<job_succeeded>(end).result == R"({"listed":2,"applied":2,"unreadable":2,"more":false})");
  CHECK(db.sql("SELECT status FROM donations") == "succeeded");
  CHECK(db.sql("SELECT delivery_id FROM deliveries WHERE outcome = 'failed'") == "evt_4");
}

TEST_CASE_METHOD(checking, "a refused key is a failure for good, other troubles are worth another attempt") {
  CHECK(label_of(200, page("")) == "succeeded");
  CHECK(label_of(401) == "permanent");
  CHECK(label_of(403) == "permanent");
  CHECK(label_of(429) == "transient");
  CHECK(label_of(500) == "transient");
  CHECK(label_of(200, "<html>") == "transient");
  CHECK(label_of(200, R"({"data":{}})") == "transient");
  context.config.stripe.api_url = "ftp://example.org";
  CHECK(result_label(check_stripe(job, context)) == "permanent");
  context.config.stripe.secret_key.clear();
  CHECK(std::get<job_succeeded>(check_stripe(job, context)).result.find("skipped") != std::string::npos);
}

TEST_CASE_METHOD(checking, "law 5: pages without end are read so far and no further") {
  local_http_server api{[](const std::string&) { return http_answer_text(200, page(paid, true)); }};
  CHECK(std::get<job_succeeded>(check(api)).result == R"({"listed":100,"applied":1,"unreadable":0,"more":true})");
  CHECK(api.requests().size() == 100);
}

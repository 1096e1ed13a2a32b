#include "tests/model/stripe_events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <atomic>
#include <chrono>
#include <thread>

using namespace ingot::testing;

namespace {

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Signed by OpenSSL itself, `age_s` seconds ago.
std::string signed_header(const std::string& body, std::string_view secret = stripe_secret, std::int64_t age_s = 0) {
  const auto at = std::to_string(now_s() - age_s);
  return "t=" + at + ",v1=" + signature_of(secret, at + '.' + body).substr(std::string_view{"sha256="}.size());
}

http_answer send_event(http_client& to, const std::string& body, const std::string& header) {
  return to.request("POST", "/ingest/stripe/webhook",
                    {{"content-type", "application/json; charset=utf-8"}, {"stripe-signature", header}}, body);
}

http_answer send_event(http_client& to, const std::string& body) {
  return send_event(to, body, signed_header(body));
}

/// The answer's `status`, or the HTTP status.
std::string status_of(const http_answer& x) {
  if (x.status != 200)
    return std::to_string(x.status);
  const auto body = json::parse(x.body);
  CHECK(body.at("received").as_bool());
  return std::string{body.at("status").as_string()};
}

const auto completed = session("evt_1", "checkout.session.completed", 10, "paid");
const auto declined = intent("evt_2", "payment_intent.payment_failed", 3);
const auto paid = intent("evt_3", "payment_intent.succeeded", 9);
const auto half_back = charge_refunded("evt_4", 100, 2000);
const auto disputed = dispute("evt_6", "charge.dispute.created", 300, "needs_response");

/// One payment of many.
std::string paid_of(int number) {
  const auto n = std::to_string(number);
  return stripe_event("evt_n" + n, "payment_intent.succeeded", payment_begins,
                      R"("id":"pi_n)" + n + R"(","amount":100,"amount_received":100,"currency":"usd","latest_charge":"ch_n)" + n +
                          '"');
}

} // namespace

TEST_CASE("Stripe's events make a donation, and each is answered by what became of it") {
  node running;
  auto client = running.client();
  CHECK(status_of(send_event(client, disputed)) == "stored");
  CHECK(status_of(send_event(client, half_back)) == "stored");
  CHECK(status_of(send_event(client, paid)) == "stored");
  CHECK(status_of(send_event(client, paid)) == "duplicate");
  CHECK(status_of(send_event(client, completed)) == "stored");
  CHECK(status_of(send_event(client, declined)) == "stored");
  CHECK(status_of(send_event(client, R"({"id":"evt_u","type":"payout.paid","created":1721948400,"data":{}})")) == "ignored");
  CHECK(status_of(send_event(client, R"({"id":"evt_b","type":"charge.refunded","created":1721948400,"data":{}})")) == "failed");
  sql db{running.database_url()};
  CHECK(
      db.text(
          "SELECT id || ' ' || status || ' ' || amount || ' ' || amount_refunded || ' ' || from_user_id || ' ' || to_user_id || "
          "' ' || rule_id FROM donations") == "pi_1 disputed 5000 2000 ann bob r1");
  CHECK(db.number("SELECT count(*) FROM deliveries WHERE source = 'stripe'") == 7);
  CHECK(db.text("SELECT error FROM deliveries WHERE outcome = 'failed'").find("/data/object") != std::string::npos);
  CHECK(db.number("SELECT count(*) FROM audit_log WHERE action = 'stripe event taken'") == 7);
  CHECK(db.number("SELECT count(*) FROM metric_days WHERE day = '2024-07-25'") == 1);
  CHECK(client.get("/metrics").body.find(R"(ingot_intake_items_total{intake="stripe",outcome="duplicate"} 1)") !=
        std::string::npos);
}

TEST_CASE("law 9: an event without a live secret's signature is refused, told why, counted and audited") {
  node running{{.environment = {{"STRIPE_WEBHOOK_SECRET_PREVIOUS", "whsec_before"}}}};
  auto client = running.client();
  const auto refused = [&](const std::string& header) {
    const auto got = send_event(client, paid, header);
    CHECK(got.status == 401);
    return got.body;
  };
  CHECK(refused("").find("not signed") != std::string::npos);
  CHECK(refused("t=1,v1=00").find("no live secret") != std::string::npos);
  CHECK(refused(signed_header(paid, "whsec_other")).find("no live secret") != std::string::npos);
  CHECK(refused(signed_header(declined)).find("no live secret") != std::string::npos);
  CHECK(refused(signed_header(paid, stripe_secret, 400)).find("too old") != std::string::npos);
  CHECK(refused(signed_header(paid, stripe_secret, -400)).find("in the future") != std::string::npos);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM deliveries") == 0);
  CHECK(status_of(send_event(client, paid, signed_header(paid, "whsec_before"))) == "stored");
  const auto two = signed_header(completed, "whsec_other") + signed_header(completed).substr(signed_header(completed).find(','));
  CHECK(status_of(send_event(client, completed, two)) == "stored");
  CHECK(client.get("/metrics").body.find(R"(ingot_verify_failures_total{reason="bad_signature",source="stripe"} 5)") !=
        std::string::npos);
  CHECK(eventually(
      [&] { return db.number("SELECT COALESCE(sum(count), 0)::bigint FROM audit_log WHERE action = 'request refused'") == 6; }));
}

TEST_CASE("the door of Stripe is closed while no secret is set, and to browsers, and reads so much and no more") {
  node closed{{.environment = {{"STRIPE_WEBHOOK_SECRET", ""}}}};
  auto nobody = closed.client();
  CHECK(send_event(nobody, paid).status == 503);
  node running;
  auto client = running.client();
  CHECK(client
            .request("POST", "/ingest/stripe/webhook",
                     {{"origin", "https://example.org"}, {"stripe-signature", signed_header(paid)}}, paid)
            .status == 403);
  CHECK(client.get("/ingest/stripe/webhook").status == 405);
  for (const auto* body : {"{", "[]", R"({"id":"evt_1"})", R"({"id":"evt_1","type":"","created":1})"}) {
    INFO(body);
    const auto status = send_event(client, body).status;
    CHECK((status == 400 || status == 422));
  }
  auto other = running.client();
  CHECK(send_event(other, std::string(1024 * 1024 + 1, ' ')).status == 413);
}

TEST_CASE("law 1: events of Stripe's that were acknowledged are there after a SIGKILL") {
  node running;
  {
    auto client = running.client();
    for (auto i = 0; i < 20; ++i)
      CHECK(status_of(send_event(client, paid_of(i))) == "stored");
  }
  running.kill();
  running.start();
  auto client = running.client();
  for (auto i = 0; i < 20; ++i)
    CHECK(status_of(send_event(client, paid_of(i))) == "duplicate");
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM donations WHERE status = 'succeeded'") == 20);
}

TEST_CASE("law 2: a node that dies around the COMMIT of Stripe's events, and Stripe sending again, leave each once") {
  node running;
  auto sent = 0;
  for (const auto* point : {"before_commit", "during_commit", "after_commit"}) {
    if (running.alive())
      running.kill();
    running.environment()["INGOT_FAILPOINT"] = std::string{point} + ":3";
    running.start();
    for (auto died = false; !died; ++sent) {
      try {
        auto client = running.client();
        died = send_event(client, paid_of(sent)).status != 200;
      } catch (const http_error&) {
        died = true;
      }
      REQUIRE(sent < 100);
    }
    --sent; // nobody knows of this one: it is sent again
    REQUIRE(running.wait(std::chrono::seconds{10}));
  }
  running.environment().erase("INGOT_FAILPOINT");
  running.start();
  auto client = running.client();
  CHECK(send_event(client, paid_of(sent)).status == 200);
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM donations") == sent + 1);
  CHECK(db.number("SELECT count(*) FROM deliveries") == sent + 1);
  CHECK(db.number("SELECT count(*) FROM audit_log WHERE action = 'stripe event taken'") == sent + 1);
}

TEST_CASE("law 1 and law 4: while the database is away Stripe's events are spooled, then applied once, over a SIGKILL too") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}}};
  {
    auto client = running.client();
    CHECK(status_of(send_event(client, declined)) == "stored");
    database.stop();
    for (const auto& x : {disputed, half_back, paid, declined, completed, paid})
      CHECK(status_of(send_event(client, x)) == "spooled");
    CHECK(send_event(client, paid, signed_header(paid, "whsec_other")).status == 401);
  }
  running.kill();
  database.start();
  running.start();
  sql db{database.url()};
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM deliveries WHERE source = 'stripe'") == 5; }));
  CHECK(eventually([&] { return running.client().get("/ready").status == 200; }));
  CHECK(db.text("SELECT id || ' ' || status || ' ' || amount_refunded FROM donations") == "pi_1 disputed 2000");
  auto client = running.client();
  CHECK(status_of(send_event(client, paid)) == "duplicate");
}

TEST_CASE("law 6: an event of Stripe's that the database refuses takes no other with it, and is kept with the reason") {
  node running;
  sql db{running.database_url()};
  db.run("ALTER TABLE donations ADD CONSTRAINT no_poison CHECK (id <> 'pi_n13')");
  auto wrong = std::atomic<int>{0};
  auto senders = std::vector<std::thread>{};
  for (auto s = 0; s < 4; ++s)
    senders.emplace_back([&, s] {
      auto client = running.client();
      for (auto i = s; i < 40; i += 4) {
        const auto got = send_event(client, paid_of(i));
        if (i == 13 ? got.status != 422 || got.body.find("no_poison") == std::string::npos : got.status != 200)
          ++wrong;
      }
    });
  for (auto& x : senders)
    x.join();
  CHECK(wrong == 0);
  CHECK(db.number("SELECT count(*) FROM donations") == 39);
  CHECK(db.text("SELECT delivery_id FROM deliveries WHERE outcome = 'failed' AND error LIKE '%no_poison%'") == "evt_n13");
  db.run("ALTER TABLE donations DROP CONSTRAINT no_poison");
  auto client = running.client();
  CHECK(status_of(send_event(client, paid_of(13))) == "stored");
}

TEST_CASE("events that Stripe could not deliver are found by the check, applied once, and the application is told") {
  auto asked = std::atomic<int>{0};
  local_http_server api{[&](const std::string& request) {
    ++asked;
    if (request.find("\r\nAuthorization: Bearer rk_e2e-key-41b0\r\n") == std::string::npos)
      return http_answer_text(401, "{}");
    const auto older = request.find("starting_after=evt_3") != std::string::npos;
    return http_answer_text(200, older ? R"({"object":"list","has_more":false,"data":[)" + completed + "]}"
                                       : R"({"object":"list","has_more":true,"data":[)" + half_back + "," + paid + "]}");
  }};
  local_http_server application{204, ""};
  node running{{.environment = {{"STRIPE_SECRET_KEY", "rk_e2e-key-41b0"},
                                {"INGOT_STRIPE_API_URL", api.url()},
                                {"INGOT_LOG_LEVEL", "trace"},
                                {"INGOT_APPLICATION_NOTIFY_URL", application.url() + "/hook"},
                                {"INGOT_APPLICATION_NOTIFY_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                                {"INGOT_NOTIFY_PRIVATE_ADDRESSES", "true"}}}};
  sql db{running.database_url()};
  REQUIRE(eventually(
      [&] { return db.number("SELECT count(*) FROM jobs WHERE kind = 'stripe_check' AND state = 'succeeded'") == 1; }));
  CHECK(db.text("SELECT result->>'applied' || '/' || (result->>'listed') FROM jobs WHERE kind = 'stripe_check'") == "3/3");
  CHECK(db.text("SELECT status || ' ' || amount_refunded FROM donations") == "partially_refunded 2000");
  CHECK(db.number("SELECT count(*) FROM audit_log WHERE details->>'reason' LIKE '%found by the missed-event check'") == 3);
  auto client = running.client();
  CHECK(status_of(send_event(client, paid)) == "duplicate");
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE kind = 'notify' AND state = 'succeeded'") == 2; }));
  CHECK(asked == 2);
  const auto told = application.requests();
  REQUIRE(told.size() == 2);
  auto all = std::string{};
  for (const auto& x : told) {
    CHECK(x.starts_with("POST /hook HTTP/1.1\r\n"));
    CHECK(x.find("\r\nwebhook-signature: v1,") != std::string::npos);
    all += x;
  }
  CHECK(all.find("donation.succeeded") != std::string::npos);
  CHECK(all.find("donation.refunded") != std::string::npos);
  for (const auto* secret : {"rk_e2e-key-41b0", "whsec_e2e-stripe-secret-6f2a", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    INFO(secret);
    CHECK(running.log().find(secret) == std::string::npos);
    CHECK(db.number("SELECT count(*) FROM jobs j WHERE j::text LIKE '%" + std::string{secret} + "%'") == 0);
    CHECK(db.number("SELECT count(*) FROM audit_log a WHERE a::text LIKE '%" + std::string{secret} + "%'") == 0);
  }
}

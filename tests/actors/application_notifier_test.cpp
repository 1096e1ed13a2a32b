#include "actors/application_notifier.hpp"
#include "model/notification.hpp"
#include "model/standard_webhooks.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"

using namespace ingot;

namespace {

constexpr auto secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct telling {
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;
  claimed_job job{{41, "token", "notify/donation"}, notification_job_kind, R"({"type": "donation.succeeded"})", "", 1};

  telling() {
    context.config.application.notify_secret = secret;
    context.config.notify.private_addresses = true;
    context.config.notify.timeout = std::chrono::seconds{5};
    context.now = [] { return *parse_rfc3339("2024-05-01T12:00:00Z"); };
  }

  std::string label_of(const std::string& url) {
    context.config.application.notify_url = url;
    return std::string{result_label(notify_application(job, context))};
  }
};

} // namespace

TEST_CASE_METHOD(telling, "the application's webhook gets its news, signed, with the same id at every attempt") {
  local_http_server server{204, ""};
  CHECK(label_of(server.url() + "/hook") == "succeeded");
  job.attempt = 2;
  CHECK(label_of(server.url() + "/hook") == "succeeded");
  const auto at = std::int64_t{1'714'564'800};
  const auto signature = standard_webhooks::sign(*standard_webhooks::parse_secret(secret), "msg_41", at, job.payload);
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& x : requests) {
    CHECK(x.starts_with("POST /hook HTTP/1.1\r\n"));
    CHECK(x.find("\r\nwebhook-id: msg_41\r\n") != std::string::npos);
    CHECK(x.find("\r\nwebhook-signature: " + signature + "\r\n") != std::string::npos);
    CHECK(x.ends_with("\r\n\r\n" + job.payload));
  }
}

TEST_CASE_METHOD(telling, "an application without a webhook is told nothing, and its jobs end") {
  context.config.application.notify_url.clear();
  const auto end = notify_application(job, context);
  REQUIRE(std::holds_alternative<job_succeeded>(end));
  CHECK(std::get<job_succeeded>(end).result.find("skipped") != std::string::npos);
}

TEST_CASE_METHOD(telling, "an application that fails is told again, one that is gone or may not be called is not") {
  local_http_server failing{500, "{}"}, gone{410, "{}"};
  CHECK(label_of(failing.url()) == "transient");
  CHECK(label_of(gone.url()) == "permanent");
  context.config.notify.private_addresses = false;
  CHECK(label_of(failing.url()) == "permanent");
  context.config.notify.private_addresses = true;
  context.config.application.notify_secret = "whsec_!";
  CHECK(label_of(failing.url()) == "transient");
}

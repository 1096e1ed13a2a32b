#include "actors/content_notifier.hpp"
#include "model/contents/changes_notification.hpp"
#include "model/standard_webhooks.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"

using namespace ingot;

TEST_CASE("whoever listens for changes is told of a sync, signed, and without a listener the job ends") {
  local_http_server server{204, ""};
  telemetry::metrics counters{"test"};
  const auto shared = std::make_shared<node_context>(settings{}, counters);
  auto& context = *shared;
  context.now = [] { return *parse_rfc3339("2024-05-01T12:00:00Z"); };
  context.config.notify.private_addresses = true;
  context.config.notify.timeout = std::chrono::seconds{5};
  const auto news = contents::changes_notification(7, 41, "0123", 1, 2, 3);
  const auto job = claimed_job{{9, "token", news.key}, news.kind, news.payload, "", 1};

  CHECK(std::string{result_label(notify_of_changes(job, context))} == "succeeded"); // nobody was asked
  context.config.contents.changes_url = server.url() + "/hook";
  context.config.contents.changes_secret = "whsec_!";
  CHECK(std::string{result_label(notify_of_changes(job, context))} == "transient");
  const auto* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  context.config.contents.changes_secret = secret;
  CHECK(std::string{result_label(notify_of_changes(job, context))} == "succeeded");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  const auto signature = standard_webhooks::sign(*standard_webhooks::parse_secret(secret), "msg_9", 1'714'564'800, news.payload);
  CHECK(requests.front().find("\r\nwebhook-signature: " + signature + "\r\n") != std::string::npos);
  CHECK(requests.front().ends_with("\r\n\r\n" + news.payload));
}

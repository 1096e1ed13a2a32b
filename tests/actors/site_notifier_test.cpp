#include "actors/site_notifier.hpp"
#include "config/master_keys.hpp"
#include "model/drupal/site_event.hpp"
#include "model/standard_webhooks.hpp"
#include "storage/site_webhooks.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;

namespace {

constexpr auto secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct notifying {
  testing::database db;
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;
  claimed_job job{{41, "token", drupal::notify_job_key(7)}, drupal::notify_job_kind, R"({"type": "site.sync.completed"})", "", 1};

  notifying() {
    context.config.database = db.settings();
    context.config.master_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    context.config.notify.private_addresses = true;
    context.config.notify.timeout = std::chrono::seconds{5};
    context.now = [] { return *parse_rfc3339("2024-05-01T12:00:00Z"); };
    context.open_connection = [this] { return db.connect(); };
    db.sql("INSERT INTO sites (id, name) VALUES (7, 'x')");
  }

  void set_webhook(const std::string& url, std::int64_t sealed_for = 7) {
    const auto sealed = master_keys{context.config}.seal(secret, storage::webhook_secret_place(sealed_for));
    storage::set_site_webhook(*db.connect(), 7, storage::site_webhook{url, sealed}, {"test", context.now()});
  }

  std::string label() { return std::string{result_label(notify_site(job, context))}; }

  std::string label_of_status(int status) {
    local_http_server server{status, "{}"};
    set_webhook(server.url());
    return label();
  }
};

/// Value of a header of a raw request.
std::string header(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos)
    return {};
  const auto from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}

} // namespace

TEST_CASE_METHOD(notifying, "a site's webhook gets the event, signed, with the same id at every attempt") {
  local_http_server server{204, ""};
  set_webhook(server.url() + "/hook");
  CHECK(label() == "succeeded");
  job.attempt = 2;
  CHECK(label() == "succeeded");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& x : requests) {
    CHECK(x.starts_with("POST /hook HTTP/1.1\r\n"));
    CHECK(x.ends_with("\r\n\r\n" + job.payload));
    CHECK(header(x, "webhook-id") == "msg_41");
    CHECK(header(x, "Content-Type") == "application/json");
    const auto id = header(x, "webhook-id"), at = header(x, "webhook-timestamp"), signature = header(x, "webhook-signature");
    CHECK(standard_webhooks::verify(*standard_webhooks::parse_secret(secret), {id, at, signature}, job.payload, context.now()) ==
          fault::none);
  }
}

TEST_CASE_METHOD(notifying, "an answer decides whether a notification is done, tried again or given up") {
  CHECK(label_of_status(200) == "succeeded");
  CHECK(label_of_status(410) == "permanent");
  for (auto status : {302, 400, 404, 429, 500, 503}) {
    INFO(status);
    CHECK(label_of_status(status) == "transient");
  }
  set_webhook("http://127.0.0.1:1/");
  CHECK(label() == "transient");
}

TEST_CASE_METHOD(notifying, "a webhook on a private address is given up unless such are allowed") {
  local_http_server server{200, "{}"};
  set_webhook(server.url());
  context.config.notify.private_addresses = false;
  CHECK(label() == "permanent");
  CHECK(server.requests().empty());
}

TEST_CASE_METHOD(notifying, "a notification of a site without a webhook is done without a call") {
  CHECK(label() == "succeeded");
  job.lease.key = "site/x/notify";
  CHECK(label() == "permanent");
}

TEST_CASE_METHOD(notifying, "law 9: no reason of a failed notification holds the webhook's address or secret") {
  local_http_server server{500, "hush"};
  set_webhook(server.url() + "/hush?hush");
  const auto failed = std::get<job_failed_for_now>(notify_site(job, context));
  CHECK(failed.error == "the webhook answered 500");
  set_webhook(server.url() + "/hush", 8); // sealed for another row
  CHECK(std::get<job_failed_for_now>(notify_site(job, context)).error.find("another row") != std::string::npos);
}

TEST_CASE_METHOD(notifying, "a notification waits when the database is away") {
  context.open_connection = []() -> std::unique_ptr<storage::connection> { throw pqxx::broken_connection{"gone"}; };
  CHECK(label() == "transient");
}

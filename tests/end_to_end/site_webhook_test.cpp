#include "model/standard_webhooks.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <atomic>
#include <set>

using namespace ingot::testing;

namespace {

/// Value of a header of a raw request.
std::string header_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos)
    return {};
  const auto from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}

/// Enqueues an event as a sync does.
void enqueue(sql& db, const std::string& payload) {
  db.run("WITH added AS (INSERT INTO jobs (kind, key, payload) VALUES ('site_notify', 'site/7/notify', " + literal(payload) +
         ") RETURNING id, kind, key, priority, run_at) INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs) "
         "SELECT key, id, kind, priority, run_at, 1 FROM added ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + 1");
}

} // namespace

TEST_CASE("a site's webhook is told of a sync, signed with the secret that was shown, until it answers") {
  std::atomic<int> calls{0};
  local_http_server receiver{[&](const std::string&) { return http_answer_text(++calls <= 2 ? 503 : 200, "{}"); }};
  node running{{.environment = {{"INGOT_NOTIFY_PRIVATE_ADDRESSES", "true"},
                                {"INGOT_JOBS_POLL_INTERVAL_MS", "20"},
                                {"INGOT_JOBS_SITE_NOTIFY_BACKOFF_BASE_MS", "20"}}}};
  sql db{running.database_url()};
  db.run("INSERT INTO sites (id, name) VALUES (7, 'x')");
  const auto set =
      run_ingot({"sites", "notify", "--site", "7", "--url", receiver.url() + "/hook", "--json"}, running.environment());
  REQUIRE(set.exit_code == 0);
  const auto from = set.output.find("whsec_");
  REQUIRE(from != std::string::npos);
  const auto secret = set.output.substr(from, set.output.find('"', from) - from);
  const auto key = ingot::standard_webhooks::parse_secret(secret);
  REQUIRE(key);

  enqueue(db, R"({"type": "site.sync.completed"})");
  REQUIRE(
      eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE kind = 'site_notify' AND state = 'succeeded'") == 1; }));
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 3);
  auto ids = std::set<std::string>{};
  for (const auto& x : requests) {
    const auto body = x.substr(x.find("\r\n\r\n") + 4);
    CHECK(body == R"({"type": "site.sync.completed"})");
    const auto id = header_of(x, "webhook-id"), at = header_of(x, "webhook-timestamp"),
               signature = header_of(x, "webhook-signature");
    ids.insert(id);
    const auto now = ingot::from_epoch_seconds(std::stoll(at));
    REQUIRE(now);
    CHECK(ingot::standard_webhooks::verify(*key, {id, at, signature}, body, *now) == ingot::fault::none);
  }
  CHECK(ids.size() == 1);
  // Law 9.
  CHECK(running.log().find(secret) == std::string::npos);
  CHECK(db.number("SELECT count(*) FROM sites WHERE position(convert_to(" + literal(secret) +
                  ", 'UTF8') IN notify_secret) > 0") == 0);
}

TEST_CASE("a webhook on this machine is not called unless that is allowed") {
  local_http_server receiver{200, "{}"};
  node running{{.environment = {{"INGOT_JOBS_POLL_INTERVAL_MS", "20"}}}};
  sql db{running.database_url()};
  db.run("INSERT INTO sites (id, name) VALUES (7, 'x')");
  REQUIRE(run_ingot({"sites", "notify", "--site", "7", "--url", receiver.url()}, running.environment()).exit_code == 0);
  enqueue(db, "{}");
  REQUIRE(eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE state = 'failed'") == 1; }));
  CHECK(db.text("SELECT last_error FROM jobs").find("private") != std::string::npos);
  CHECK(receiver.requests().empty());
}

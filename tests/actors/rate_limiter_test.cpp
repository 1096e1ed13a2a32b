#include "actors/permit_source.hpp"
#include "actors/rate_limiter.hpp"
#include "telemetry/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <atomic>
#include <thread>
#include <vector>

using namespace ingot;
using contents::provider_error;
using contents::urgency;
using github::resource;

namespace {

/// The actors as they run in a node, on a database of the test's own.
struct fixture {
  struct config : caf::actor_system_config {
    config() {
      add_message_types<caf::id_block::ingot>();
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", std::size_t{1});
    }
  };

  testing::database db;
  telemetry::metrics counters{"test"};
  context_ptr context = std::make_shared<node_context>(settings{}, counters);
  std::atomic<bool> away{false};
  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  permit_source permits{*context};

  fixture() {
    log::configure({"off", log_format::json});
    context->now = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); };
    context->open_rate_store = [this] {
      if (away)
        throw storage::store_error{storage::sql_remedy::reconnect, "gone"};
      return storage::open_rate_store(db.url(), db.settings(), storage::limits_of(context->config.github_api));
    };
  }
  ~fixture() { stop(); }

  void start() {
    auto handles = std::make_shared<actor_handles>();
    handles->rate_limiter = sys.spawn(rate_limiter, context);
    context->handles = handles;
  }

  /// Ends the limiter as `reason` says, and waits for it.
  void stop(caf::exit_reason reason = caf::exit_reason::user_shutdown) {
    const auto handles = context->handles.exchange(nullptr);
    if (!handles)
      return;
    self->send_exit(handles->rate_limiter, reason);
    self->wait_for(handles->rate_limiter);
  }

  /// The RATE KEEPER writes what a limiter gave back after that has ended.
  bool becomes(const std::string& question, const std::string& answer) const {
    for (auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30}; std::chrono::steady_clock::now() < end;)
      if (db.sql(question) == answer)
        return true;
    return false;
  }

  github::permit_order order(urgency how = urgency::webhook) const { return {"installation/7", resource::core, how, "r", 1}; }

  /// How an attempt to get a permit failed; empty: it did not.
  std::string refusal() {
    try {
      auto unused = github::rate_news{};
      unused.free = true;
      permits.acquire(order())->settle(unused);
      return {};
    } catch (const provider_error& e) {
      return e.kind() == contents::trouble::rate_limited && e.retry_at() ? e.what() : "another error";
    }
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "law 8: threads get their permits, never more at once than are allowed") {
  context->config.github_api.requests_at_once = 3;
  start();
  std::atomic<int> running{0}, most{0}, done{0};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (auto k = 0; k < 5; ++k) {
        const auto permit = permits.acquire(order(k % 2 == 0 ? urgency::webhook : urgency::nightly));
        const auto now = ++running;
        for (auto seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --running;
        auto news = github::rate_news{};
        news.limit = 5'000;
        news.remaining = 4'900;
        permit->settle(news);
        ++done;
      }
    });
  for (auto& x : threads)
    x.join();
  CHECK(done == 40);
  CHECK(most <= 3);
  const auto text = counters.serialize();
  CHECK(text.find("ingot_permits_total{result=\"granted\",urgency=\"webhook\"} 24") != std::string::npos);
}

TEST_CASE_METHOD(fixture, "law 10: a node that stops wakes who waits for a permit") {
  context->config.github_api.requests_at_once = 1;
  start();
  auto held = permits.acquire(order());
  std::atomic<int> asking{0};
  auto why = std::vector<std::string>(4);
  auto threads = std::vector<std::thread>{};
  for (auto& x : why)
    threads.emplace_back([&] {
      ++asking;
      x = refusal();
    });
  while (asking < 4)
    std::this_thread::yield();
  stop();
  for (auto& x : threads)
    x.join();
  for (const auto& x : why)
    CHECK(x.find("no permit") != std::string::npos);
  CHECK(refusal().find("stops") != std::string::npos);
  held = nullptr; // to nobody
}

TEST_CASE_METHOD(fixture, "a limiter that falls leaves its leases to nobody, and one that ends gives them back") {
  start();
  for (auto i = 0; i < 10; ++i)
    permits.acquire(order()); // and drops it: it counts as used
  stop();
  CHECK(becomes("SELECT count(*) FROM rate_leases", "0"));
  CHECK(db.sql("SELECT sum(spent) FROM rate_windows") == "10");
  start();
  auto held = permits.acquire(order());
  stop(caf::exit_reason::kill);
  CHECK(db.sql("SELECT count(*) FROM rate_leases WHERE core > 0") == "1");
  start();
  CHECK(refusal().empty());
  stop();
  CHECK(becomes("SELECT count(*) FROM rate_leases", "1"));
}

TEST_CASE_METHOD(fixture, "without the database nothing is granted that is not leased") {
  context->config.github_api.permit_wait_max = milliseconds{200};
  away = true;
  start();
  CHECK(refusal().find("its limit allows none in time") != std::string::npos);
  away = false;
  context->config.github_api.permit_wait_max = milliseconds{60'000};
  stop();
  start();
  CHECK(refusal().empty());
}

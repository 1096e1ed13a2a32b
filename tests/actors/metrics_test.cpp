#include "actors/metrics.hpp"
#include "actors/reader.hpp"
#include "storage/rate_budgets.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/support/postgres.hpp"

#include <optional>

using namespace ingot;
using namespace ingot::test;

namespace {

/// METRICS and a READER, on rows that another node may have written.
struct metrics_fixture : actor_fixture {
  testing::database db;
  reader_actor looker;
  metrics_actor aut;
  bool away = false;

  metrics_fixture() {
    context->open_connection = [this] {
      if (away)
        throw pqxx::broken_connection{"gone"};
      return db.connect();
    };
    looker = sys.spawn(reader, context, false);
    auto handles = std::make_shared<actor_handles>();
    handles->readers = {looker};
    context->handles = handles;
    aut = sys.spawn(metrics_collector, context);
    settle();
  }
  ~metrics_fixture() {
    context->handles.store(nullptr);
    end(aut);
    end(looker);
  }

  /// The next look, a quarter of a minute later at most.
  void look() { advance(std::chrono::seconds{15}); }

  /// The value of that series of `budget`; nothing: there is none.
  std::optional<double> of(const std::string& metric, const std::string& budget) {
    const auto series = "\n" + metric + "{budget=\"" + budget + "\",resource=\"core\"} ";
    const auto text = counters.serialize();
    const auto at = text.find(series);
    return at == std::string::npos ? std::nullopt : std::optional{std::stod(text.substr(at + series.size()))};
  }
};

} // namespace

TEST_CASE_METHOD(metrics_fixture,
                 "every node tells what the shared rows say is left of a budget, and nothing once its window is over") {
  auto rates = storage::open_rate_store(db.url(), db.settings(), {});
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  auto told = github::limiter::report{"installation/7", "another node", now, {}, 0, 0, {}};
  told.parts[0].seen = github::limiter::observation{5'000, 250, now + std::chrono::minutes{30}, 0, 0, now};
  rates->exchange({&told, 1});
  look();
  CHECK(of("ingot_rate_limit", "installation/7") == 5'000);
  CHECK(of("ingot_rate_remaining", "installation/7") == 250);
  CHECK(of("ingot_rate_used", "installation/7") == 4'750);
  db.sql("UPDATE rate_windows SET ends_at = now() - interval '1 second'");
  look();
  CHECK(of("ingot_rate_limit", "installation/7") == std::nullopt);
  CHECK(of("ingot_rate_remaining", "installation/7") == std::nullopt);
  CHECK(of("ingot_rate_used", "installation/7") == std::nullopt);
}

TEST_CASE_METHOD(metrics_fixture, "while the rows cannot be read no budget is told of, since its window may end meanwhile") {
  db.sql("INSERT INTO rate_budgets (budget) VALUES ('token'); INSERT INTO rate_windows (budget, resource, request_limit, spent, "
         "observed, ends_at) VALUES ('token', 'core', 5000, 4990, TRUE, now() + interval '1 hour')");
  look();
  CHECK(of("ingot_rate_remaining", "token") == 10);
  away = true;
  db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
  look();
  CHECK(of("ingot_rate_remaining", "token") == std::nullopt);
  away = false;
  look();
  CHECK(of("ingot_rate_remaining", "token") == 10);
}

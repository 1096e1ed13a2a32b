#include "actors/blocking_job.hpp"
#include "tests/support/catch.hpp"

#include <future>
#include <stdexcept>

using namespace ingot;

TEST_CASE("what a job's work throws is a failure for now, with its words") {
  auto config = caf::actor_system_config{};
  auto system = caf::actor_system{config};
  telemetry::metrics counters{"test"};
  const auto shared = std::make_shared<node_context>(settings{}, counters);
  const auto& context = *shared;
  const auto outcome_of = [&](blocking_work work) {
    auto got = std::promise<job_outcome>{};
    blocking_jobs(system, context, std::move(work))(std::make_shared<job_in_hand>(
        job_in_hand{claimed_job{}, std::make_shared<job_reply>([&](job_outcome x) { got.set_value(std::move(x)); })}));
    return got.get_future().get();
  };
  const auto fails = outcome_of([](auto&, auto&) -> job_outcome { throw std::runtime_error{"the receiver hung up"}; });
  REQUIRE(std::holds_alternative<job_failed_for_now>(fails));
  CHECK(std::get<job_failed_for_now>(fails).error == "the receiver hung up");
  const auto succeeds = outcome_of([](auto&, auto&) -> job_outcome { return job_succeeded{"{}"}; });
  CHECK(std::holds_alternative<job_succeeded>(succeeds));
}

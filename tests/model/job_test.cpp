#include "model/job.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace std::chrono_literals;

namespace {

job_policy policy() {
  auto x = job_policy{};
  x.attempts_max = 3;
  x.backoff_base = 100ms;
  x.backoff_cap = 1'000ms;
  return x;
}

claimed_job job(int attempt) {
  auto x = claimed_job{};
  x.lease = {7, "token", "key"};
  x.attempt = attempt;
  return x;
}

} // namespace

TEST_CASE("the pause before another attempt doubles up to its cap, and chance takes away up to a half") {
  CHECK(backoff_of(policy(), 1, 0.0) == 100ms);
  CHECK(backoff_of(policy(), 2, 0.0) == 200ms);
  CHECK(backoff_of(policy(), 4, 0.0) == 800ms);
  CHECK(backoff_of(policy(), 5, 0.0) == 1'000ms);
  CHECK(backoff_of(policy(), 1'000'000, 0.0) == 1'000ms);
  CHECK(backoff_of(policy(), 3, 0.5) == 300ms);
  CHECK(backoff_of(policy(), 3, 1.0) == 200ms);
  CHECK(backoff_of(policy(), 3, 7.0) == 200ms);
  auto odd = policy();
  odd.backoff_base = 5'000ms; // beyond the cap
  CHECK(backoff_of(odd, 1, 0.0) == 1'000ms);
}

TEST_CASE("a job that succeeded keeps its result, and one that fails for good its reason") {
  const auto done = judge(job(1), job_succeeded{"{\"n\":1}"}, policy(), 0.0);
  CHECK(done.becomes == job_state::succeeded);
  CHECK(done.result == "{\"n\":1}");
  CHECK(done.error.empty());
  CHECK(done.lease.id == 7);
  CHECK(done.lease.token == "token");
  const auto refused = judge(job(1), job_failed_for_good{"no such site"}, policy(), 0.0);
  CHECK(refused.becomes == job_state::failed);
  CHECK(refused.error == "no such site");
  CHECK(refused.result.empty());
}

TEST_CASE("law 6: a job that fails for now is tried again after its pause, and is dead after its last attempt") {
  const auto first = judge(job(1), job_failed_for_now{"busy"}, policy(), 0.0);
  CHECK(first.becomes == job_state::pending);
  CHECK(first.delay == 100ms);
  CHECK(judge(job(2), job_failed_for_now{"busy"}, policy(), 0.0).delay == 200ms);
  const auto last = judge(job(3), job_failed_for_now{"busy"}, policy(), 0.0);
  CHECK(last.becomes == job_state::dead);
  CHECK(last.error == "busy");
  CHECK(last.delay == 0ms);
}

TEST_CASE("law 3: a job that is put off looks again within minutes, whatever the clock said of the time until then") {
  const auto soon = judge(job(3), job_put_off{7s, "the budget is spent"}, policy(), 0.0);
  CHECK(soon.becomes == job_state::pending);
  CHECK(soon.delay == 7s);
  CHECK(soon.result == R"({"put_off":"the budget is spent"})");
  CHECK(judge(job(1), job_put_off{72min, "the clock was 72 minutes behind"}, policy(), 0.0).delay == 5min);
  CHECK(judge(job(1), job_put_off{-72min, "the clock was 72 minutes ahead"}, policy(), 0.0).delay == 0ms);
}

TEST_CASE("the reason of a failure is bounded, valid UTF-8 without NUL, and never empty") {
  const auto error_of = [](std::string text) { return judge(job(1), job_failed_for_good{std::move(text)}, policy(), 0.0).error; };
  CHECK(error_of("") == "no reason was given");
  CHECK(error_of(std::string{"a\0b\xff", 4}) == "a b\xEF\xBF\xBD");
  CHECK(error_of(std::string(100'000, 'x')).size() <= job_error_bytes_max + 3); // an ellipsis
}

TEST_CASE("a job that was completed by its handler is not judged") {
  CHECK_THROWS_AS(judge(job(1), job_completed_already{}, policy(), 0.0), std::logic_error);
}

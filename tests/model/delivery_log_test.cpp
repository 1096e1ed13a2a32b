#include "model/github/delivery_log.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::github;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:00:00Z");

api::hook_delivery attempt(std::int64_t id, std::string guid, timestamp at, std::string status = "OK") {
  return {id, std::move(guid), at, false, std::move(status), 200, "push", ""};
}

missed_delivery missed(timestamp at, int asked = 0, std::optional<timestamp> asked_at = {}) {
  auto out = missed_delivery{};
  out.status = "failed";
  out.delivered_at = at;
  out.asked = asked;
  out.asked_at = asked_at;
  return out;
}

} // namespace

TEST_CASE("attempts at a delivery are one, known by its guid, whatever their order") {
  auto attempts = std::vector{attempt(5, "b", noon, "timed out"), attempt(3, "a", noon - minutes{9}, "OK"),
                              attempt(1, "a", noon - minutes{20}, "failed"), attempt(4, "b", noon - minutes{1}, "failed"),
                              attempt(9, "", noon)};
  for (auto i = 0; i < 2; ++i) {
    const auto all = group_attempts(attempts);
    REQUIRE(all.size() == 2);
    CHECK(all[0].guid == "a");
    CHECK(all[0].delivered());
    CHECK(all[0].newest_id == 3);
    CHECK(all[0].delivered_at == noon - minutes{20});
    CHECK_FALSE(all[1].delivered());
    CHECK(all[1].status == "timed out");
    CHECK(all[1].newest_id == 5);
    std::reverse(attempts.begin(), attempts.end());
  }
}

TEST_CASE("what may be on its way is not missing yet, and what GitHub calls delivered may lie in a spool") {
  const auto failed = group_attempts(std::vector{attempt(1, "a", noon, "failed")}).front();
  CHECK_FALSE(is_missing(failed, noon + minutes{1}));
  CHECK(is_missing(failed, noon + minutes{2}));
  const auto delivered = group_attempts(std::vector{attempt(1, "a", noon)}).front();
  CHECK_FALSE(is_missing(delivered, noon + minutes{29}));
  CHECK(is_missing(delivered, noon + minutes{30}));
}

TEST_CASE("a missed delivery is asked for with pauses that double, so often and no more, and inside three days") {
  CHECK(is_due(missed(noon), noon));
  CHECK_FALSE(is_due(missed(noon, 1, noon), noon + minutes{9}));
  CHECK(is_due(missed(noon, 1, noon), noon + minutes{10}));
  CHECK_FALSE(is_due(missed(noon, 3, noon), noon + minutes{39}));
  CHECK(is_due(missed(noon, 3, noon), noon + minutes{40}));
  CHECK(is_due(missed(noon, 7, noon), noon + hours{6}));
  CHECK_FALSE(is_due(missed(noon, redeliveries_max, noon), noon + hours{48}));

  CHECK_FALSE(judge_missed(missed(noon), noon + hours{71}));
  CHECK(judge_missed(missed(noon), noon + hours{72}));
  CHECK_FALSE(judge_missed(missed(noon, redeliveries_max, noon), noon + minutes{1})); // the last request is under way
  CHECK(judge_missed(missed(noon, redeliveries_max, noon), noon + hours{6})->find("8 times") != std::string::npos);
  auto lost = missed(noon);
  lost.unrecoverable = "gone";
  CHECK_FALSE(is_due(lost, noon));
}

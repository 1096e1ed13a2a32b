#include "bench/faults/oracle.hpp"
#include "tests/support/catch.hpp"

using namespace ingot::faults;

namespace {

using found = std::vector<std::pair<std::int64_t, std::size_t>>;

step_log at(std::uint8_t node, bool elsewhere = false) {
  return {node, elsewhere};
}

} // namespace

TEST_CASE("law 3: two steps that one node alone acknowledged are inverted when the later was written first") {
  const auto wrote = transactions{{7, {{0, 100}, {1, 90}, {2, 110}, {3, 110}}}};
  CHECK(inversions({{7, {at(0), at(0), at(0), at(0)}}}, wrote) == found{{7, 1}});
  CHECK(inversions({{7, {at(0), at(1), at(1), at(1)}}}, wrote).empty());       // by two nodes
  CHECK(inversions({{7, {at(0), at(0, true), at(0), at(0)}}}, wrote).empty()); // another one may have written it
  CHECK(inversions({{7, {at(0, true), at(0), at(0), at(0)}}}, wrote).empty()); // so may it have the first: see oracle.cpp
  CHECK(inversions({{7, {at(0), at(step_log::nobody)}}}, wrote).empty());      // nobody promised it
  CHECK(inversions({{8, {at(0), at(0)}}}, wrote).empty());
}

TEST_CASE("the ledger knows what was acknowledged, by whom, and what was sent elsewhere too") {
  ledger known;
  known.begin(intake::github, 5);
  known.acknowledge(intake::github, 5, 2);
  known.begin(intake::github, 5);
  known.send_elsewhere(intake::github, 5);
  const auto& log = known.chains(intake::github).at(5);
  CHECK(log.size() == 2);
  CHECK(acknowledged_of(log) == 1);
  CHECK(log[0].node == 2);
  CHECK_FALSE(log[0].elsewhere);
  CHECK(log[1].elsewhere);
  CHECK(known.acknowledged() == 1);
  CHECK(known.recent(intake::github) == std::vector<std::int64_t>{5});
  CHECK(known.recent(intake::site).empty());
}

TEST_CASE("a delivery's id tells which step of which chain it is, and one of another run is known as such") {
  const auto id = delivery_id(77, intake::push, 123'456'789'012, 5'000);
  auto of = intake::github;
  auto chain = std::int64_t{0};
  auto step = std::size_t{0};
  REQUIRE(parse_delivery_id(77, id, of, chain, step));
  CHECK(of == intake::push);
  CHECK(chain == 123'456'789'012);
  CHECK(step == 5'000);
  CHECK(id.size() == 36);
  CHECK_FALSE(parse_delivery_id(78, id, of, chain, step));
  CHECK_FALSE(parse_delivery_id(77, "5d0c1a6e", of, chain, step));
}

TEST_CASE("what is sent is a pure function of the seed") {
  const auto at_start = run_clock{3, 1'717'200'000};
  CHECK(event_request(at_start, 1, 9).body == event_request(at_start, 1, 9).body);
  CHECK(event_request(at_start, 1, 9).body != event_request({4, at_start.began_s}, 1, 9).body);
  CHECK(github_delivery(at_start, 1'000'000'001, 4).body == github_delivery(at_start, 1'000'000'001, 4).body);
  CHECK(github_delivery(at_start, 1'000'000'001, 4).body != github_delivery(at_start, 1'000'000'001, 5).body);
}

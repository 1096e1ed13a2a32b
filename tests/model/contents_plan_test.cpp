#include "model/contents/plan.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace ingot::contents;

namespace {

std::vector<wanted_blob> blobs(std::size_t count, std::uint64_t size) {
  auto out = std::vector<wanted_blob>{};
  for (auto i = std::size_t{0}; i < count; ++i)
    out.push_back({id_of_blob(std::to_string(i)), size, std::to_string(i)});
  return out;
}

} // namespace

TEST_CASE("contents: a first sync is one archive") {
  const auto plan = plan_fetch(blobs(10'000, 4'000), 40'000'000, {});
  CHECK(plan.archive);
  CHECK(plan.requests == 1);
}

TEST_CASE("contents: a push of k files takes k/100 batches at most, or a request each without GraphQL") {
  for (const auto k : {1u, 2u, 99u, 100u, 101u, 300u}) {
    const auto plan = plan_fetch(blobs(k, 4'000), 4'000'000'000, {});
    CHECK_FALSE(plan.archive);
    CHECK(plan.requests == (k + 99) / 100);
    const auto rest = plan_fetch(blobs(k, 4'000), 4'000'000'000, {.graphql = false});
    CHECK(rest.singles.size() == k);
    CHECK(rest.batches.empty());
  }
}

TEST_CASE("contents: what GraphQL would cut is asked for singly, and no batch is larger than it may be") {
  auto wanted = blobs(50, graphql_text_max);
  wanted.push_back({id_of_blob("large"), graphql_text_max + 1, "large"});
  const auto plan = plan_fetch(wanted, 4'000'000'000, {});
  REQUIRE(plan.singles.size() == 1);
  CHECK(wanted[plan.singles.front()].path == "large");
  auto planned = std::size_t{0};
  for (const auto& batch : plan.batches) {
    planned += batch.size();
    CHECK(batch.size() * graphql_text_max <= graphql_batch_bytes_max);
  }
  CHECK(planned == 50);
}

TEST_CASE("contents: an archive is taken when it is cheaper, or when the budget has no room for so many requests") {
  const auto small = blobs(40, 4'000);
  CHECK(plan_fetch(small, 600'000, {.graphql = false}).archive); // 40 requests cost more than the whole
  CHECK_FALSE(plan_fetch(small, 4'000'000'000, {.graphql = false}).archive);
  CHECK(plan_fetch(small, 4'000'000'000, {.graphql = false, .requests_left = 39}).archive);
  CHECK_FALSE(plan_fetch({}, 4'000'000'000, {}).archive);
  CHECK_FALSE(plan_fetch(blobs(10'000, 4'000), no_archive, {.graphql = false}).archive);
  CHECK(plan_fetch(blobs(1, rest_blob_max + 1), 4'000'000'000, {}).archive); // no request of its own would give it
}

#include "actors/protocol.hpp"
#include "tests/support/catch.hpp"

#include <optional>
#include <vector>

using namespace ingot;

TEST_CASE("law 1: a reply that is dropped unanswered says lost, and a given answer stands") {
  auto seen = std::vector<fault>{};
  {
    auto dropped = reply{[&](const receipt& x) { seen.push_back(x.why.code); }};
  }
  CHECK(seen == std::vector<fault>{fault::lost});
  seen.clear();
  {
    auto given = reply{[&](const receipt& x) { seen.push_back(x.why.code); }};
    given(receipt{});
    given(receipt{delivery_outcome::failed, {fault::internal, "late", {}}});
    CHECK(given.done());
  }
  CHECK(seen == std::vector<fault>{fault::none});
}

#include "model/github/knowledge.hpp"
#include "model/stripe/donation.hpp"
#include "tests/fuzz/input.hpp"

#include <stdexcept>
#include <string>

// Input: a byte that chooses, and the text of a column `facts`. It is read or refused; what was read is written and read again.

namespace {

using namespace ingot;
using fuzz::require;

template <class State>
void check(std::string_view text) {
  auto first = State{}, second = State{};
  try {
    github::decode(text, first);
  } catch (const std::runtime_error&) {
    return;
  }
  const auto written = github::encode(first);
  github::decode(written, second);
  require(github::encode(second) == written);
}

void check_donation(std::string_view text) {
  auto first = stripe::donation_facts{};
  try {
    first = stripe::decode_facts(text);
  } catch (const std::runtime_error&) {
    return;
  }
  const auto written = stripe::encode_facts(first);
  require(stripe::decode_facts(written) == first);
  auto joined = first;
  join(joined, first);
  auto again = joined;
  join(again, first);
  require(again == joined);
  if (!first.objects.empty())
    require(!to_json(project(joined)).empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  switch (in.byte() % 5) {
  case 0:
    check<github::repository_state>(in.rest());
    break;
  case 1:
    check<github::pull_request_state>(in.rest());
    break;
  case 2:
    check<github::pipeline_state>(in.rest());
    break;
  case 3:
    check<github::commit_state>(in.rest());
    break;
  default:
    check_donation(in.rest());
  }
  return 0;
}

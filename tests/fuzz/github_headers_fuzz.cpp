#include "model/github/api/answer.hpp"
#include "tests/fuzz/input.hpp"

#include <charconv>
#include <chrono>
#include <string>

// Input: a status, lines `name: value`, an empty line, and a body: an answer of GitHub. No answer closes a budget for more than a
// day, and only a limit does.

using namespace ingot;
using namespace ingot::github;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr auto now = timestamp{std::chrono::seconds{1'700'000'000}};
  auto in = fuzz::input{data, size};
  auto status = 0u;
  const auto first = in.line();
  std::from_chars(first.data(), first.data() + first.size(), status);
  auto headers = api::header_list{};
  for (auto line = in.line(); !line.empty() && headers.size() < 100; line = in.line()) {
    const auto colon = line.find(": ");
    if (colon != line.npos)
      headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  for (const auto of : {resource::core, resource::graphql}) {
    const auto x = api::judge(status, headers, in.rest(), of, now);
    const auto passes = status >= 200 && status < 400;
    require(!x.problem || !passes || (of == resource::graphql && status == 200));
    require(passes || x.problem);
    require(x.news.limited == (x.problem == contents::trouble::rate_limited) && (!x.retry_at || x.news.limited));
    for (const auto& at : {x.retry_at, x.news.retry_after, x.news.reset})
      require(!at || *at <= now + api::closed_max);
    for (const auto& number : {x.news.limit, x.news.remaining, x.news.used})
      require(!number || *number >= 0);
    require(fuzz::is_storable(x.reason) && x.reason.size() < 2'000);
  }
  const auto link = api::find_header(headers, "link");
  const auto next = api::next_link(link);
  require(next.empty() || (link.find("<" + next + ">") != link.npos && next.find('>') == next.npos));
  return 0;
}

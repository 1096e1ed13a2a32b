#include "model/audit_chain.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <functional>
#include <vector>

using namespace ingot;
using namespace ingot::audit;

namespace {

struct sealed {
  entry what;
  seal by;
};

/// A sound chain of so many lines.
std::vector<sealed> chain_of(int lines) {
  auto out = std::vector<sealed>{};
  auto end = empty_chain();
  for (auto i = 1; i <= lines; ++i) {
    auto x = entry{.id = 10 * i, .at = timestamp{std::chrono::seconds{i}}, .actor = "admin", .action = "key revoked"};
    x.details = R"({"reason": ""})";
    const auto by = seal_behind(end, x);
    out.push_back({x, by});
    end = {by.seq, by.hash};
  }
  return out;
}

chain_end end_of(const std::vector<sealed>& x) {
  return x.empty() ? empty_chain() : chain_end{x.back().by.seq, x.back().by.hash};
}

std::string verdict(const std::vector<sealed>& lines, const chain_end& head, const std::optional<chain_end>& anchor = {}) {
  auto walk = chain_walk{anchor};
  for (const auto& x : lines)
    if (const auto wrong = walk.next(x.what, x.by))
      return wrong->what;
  const auto wrong = walk.finish(head);
  return wrong ? wrong->what : "whole";
}

} // namespace

TEST_CASE("a chain of audit lines that nobody touched is whole, an empty one too") {
  CHECK(verdict({}, empty_chain()) == "whole");
  const auto lines = chain_of(5);
  CHECK(verdict(lines, end_of(lines)) == "whole");
  CHECK(verdict(lines, end_of(lines), end_of(chain_of(3))) == "whole");
}

TEST_CASE("a change of any field of an audit line is found, and named by its place") {
  const auto changes = std::vector<std::function<void(entry&)>>{
      [](entry& x) { x.id += 1; },
      [](entry& x) { x.at += std::chrono::microseconds{1}; },
      [](entry& x) { x.actor = "nobody"; },
      [](entry& x) { x.action = "key created"; },
      [](entry& x) { x.subject = "site 7"; },
      [](entry& x) { x.count = 2; },
      [](entry& x) { x.details = "{}"; },
      [](entry& x) { x.before = "{}"; },
      [](entry& x) { x.after = ""; },
      [](entry& x) { x.request_id = ""; },
      // The same bytes, parted otherwise.
      [](entry& x) { x.actor = "adminkey", x.action = " revoked"; },
  };
  for (const auto& change : changes) {
    auto lines = chain_of(5);
    const auto head = end_of(lines);
    change(lines[2].what);
    CHECK(verdict(lines, head) == "line 3 is not what was sealed: changed");
  }
}

TEST_CASE("an audit line that was removed, inserted or put elsewhere is found") {
  const auto whole = chain_of(5);
  const auto head = end_of(whole);
  auto lines = whole;
  lines.erase(lines.begin() + 1);
  CHECK(verdict(lines, head) == "line 2 is missing: removed");
  lines.erase(lines.begin() + 1);
  CHECK(verdict(lines, head) == "lines 2 to 3 are missing: removed");
  lines = whole;
  lines.erase(lines.begin());
  CHECK(verdict(lines, head) == "line 1 is missing: removed");
  lines = whole;
  lines.resize(3);
  CHECK(verdict(lines, head) == "the chain ends with line 3, and its head names line 5: the last ones were removed");
  CHECK(verdict(lines, end_of(lines)) == "whole"); // so an end is written down elsewhere
  CHECK(verdict(lines, end_of(lines), head) ==
        "the chain is shorter than the one that was written down: the last lines were removed");

  lines = whole;
  lines.insert(lines.begin() + 2, lines[1]);
  CHECK(verdict(lines, head) == "line 2 is there more than once: inserted");
  lines = whole;
  auto forged = entry{.id = 7, .actor = "admin"};
  lines.push_back({forged, seal_behind(head, forged)});
  CHECK(verdict(lines, head) == "the chain goes on behind its head's line 5: inserted, or the head was changed");
  lines = whole;
  std::swap(lines[1].what, lines[2].what);
  CHECK(verdict(lines, head) == "line 2 is not what was sealed: changed");
}

TEST_CASE("an audit line that was sealed anew after its change is found by the next one, a whole chain made anew by its anchor") {
  const auto whole = chain_of(5);
  auto lines = whole;
  lines[2].what.actor = "nobody";
  lines[2].by = seal_behind({2, lines[1].by.hash}, lines[2].what);
  CHECK(verdict(lines, end_of(whole)) == "line 4 does not carry the hash of the line before: one of the two was replaced");
  for (auto i = std::size_t{3}; i < lines.size(); ++i)
    lines[i].by = seal_behind({lines[i - 1].by.seq, lines[i - 1].by.hash}, lines[i].what);
  CHECK(verdict(lines, end_of(whole)) == "the head names another hash than that of line 5: changed");
  CHECK(verdict(lines, end_of(lines)) == "whole");
  CHECK(verdict(lines, end_of(lines), end_of(chain_of(4))) ==
        "line 4 has another hash than the one that was written down: the chain was made anew");
}

TEST_CASE("an anchor is read as it is printed, and nothing else is one") {
  const auto end = end_of(chain_of(3));
  CHECK(parse_anchor(print_anchor(end)) == end);
  for (const auto& wrong : {std::string{}, std::string{"3"}, std::string{"3:"}, std::string{"3:ab"}, "-1:" + std::string(64, 'a'),
                            "3:" + std::string(63, 'a') + "g", "3:" + std::string(65, 'a'), "x:" + std::string(64, 'a'),
                            "3:" + std::string(62, 'a') + "+1"})
    CHECK_FALSE(parse_anchor(wrong));
}

TEST_CASE("an audit line that was put in long after its time is found, one of a long transaction is not") {
  const auto verdict_with = [](std::chrono::microseconds behind) {
    auto out = std::vector<sealed>{};
    auto end = empty_chain();
    for (auto i = 1; i <= 3; ++i) {
      auto x = entry{.id = i, .at = timestamp{std::chrono::hours{5}}, .actor = "admin", .action = "key revoked"};
      if (i == 3)
        x.at -= behind;
      const auto by = seal_behind(end, x);
      out.push_back({x, by});
      end = {by.seq, by.hash};
    }
    return verdict(out, end_of(out));
  };
  CHECK(verdict_with(late_line_max) == "whole");
  CHECK(
      verdict_with(late_line_max + std::chrono::microseconds{1}) ==
      "line 3 is of 1970-01-01T03:59:59.999999Z, and the line before it of 1970-01-01T05:00:00Z: inserted later, or a clock was "
      "wrong");
}

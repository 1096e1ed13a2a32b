#include "model/drupal/version.hpp"
#include "tests/fuzz/input.hpp"

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// Input: three lines. What is a version keeps its text; all are in one order; and where the grammar speaks, the order is that of
// a comparison which splits at the punctuation and knows no sort key.

namespace {

using namespace ingot;
using fuzz::require;

/// A number of any length: how many digits it has, and these.
using number = std::pair<std::size_t, std::string>;

number number_of(std::string text) {
  text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
  return {text.size(), text};
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// Core, the three numbers, stage, its number, commits, and whether it came without a core.
using reference = std::tuple<number, number, number, number, int, number, number, int>;

std::optional<reference> stage_of(const std::string& text, const reference& of) {
  static const auto stages = std::vector<std::string>{"dev", "unstable", "alpha", "beta", "rc"};
  auto out = of;
  auto rest = text;
  if (const auto plus = rest.find('+'); plus != rest.npos) {
    const auto commits = rest.substr(plus + 1);
    if (!commits.ends_with("-dev") || !all_digits(commits.substr(0, commits.size() - 4)))
      return std::nullopt;
    std::get<6>(out) = number_of(commits.substr(0, commits.size() - 4));
    rest.resize(plus);
  }
  if (rest.empty()) {
    std::get<4>(out) = 9;
    return out;
  }
  for (std::size_t i = 0; i < stages.size(); ++i)
    if (rest.starts_with("-" + stages[i])) {
      const auto tail = rest.substr(1 + stages[i].size());
      if (!tail.empty() && (i == 0 || !all_digits(tail)))
        return std::nullopt;
      std::get<4>(out) = static_cast<int>(i);
      std::get<5>(out) = number_of(tail);
      return out;
    }
  return std::nullopt;
}

std::optional<reference> refer(const drupal::version& x) {
  auto text = x.text;
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  auto out = reference{number_of("8"), {}, {}, {}, 0, {}, {}, 1};
  const auto core = text.find(".x-");
  if (core != text.npos && all_digits(text.substr(0, core)) && core + 3 < text.size() && all_digits(text.substr(core + 3, 1))) {
    std::get<0>(out) = number_of(text.substr(0, core));
    std::get<7>(out) = 0;
    text.erase(0, core + 3);
  }
  auto numbers = std::array<number, 3>{};
  const auto end = std::min(text.find_first_of("-+"), text.size());
  auto head = text.substr(0, end) + ".";
  std::size_t count = 0;
  for (; !head.empty(); ++count) {
    const auto part = head.substr(0, head.find('.'));
    head.erase(0, part.size() + 1);
    const bool branch = part == "x" && count > 0 && head.empty();
    if (count == 3 || (!branch && !all_digits(part)))
      return std::nullopt;
    numbers[count] = branch ? number{1'000, "x"} : number_of(part);
  }
  std::tie(std::get<1>(out), std::get<2>(out), std::get<3>(out)) = std::tie(numbers[0], numbers[1], numbers[2]);
  return stage_of(text.substr(end), out);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  auto found = std::vector<std::pair<drupal::version, std::optional<reference>>>{};
  for (int i = 0; i < 3; ++i) {
    const auto text = in.line();
    const auto x = drupal::parse_version(text);
    require(x.has_value() == drupal::is_version(text));
    if (!x)
      continue;
    require(x->text == text && fuzz::is_storable(x->sort_key) && x->sort_key.size() <= 4 * drupal::version_size_max);
    found.emplace_back(*x, refer(*x));
    require((x->kind == drupal::version_kind::free_form) == !found.back().second);
  }
  for (const auto& [a, one] : found)
    for (const auto& [b, other] : found) {
      require(((a <=> b) == 0) == (a == b) && ((a < b) == (b > a)));
      if (one && other)
        require((a.sort_key <=> b.sort_key) == (*one <=> *other));
      else if (one.has_value() != other.has_value())
        require((a < b) == !one);
    }
  return 0;
}

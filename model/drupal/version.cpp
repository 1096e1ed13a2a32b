#include "model/drupal/version.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ingot::drupal {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Takes what it reads from the front of the text.
class reader {
public:
  explicit reader(std::string_view text) : rest_{text} {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view digits() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }

  /// A word, in any case.
  bool word(std::string_view expected) {
    if (rest_.size() < expected.size() ||
        !std::equal(expected.begin(), expected.end(), rest_.begin(), [](char a, char b) { return a == lower(b); }))
      return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

private:
  std::string_view rest_;
};

/// Numbers of any length order by their length first.
void append_number(std::string& key, std::string_view digits) {
  const auto zeros = digits.find_first_not_of('0');
  digits = zeros == std::string_view::npos ? std::string_view{} : digits.substr(zeros);
  key += static_cast<char>('0' + digits.size()); // at most version_size_max: `b`
  key += digits;
}

constexpr char any_number = '~'; // above every length

// From the least to the most mature. `unstable` is of Drupal 6 and 7.
constexpr auto stages = std::to_array<std::string_view>({"unstable", "alpha", "beta", "rc"});
constexpr char development_stage = '0';
constexpr char mature_stage = '9';

/// `8.x-`; what names no core is of today's, since only that has semantic versions.
std::string_view read_core(reader& in) {
  auto ahead = in;
  const auto core = ahead.digits();
  if (core.empty() || !ahead.word(".x-") || ahead.at_end() || !is_digit(ahead.rest().front()))
    return {};
  in = ahead;
  return core;
}

struct numbers {
  std::string key;
  bool is_branch = false; ///< the last is an `x`
};

/// One to three numbers, the last perhaps `x`; those that are absent count as 0.
std::optional<numbers> read_numbers(reader& in) {
  auto found = numbers{};
  auto count = 0;
  do {
    const auto digits = in.digits();
    if (digits.empty()) {
      if (count == 0 || !in.word("x"))
        return std::nullopt;
      found.is_branch = true;
      found.key += any_number;
    } else {
      append_number(found.key, digits);
    }
    ++count;
  } while (!found.is_branch && count < 3 && in.word("."));
  for (; count < 3; ++count)
    append_number(found.key, {});
  return found;
}

/// `-beta3`, `-dev` or nothing.
std::optional<std::string> read_stage(reader& in) {
  auto ahead = in;
  if (!ahead.word("-"))
    return std::string{mature_stage};
  if (ahead.word("dev")) {
    in = ahead;
    return std::string{development_stage};
  }
  for (auto i = std::size_t{0}; i < stages.size(); ++i)
    if (ahead.word(stages[i])) {
      auto key = std::string{static_cast<char>(development_stage + 1 + static_cast<int>(i))};
      append_number(key, ahead.digits());
      in = ahead;
      return key;
    }
  return std::nullopt;
}

/// `+4-dev`: so many commits after it.
std::optional<std::string_view> read_commits(reader& in) {
  if (in.at_end())
    return std::string_view{};
  if (!in.word("+"))
    return std::nullopt;
  const auto digits = in.digits();
  if (digits.empty() || !in.word("-dev"))
    return std::nullopt;
  return digits;
}

std::optional<version> read_by_grammar(std::string_view text) {
  auto in = reader{text};
  const auto core = read_core(in);
  const auto found = read_numbers(in);
  if (!found)
    return std::nullopt;
  const auto stage = read_stage(in);
  if (!stage)
    return std::nullopt;
  const auto commits = read_commits(in);
  if (!commits || !in.at_end())
    return std::nullopt;
  auto result = version{};
  result.text = text;
  const auto is_development = found->is_branch || stage->front() == development_stage || !commits->empty();
  result.kind = is_development ? version_kind::development : version_kind::release;
  result.sort_key = "1";
  append_number(result.sort_key, core.empty() ? "8" : core);
  result.sort_key += found->key + *stage;
  append_number(result.sort_key, *commits);
  result.sort_key += core.empty() ? '1' : '0'; // `2.0.0` follows `8.x-2.0`
  return result;
}

/// Runs of digits order as numbers, below all other characters.
version free_form(std::string_view text) {
  auto result = version{};
  result.text = text;
  result.sort_key = "0";
  for (auto in = text; !in.empty();) {
    auto number = reader{in};
    const auto digits = number.digits();
    if (digits.empty()) {
      result.sort_key += '~';
      result.sort_key += in.front();
      in.remove_prefix(1);
    } else {
      append_number(result.sort_key, digits);
      in = number.rest();
    }
  }
  return result;
}

} // namespace

bool is_version(std::string_view text) noexcept {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  return !text.empty() && text.size() <= version_size_max && std::all_of(text.begin(), text.end(), printable) &&
         text.front() != ' ' && text.back() != ' ';
}

std::optional<version> parse_version(std::string_view text) {
  if (!is_version(text))
    return std::nullopt;
  if (auto found = read_by_grammar(text))
    return found;
  return free_form(text);
}

} // namespace ingot::drupal

#pragma once

#include "model/github/api/permits.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace ingot::github::limiter {

/// One who waits for a permit.
struct waiter {
  std::uint64_t ticket = 0;
  std::uint32_t points = 1;
  timestamp since{};
};

inline bool is_background(contents::urgency x) noexcept {
  return x == contents::urgency::fallback || x == contents::urgency::nightly;
}

/// Those of one urgency: repositories take turns, and a repository's go in their order. Every call is O(1), whatever waits.
class waiting_line {
public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::int64_t points() const noexcept { return points_; }

  void add(const std::string& repository, const waiter& x);

  /// Whose turn it is. @pre !empty()
  const waiter& front();
  waiter take();

  /// Takes out the first of a repository if it is that one: whoever waits longest of all is always the first of its own.
  bool take_first(const std::string& repository, std::uint64_t ticket);

private:
  using queue = std::deque<waiter>;

  void pass_empty();

  std::unordered_map<std::string, queue> of_; ///< of the repositories in turns_, and of no others
  std::deque<std::string> turns_;
  std::size_t size_ = 0;
  std::int64_t points_ = 0;
};

/// The four lines of a resource, and whose turn it is among them: webhook before manual before fallback before nightly, but who
/// was passed over so often is next. So none starves as long as what it may use comes in at all.
class waiting_lines {
public:
  /// Of so many grants, one is a less urgent one's that waits, if there is something that it may use.
  static constexpr unsigned passed_over_max = 15;

  waiting_line& operator[](contents::urgency x) { return lines_[static_cast<std::size_t>(x)]; }
  const waiting_line& operator[](contents::urgency x) const { return lines_[static_cast<std::size_t>(x)]; }

  bool empty() const noexcept;
  std::size_t size() const noexcept;

  /// The urgency that is next of those that `may`; nothing when none of them waits.
  template <class May>
  std::optional<contents::urgency> next(const May& may) {
    auto first = std::optional<contents::urgency>{};
    auto longest = std::optional<contents::urgency>{};
    for (auto i = std::size_t{0}; i < contents::urgencies; ++i) {
      const auto x = static_cast<contents::urgency>(i);
      if (lines_[i].empty() || !may(x))
        continue;
      if (!first)
        first = x;
      if (passed_[i] >= passed_over_max && (!longest || passed_[i] > passed_[static_cast<std::size_t>(*longest)]))
        longest = x;
    }
    return longest ? longest : first;
  }

  /// Notes that one of `x` was granted: those less urgent that wait and have something `left` were passed over.
  template <class Left>
  void granted(contents::urgency x, const Left& left) {
    for (auto i = std::size_t{0}; i < contents::urgencies; ++i)
      if (lines_[i].empty())
        passed_[i] = 0;
      else if (static_cast<contents::urgency>(i) > x && left(static_cast<contents::urgency>(i)))
        ++passed_[i];
    passed_[static_cast<std::size_t>(x)] = 0;
  }

private:
  std::array<waiting_line, contents::urgencies> lines_;
  std::array<unsigned, contents::urgencies> passed_{};
};

} // namespace ingot::github::limiter

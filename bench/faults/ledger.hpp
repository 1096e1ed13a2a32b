#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

namespace ingot::faults {

/// Who sends. A chain is one key's requests, each sent when the one before is acknowledged:
/// a repository's deliveries, a site's syncs, an application's requests, a payment's events, a source's items, pushes to a
/// repository that is followed.
enum class intake : std::uint8_t { github, site, events, stripe, crawl, push };
inline constexpr std::size_t intakes = 6;
inline constexpr std::array<std::string_view, intakes> intake_names{"github", "site", "events", "stripe", "crawl", "push"};

/// One step of a chain.
struct step_log {
  static constexpr std::uint8_t nobody = 255;
  std::uint8_t node = nobody; ///< that acknowledged it
  bool elsewhere = false;     ///< it was sent to another node too, which may have written it

  bool acknowledged() const noexcept { return node != nobody; }
};

/// All steps of a chain; the last one at most was not acknowledged.
using chain_log = std::vector<step_log>;

/// Every acknowledgement of a run. Thread-safe; a chain has one sender.
class ledger {
public:
  /// The next step of a chain is about to be sent.
  void begin(intake of, std::int64_t chain) {
    std::lock_guard lock{mutex_};
    auto& steps = chains_[static_cast<std::size_t>(of)][chain];
    if (steps.empty()) {
      auto& recent = recent_[static_cast<std::size_t>(of)];
      recent.push_back(chain);
      if (recent.size() > recent_max)
        recent.pop_front();
    }
    steps.emplace_back();
  }

  /// The chains that began last: those that are under way are among them.
  std::vector<std::int64_t> recent(intake of) const {
    std::lock_guard lock{mutex_};
    const auto& x = recent_[static_cast<std::size_t>(of)];
    return {x.begin(), x.end()};
  }

  /// The chain's last step is sent to another node than the one that acknowledges it, or may be.
  void send_elsewhere(intake of, std::int64_t chain) {
    std::lock_guard lock{mutex_};
    chains_[static_cast<std::size_t>(of)][chain].back().elsewhere = true;
  }

  /// The chain's last step was acknowledged by `node`.
  void acknowledge(intake of, std::int64_t chain, std::size_t node) {
    ++acknowledged_[static_cast<std::size_t>(of)];
    std::lock_guard lock{mutex_};
    chains_[static_cast<std::size_t>(of)][chain].back().node = static_cast<std::uint8_t>(node);
  }

  std::uint64_t acknowledged(intake of) const noexcept { return acknowledged_[static_cast<std::size_t>(of)]; }

  std::uint64_t acknowledged() const noexcept {
    auto sum = std::uint64_t{0};
    for (const auto& x : acknowledged_)
      sum += x;
    return sum;
  }

  /// By chain. Only while nobody sends.
  const std::map<std::int64_t, chain_log>& chains(intake of) const noexcept { return chains_[static_cast<std::size_t>(of)]; }

private:
  static constexpr std::size_t recent_max = 96;
  mutable std::mutex mutex_;
  std::array<std::deque<std::int64_t>, intakes> recent_;
  std::array<std::map<std::int64_t, chain_log>, intakes> chains_;
  std::array<std::atomic<std::uint64_t>, intakes> acknowledged_{};
};

/// How many steps of a chain were acknowledged: all but the last at least.
inline std::size_t acknowledged_of(const chain_log& x) noexcept {
  return x.size() - (!x.empty() && !x.back().acknowledged() ? 1 : 0);
}

} // namespace ingot::faults

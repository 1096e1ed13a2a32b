#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::faults {

/// What a run may find wrong with the node. Each kind breaks a law of docs/architecture.md.
enum class finding_kind : std::uint8_t {
  lost,            ///< acknowledged, and not in the database
  applied_twice,   ///< its effect is there more than once
  inverted,        ///< one key's requests, acknowledged one after the other by one node, are in reverse order
  regressed,       ///< a row went back to an older state, or ends in one
  disagrees,       ///< derived rows are not what their sources come to: rollups, the search, references
  job_unfinished,  ///< a job that is neither over nor dead with a reason
  budget_exceeded, ///< a request to GitHub's stand-in beyond a limit, or without a credential
  refused,         ///< a good request was refused for good
  node_ended,      ///< a node ended that nobody had killed
};
inline constexpr std::array<std::string_view, 9> finding_names{
    "lost", "applied_twice", "inverted", "regressed", "disagrees", "job_unfinished", "budget_exceeded", "refused", "node_ended"};

constexpr std::string_view to_string(finding_kind x) noexcept {
  return finding_names[static_cast<std::size_t>(x)];
}

/// Gathers findings. Thread-safe.
class findings {
public:
  /// Of each kind so many are told in words; the others are counted.
  static constexpr std::size_t told_max = 20;

  void add(finding_kind kind, std::string what) {
    std::lock_guard lock{mutex_};
    ++counts_[kind];
    if (auto& told = told_[kind]; told.size() < told_max)
      told.push_back(std::move(what));
  }

  std::uint64_t count(finding_kind kind) const {
    std::lock_guard lock{mutex_};
    const auto found = counts_.find(kind);
    return found == counts_.end() ? 0 : found->second;
  }

  std::uint64_t count() const {
    std::lock_guard lock{mutex_};
    auto sum = std::uint64_t{0};
    for (const auto& [kind, n] : counts_)
      sum += n;
    return sum;
  }

  /// `kind: what`, those that are told.
  std::vector<std::string> lines() const {
    std::lock_guard lock{mutex_};
    auto out = std::vector<std::string>{};
    for (const auto& [kind, told] : told_)
      for (const auto& x : told)
        out.push_back(std::string{to_string(kind)} + ": " + x);
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::map<finding_kind, std::uint64_t> counts_;
  std::map<finding_kind, std::vector<std::string>> told_;
};

} // namespace ingot::faults

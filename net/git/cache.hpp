#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace ingot::git {

/// Bare clones of remotes, a folder each, so that a later sync fetches only what is new. The rule by which they go:
/// - a clone of more than packs_max packs is removed after its sync; the next fetch that finds news fetches it whole,
/// - after each sync the clones that were not used for the longest time are removed until all take at most bytes_max together.
/// Thread-safe; the folder is this process's own.
class cache {
public:
  static constexpr std::size_t packs_max = 50;
  static constexpr std::uint64_t bytes_max = 8ull * 1024 * 1024 * 1024;

  explicit cache(std::filesystem::path folder) : folder_{std::move(folder)} {}

  /// The one user of a clone; it may not be there yet.
  class lease {
  public:
    lease(cache& of, std::string name) : of_{of}, name_{std::move(name)} {}
    ~lease();
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;

    std::filesystem::path path() const { return of_.folder_ / name_; }
    /// Throws its content away.
    void discard() noexcept;
    /// Removes what an attempt that was killed left, and notes the use.
    void freshen() const;

  private:
    cache& of_;
    std::string name_;
  };

  /// Waits until nobody else uses the clone of `url`. Throws contents::provider_error(transient) after `patience`.
  std::unique_ptr<lease> take(const std::string& url, std::chrono::milliseconds patience);

  /// Applies the rule. @param just_synced is held by the caller
  void trim(lease& just_synced, std::uint64_t bytes_at_most = bytes_max, std::size_t packs_at_most = packs_max);

private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::condition_variable released_;
  std::set<std::string> used_;
};

} // namespace ingot::git

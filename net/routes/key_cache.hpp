#pragma once

#include "model/time.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace ingot::routes {

/// Keys that were found in the database a moment ago, by their hashes. Only keys that exist are remembered, so that strangers
/// cannot fill it. Thread-safe.
template <class Holder, int Seconds = 10>
class key_cache {
public:
  /// A revoked key may live so long where nothing else looks at it. (A sync looks again, in its transaction.)
  static constexpr std::chrono::seconds remembered{Seconds};
  /// Past it all are forgotten.
  static constexpr std::size_t keys_max = 100'000;

  std::optional<Holder> find(const std::string& hash, timestamp now) const {
    const auto lock = std::lock_guard{guard_};
    const auto found = entries_.find(hash);
    if (found == entries_.end() || found->second.until < now)
      return std::nullopt;
    return found->second.holder;
  }

  void remember(const std::string& hash, const Holder& holder, timestamp now) {
    const auto lock = std::lock_guard{guard_};
    if (entries_.size() >= keys_max)
      entries_.clear();
    entries_[hash] = {holder, now + remembered};
  }

  void forget(std::int64_t key_id) {
    forget_if([key_id](const Holder& x) { return x.key_id == key_id; });
  }

  template <class Predicate>
  void forget_if(Predicate is_meant) {
    const auto lock = std::lock_guard{guard_};
    std::erase_if(entries_, [&](const auto& x) { return is_meant(x.second.holder); });
  }

private:
  struct entry {
    Holder holder;
    timestamp until;
  };
  mutable std::mutex guard_;
  std::unordered_map<std::string, entry> entries_;
};

} // namespace ingot::routes

#pragma once

#include "model/api_key.hpp"
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
class site_keys {
public:
  /// A revoked key may live so long where nothing else looks at it. (A sync looks again, in its transaction.)
  static constexpr std::chrono::seconds remembered{10};
  /// Past it all are forgotten.
  static constexpr std::size_t keys_max = 100'000;

  std::optional<api_key_holder> find(const std::string& hash, timestamp now) const;
  void remember(const std::string& hash, const api_key_holder& holder, timestamp now);
  void forget(std::int64_t key_id);
  void forget_site(std::int64_t site_id);

private:
  struct entry {
    api_key_holder holder;
    timestamp until;
  };
  mutable std::mutex guard_;
  std::unordered_map<std::string, entry> entries_;
};

} // namespace ingot::routes

#pragma once

#include "model/crawl/items.hpp"
#include "model/time.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ingot::crawl {

/// What became of the items of one request.
struct item_counts {
  std::size_t created = 0, updated = 0, unchanged = 0;
};

/// The items of one request as they reach the database. Views and pointers are the caller's.
struct arrival {
  std::string_view source_id;
  std::span<const item> items;
  timestamp received_at{};
};

/// A row to be written.
struct changed_item {
  std::string_view source_id;
  const item* what = nullptr;
  timestamp at{};
};

/// Content hashes that are stored, by item_ref().
using stored_hashes = std::unordered_map<std::string, std::string>;

struct change_set {
  std::vector<item_counts> counts;   ///< of each arrival
  std::vector<changed_item> changed; ///< by source and external id, bytewise; each once
};

/// What identifies an item among all sources, and its document in the search: `source/external id`. A source's id has no slash.
std::string item_ref(std::string_view source_id, std::string_view external_id);

/// What arrivals change, one after the other: an item has no time of its own, so the last one received counts (laws 3 and 4).
change_set decide(std::span<const arrival> arrivals, const stored_hashes& stored);

} // namespace ingot::crawl

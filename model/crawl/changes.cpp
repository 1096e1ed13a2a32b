#include "model/crawl/changes.hpp"

#include <map>
#include <utility>

namespace ingot::crawl {

std::string item_ref(std::string_view source_id, std::string_view external_id) {
  return std::string{source_id} + '/' + std::string{external_id};
}

change_set decide(std::span<const arrival> arrivals, const stored_hashes& stored) {
  auto out = change_set{};
  auto changed = std::map<std::pair<std::string_view, std::string_view>, changed_item>{};
  for (const auto& from : arrivals) {
    auto& counts = out.counts.emplace_back();
    for (const auto& x : from.items) {
      const auto key = std::pair{from.source_id, std::string_view{x.external_id}};
      const auto before = changed.find(key);
      const auto in_rows = stored.find(item_ref(from.source_id, x.external_id));
      const auto* hash = before != changed.end()   ? &before->second.what->content_hash
                         : in_rows != stored.end() ? &in_rows->second
                                                   : nullptr;
      if (hash != nullptr && *hash == x.content_hash) {
        ++counts.unchanged;
        continue;
      }
      ++(hash == nullptr ? counts.created : counts.updated);
      changed.insert_or_assign(key, changed_item{from.source_id, &x, from.received_at});
    }
  }
  for (const auto& [key, x] : changed)
    out.changed.push_back(x);
  return out;
}

} // namespace ingot::crawl

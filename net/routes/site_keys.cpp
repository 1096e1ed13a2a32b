#include "net/routes/site_keys.hpp"

namespace ingot::routes {

std::optional<api_key_holder> site_keys::find(const std::string& hash, timestamp now) const {
  const auto lock = std::lock_guard{guard_};
  const auto found = entries_.find(hash);
  if (found == entries_.end() || found->second.until < now)
    return std::nullopt;
  return found->second.holder;
}

void site_keys::remember(const std::string& hash, const api_key_holder& holder, timestamp now) {
  const auto lock = std::lock_guard{guard_};
  if (entries_.size() >= keys_max)
    entries_.clear();
  entries_[hash] = {holder, now + remembered};
}

void site_keys::forget(std::int64_t key_id) {
  const auto lock = std::lock_guard{guard_};
  std::erase_if(entries_, [key_id](const auto& x) { return x.second.holder.key_id == key_id; });
}

void site_keys::forget_site(std::int64_t site_id) {
  const auto lock = std::lock_guard{guard_};
  std::erase_if(entries_, [site_id](const auto& x) { return x.second.holder.site_id == site_id; });
}

} // namespace ingot::routes

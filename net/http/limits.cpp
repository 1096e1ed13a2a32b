#include "net/http/limits.hpp"

namespace ingot::http {

bool limits::enter_connection(const std::string& address_key) {
  if (!take(connections_, 1, settings_.connections_max))
    return false;
  if (address_key.empty())
    return true;
  const std::lock_guard lock(mutex_);
  auto& count = per_address_[address_key];
  if (count < settings_.connections_per_address_max) {
    ++count;
    return true;
  }
  if (count == 0)
    per_address_.erase(address_key);
  connections_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void limits::leave_connection(const std::string& address_key) noexcept {
  connections_.fetch_sub(1, std::memory_order_relaxed);
  if (address_key.empty())
    return;
  const std::lock_guard lock(mutex_);
  const auto it = per_address_.find(address_key);
  if (it != per_address_.end() && --it->second == 0)
    per_address_.erase(it);
}

} // namespace ingot::http

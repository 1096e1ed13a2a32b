#include "net/http/turns.hpp"

#include <algorithm>

namespace ingot::http {

void turns::lately::note(std::uint64_t id, steady_time now) noexcept {
  if (last_.first != id)
    before_ = std::exchange(last_, {id, now});
  last_.second = now;
}

bool turns::lately::has_other_than(std::uint64_t id, steady_time now) const noexcept {
  const auto& other = last_.first == id ? before_ : last_;
  return other.first != id && other.first != 0 && now - other.second < memory;
}

bool turns::has_room(const address_requests& address, const sender& who, std::size_t weight, steady_time now) const noexcept {
  return who.address == 0 || address.held == 0 || address.held + weight <= per_sender_ * senders_per_address ||
         !addresses_lately_.has_other_than(who.address, now);
}

bool turns::has_room(const tenant_requests& tenant, std::size_t weight, steady_time now) const noexcept {
  return tenant.held == 0 || tenant.held + weight <= per_sender_ || !tenants_lately_.has_other_than(tenant.id, now);
}

bool turns::admit(const sender& who, std::size_t weight, steady_time now) {
  const auto id = tenant_key(who);
  tenants_lately_.note(id, now);
  if (who.address != 0)
    addresses_lately_.note(who.address, now);
  auto& address = addresses_[address_key(who)];
  auto& tenant = tenants_[id];
  tenant.id = id;
  const auto would_pass = std::any_of(address.in_turn.begin(), address.in_turn.end(), [&](const tenant_requests* x) {
    return has_room(*x, x->waiting.front().weight, now); // it waits for the address
  });
  if (!tenant.waiting.empty() || would_pass || !has_room(address, who, weight, now) || !has_room(tenant, weight, now))
    return false;
  address.held += weight;
  tenant.held += weight;
  return true;
}

void turns::put_behind(const sender& who, waiter x) {
  auto& tenant = tenants_[tenant_key(who)];
  if (tenant.waiting.empty())
    addresses_[address_key(who)].in_turn.push_back(&tenant);
  tenant.waiting.push_back(std::move(x));
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

/// One request of each sender in turn, as long as the address has room. Who has to wait for its own keeps its place.
void turns::grant(address_requests& address, const sender& who, steady_time now, std::vector<responder>& out) {
  for (auto at = address.in_turn.begin(); at != address.in_turn.end() && has_room(address, who, 1, now);) {
    auto& tenant = **at;
    const auto weight = tenant.waiting.front().weight;
    if (!has_room(tenant, weight, now)) {
      ++at;
      continue;
    }
    if (!has_room(address, who, weight, now))
      return; // whoever waits for the address is passed by nobody, however light
    address.held += weight;
    tenant.held += weight;
    out.push_back(std::move(tenant.waiting.front().told));
    tenant.waiting.pop_front();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    address.in_turn.erase(at);
    if (!tenant.waiting.empty())
      address.in_turn.push_back(&tenant);
    at = address.in_turn.begin();
  }
}

std::vector<responder> turns::leave(const sender& who, std::size_t weight, steady_time now) {
  auto out = std::vector<responder>{};
  const std::lock_guard lock{mutex_};
  auto& address = addresses_[address_key(who)];
  address.held -= weight;
  tenants_[tenant_key(who)].held -= weight;
  grant(address, who, now, out);
  forget_idle(address_key(who), tenant_key(who));
  return out;
}

std::vector<responder> turns::give_up(steady_time limit) {
  auto out = std::vector<responder>{};
  if (waiting() == 0)
    return out;
  const std::lock_guard lock{mutex_};
  for (auto& [key, address] : addresses_)
    std::erase_if(address.in_turn, [&](tenant_requests* tenant) {
      for (auto& waiting = tenant->waiting; !waiting.empty() && waiting.front().since < limit; waiting.pop_front()) {
        out.push_back(std::move(waiting.front().told));
        waiting_.fetch_sub(1, std::memory_order_relaxed);
      }
      return tenant->waiting.empty();
    });
  // Those that waited for another sender of their address have nothing left that would make them forgotten.
  std::erase_if(tenants_, [](const auto& x) { return x.second.held == 0 && x.second.waiting.empty(); });
  std::erase_if(addresses_, [](const auto& x) { return x.second.held == 0 && x.second.in_turn.empty(); });
  return out;
}

void turns::forget_idle(std::uint64_t address, std::uint64_t tenant) {
  if (const auto found = tenants_.find(tenant); found->second.held == 0 && found->second.waiting.empty())
    tenants_.erase(found);
  if (const auto found = addresses_.find(address); found->second.held == 0 && found->second.in_turn.empty())
    addresses_.erase(found);
}

} // namespace ingot::http

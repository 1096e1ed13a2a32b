#include "net/github/connection_pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ingot::github {

namespace {

/// Servers close what is idle for about a minute: one that is younger than this is most likely still open.
constexpr auto idle_max = std::chrono::seconds{20};

} // namespace

connection_pool::connection_pool(const tls_trust& trust, std::size_t connections_max)
    : trust_{trust}, connections_max_{std::max<std::size_t>(1, connections_max)} {}

connection_pool::lease::lease(connection_pool& from, const origin& at) : from_{&from}, at_{at} {}

connection_pool::lease::lease(lease&& other) noexcept
    : from_{std::exchange(other.from_, nullptr)}, at_{std::move(other.at_)}, use_{std::move(other.use_)}, fresh_{other.fresh_},
      public_{other.public_} {}

connection_pool::lease::~lease() {
  if (from_ == nullptr)
    return;
  use_.reset(); // before its place is free
  from_->give_back(at_, nullptr, false);
}

void connection_pool::lease::keep() {
  if (use_ && use_->is_reusable())
    std::exchange(from_, nullptr)->give_back(at_, std::move(use_), public_);
}

connection_pool::lease connection_pool::take(const origin& at, const dialling& how, bool fresh) {
  auto lock = std::unique_lock{mutex_};
  if (!freed_.wait_for(lock, how.timeout, [&] { return rooms_[at].in_use < connections_max_; }))
    throw connection_failure{at.authority() + ": all " + std::to_string(connections_max_) + " connections are in use",
                             connection_failure::reason::other};
  ++rooms_[at].in_use;
  auto out = lease{*this, at}; // gives the place back whatever happens now
  if (!fresh && take_idle(rooms_[at], how.public_only, out))
    return out;
  lock.unlock();
  out.public_ = how.public_only;
  out.use_ = connection::open(at, trust_, how);
  return out;
}

bool connection_pool::take_idle(room& from, bool public_only, lease& into) {
  while (!from.idle.empty()) {
    auto last = std::move(from.idle.back());
    from.idle.pop_back();
    if (clock::now() - last.since >= idle_max || (public_only && !last.is_public) || !last.it->is_quiet())
      continue;
    into.use_ = std::move(last.it);
    into.public_ = last.is_public;
    into.fresh_ = false;
    return true;
  }
  return false;
}

void connection_pool::give_back(const origin& at, std::unique_ptr<connection> x, bool is_public) {
  auto closed = std::vector<idle_connection>{}; // after the lock
  {
    const auto lock = std::lock_guard{mutex_};
    auto& here = rooms_[at];
    --here.in_use;
    if (x)
      here.idle.push_back({std::move(x), clock::now(), is_public});
    close_old(closed);
  }
  freed_.notify_all();
}

void connection_pool::close_old(std::vector<idle_connection>& closed) {
  const auto now = clock::now();
  for (auto at = rooms_.begin(); at != rooms_.end();) {
    auto& idle = at->second.idle;
    const auto young = std::find_if(idle.begin(), idle.end(), [&](const auto& x) { return now - x.since < idle_max; });
    std::move(idle.begin(), young, std::back_inserter(closed));
    idle.erase(idle.begin(), young);
    at = idle.empty() && at->second.in_use == 0 ? rooms_.erase(at) : std::next(at);
  }
}

} // namespace ingot::github

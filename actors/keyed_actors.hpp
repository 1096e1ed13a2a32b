#pragma once

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include <malloc.h>

namespace ingot {

/// The children of REPOSITORIES and SITES: one actor for each key that is busy or was lately. Passes items in order, lets the
/// longest idle go beyond a number and an age, and starts anew what fell. Lives in the state of the actor that owns it.
template <class Handle, class Item>
class keyed_actors {
public:
  using time_point = caf::actor_clock::time_point;

  /// How the owner deals with its children.
  struct owner {
    std::size_t live_max = 1;
    std::chrono::milliseconds idle{60'000};
    std::function<Handle(std::int64_t key)> start;            ///< spawns a monitored child
    std::function<void(const Handle&, Item)> pass;            ///< sends it an item
    std::function<void(const Handle&)> ask_to_leave;          ///< it answers left()
    std::function<void(const Handle&, caf::exit_reason)> end; ///< sends it an exit
  };

  keyed_actors() = default;
  explicit keyed_actors(owner how) : how_{std::move(how)} {}
  keyed_actors(keyed_actors&&) = default;
  keyed_actors& operator=(keyed_actors&&) = default;

  /// Orphans have nobody who would let them go. (A monitor in each child would leave a trace here for every child that ever
  /// lived.)
  ~keyed_actors() {
    for (const auto& [key, x] : entries_)
      caf::anon_send_exit(x.handle, caf::exit_reason::user_shutdown);
  }

  /// Passes an item to the child of its key, which is started when there is none.
  void pass_on(std::int64_t key, Item x, time_point now) {
    auto& to = entry_of(key, now);
    if (to.leaving)
      to.waiting.push_back(std::move(x));
    else
      how_.pass(to.handle, std::move(x));
  }

  /// A child that was asked to leave has ended, or is busy.
  void left(std::int64_t key, bool ended) {
    auto found = entries_.find(key);
    if (found == entries_.end() || !found->second.leaving)
      return;
    auto& x = found->second;
    if (ended && x.waiting.empty()) {
      forget(key);
      return;
    }
    if (ended) {
      by_address_.erase(x.handle.address());
      start(key, x);
    }
    x.leaving = false;
    pass_waiting(x);
  }

  /// A child fell: what it held is lost with it; the next item starts it anew.
  void fallen(const caf::actor_addr& address) {
    auto found = by_address_.find(address);
    if (found == by_address_.end())
      return;
    const auto key = found->second;
    auto& x = entries_.at(key);
    if (x.waiting.empty()) {
      forget(key);
      return;
    }
    by_address_.erase(found);
    start(key, x);
    pass_waiting(x);
  }

  void let_idle_go(time_point now) {
    while (!oldest_first_.empty()) {
      auto& x = entries_.at(oldest_first_.front());
      if (x.leaving || x.last_used > now - how_.idle)
        break;
      ask_to_leave(x);
    }
  }

  /// Ends all of them; what comes next starts them anew.
  void start_over() {
    for (auto& [key, x] : entries_)
      how_.end(x.handle, caf::exit_reason::kill);
    entries_.clear();
    by_address_.clear();
    oldest_first_.clear();
  }

  std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    Handle handle;
    time_point last_used;
    std::list<std::int64_t>::iterator by_age;
    bool leaving = false; ///< asked to end; what comes meanwhile waits here, in order
    std::vector<Item> waiting;
  };

  /// An operating system call, not a timer: after so many actors have ended their pages are given back.
  static constexpr std::size_t let_go_before_trim = 1'000;

  entry& entry_of(std::int64_t key, time_point now) {
    if (auto found = entries_.find(key); found != entries_.end()) {
      found->second.last_used = now;
      oldest_first_.splice(oldest_first_.end(), oldest_first_, found->second.by_age);
      return found->second;
    }
    if (entries_.size() >= how_.live_max)
      if (auto& oldest = entries_.at(oldest_first_.front()); !oldest.leaving)
        ask_to_leave(oldest);
    auto& added = entries_[key];
    added.last_used = now;
    added.by_age = oldest_first_.insert(oldest_first_.end(), key);
    start(key, added);
    return added;
  }

  void start(std::int64_t key, entry& x) {
    x.handle = how_.start(key);
    by_address_.emplace(x.handle.address(), key);
    x.leaving = false;
  }

  void ask_to_leave(entry& x) {
    x.leaving = true;
    oldest_first_.splice(oldest_first_.end(), oldest_first_, x.by_age); // so that those that stay are found at the front
    how_.ask_to_leave(x.handle);
  }

  void pass_waiting(entry& x) {
    for (auto& item : std::exchange(x.waiting, {}))
      how_.pass(x.handle, std::move(item));
  }

  void forget(std::int64_t key) {
    auto found = entries_.find(key);
    by_address_.erase(found->second.handle.address());
    oldest_first_.erase(found->second.by_age);
    entries_.erase(found);
    if (++let_go_ >= let_go_before_trim) {
      let_go_ = 0;
      malloc_trim(0);
    }
  }

  owner how_;
  std::unordered_map<std::int64_t, entry> entries_;
  std::unordered_map<caf::actor_addr, std::int64_t> by_address_;
  std::list<std::int64_t> oldest_first_;
  std::size_t let_go_ = 0; ///< since memory was last given back
};

} // namespace ingot

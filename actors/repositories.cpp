#include "actors/repositories.hpp"

#include "actors/failure_guard.hpp"
#include "actors/repository.hpp"

#include <malloc.h>

namespace ingot {

namespace {

using repositories_pointer = repositories_actor::stateful_pointer<repositories_state>;

constexpr auto sweep_interval = std::chrono::seconds{5};

/// An operating system call, not a timer: after so many actors have ended their pages are given back.
constexpr auto let_go_before_trim = std::size_t{1'000};

/// Ignored events and installations change no repository's rows in order: they are only kept.
void pass_to_writer(repositories_pointer self, const delivery_ptr& x) {
  auto& state = self->state;
  auto group = std::make_shared<repository_group>();
  group->keyed = false;
  const auto index = writer_of(x->kept.repository_id, state.writers.size());
  group->add(x);
  caf::anon_send(state.writers[index], commit_atom_v, std::move(group));
}

void ask_to_leave(repositories_pointer self, repositories_state::entry& x) {
  x.leaving = true;
  auto& by_age = self->state.oldest_first;
  by_age.splice(by_age.end(), by_age, x.by_age); // so that those that stay are found at the front
  self->send(x.handle, leave_atom_v);
}

void start_repository(repositories_pointer self, std::int64_t id, repositories_state::entry& x) {
  auto& state = self->state;
  const auto& writer = state.writers[writer_of(id, state.writers.size())];
  x.handle =
      self->spawn<caf::monitored>(repository, state.context, id, writer, caf::actor_cast<repositories_actor>(self->ctrl()));
  state.by_address.emplace(x.handle.address(), id);
  x.leaving = false;
}

repositories_state::entry& entry_of(repositories_pointer self, std::int64_t id) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (auto found = state.entries.find(id); found != state.entries.end()) {
    found->second.last_used = now;
    state.oldest_first.splice(state.oldest_first.end(), state.oldest_first, found->second.by_age);
    return found->second;
  }
  if (state.entries.size() >= state.context->config.actors.repositories_max)
    if (auto& oldest = state.entries.at(state.oldest_first.front()); !oldest.leaving)
      ask_to_leave(self, oldest);
  auto& added = state.entries[id];
  added.last_used = now;
  added.by_age = state.oldest_first.insert(state.oldest_first.end(), id);
  start_repository(self, id, added);
  return added;
}

void forget(repositories_state& state, std::int64_t id) {
  auto found = state.entries.find(id);
  state.by_address.erase(found->second.handle.address());
  state.oldest_first.erase(found->second.by_age);
  state.entries.erase(found);
  if (++state.let_go >= let_go_before_trim) {
    state.let_go = 0;
    malloc_trim(0);
  }
}

void take_back_or_forget(repositories_pointer self, std::int64_t id, bool ended) {
  auto& state = self->state;
  auto found = state.entries.find(id);
  if (found == state.entries.end() || !found->second.leaving)
    return;
  auto& x = found->second;
  if (ended && x.waiting.empty()) {
    forget(state, id);
    return;
  }
  if (ended) {
    state.by_address.erase(x.handle.address());
    start_repository(self, id, x);
  }
  x.leaving = false;
  for (auto& delivery : std::exchange(x.waiting, {}))
    self->send(x.handle, deliver_atom_v, std::move(delivery));
}

/// A REPOSITORY fell: its senders were answered by their replies; the next delivery starts it anew.
void replace_fallen(repositories_pointer self, const caf::actor_addr& address) {
  auto& state = self->state;
  auto found = state.by_address.find(address);
  if (found == state.by_address.end())
    return;
  const auto id = found->second;
  auto& x = state.entries.at(id);
  if (x.waiting.empty()) {
    forget(state, id);
    return;
  }
  state.by_address.erase(found);
  start_repository(self, id, x);
  for (auto& delivery : std::exchange(x.waiting, {}))
    self->send(x.handle, deliver_atom_v, std::move(delivery));
}

void pass_on(repositories_pointer self, const delivery_ptr& x) {
  if (!is_keyed(x->event)) {
    pass_to_writer(self, x);
    return;
  }
  auto& to = entry_of(self, x->kept.repository_id);
  if (to.leaving)
    to.waiting.push_back(x);
  else
    self->send(to.handle, deliver_atom_v, x);
}

void let_idle_go(repositories_pointer self) {
  auto& state = self->state;
  const auto oldest = self->clock().now() - state.context->config.actors.repository_idle;
  while (!state.oldest_first.empty()) {
    auto& x = state.entries.at(state.oldest_first.front());
    if (x.leaving || x.last_used > oldest)
      break;
    ask_to_leave(self, x);
  }
  self->delayed_send(self, sweep_interval, tick_atom_v);
}

void start_over(repositories_pointer self, std::vector<writer_actor> writers) {
  auto& state = self->state;
  for (auto& [id, x] : state.entries)
    self->send_exit(x.handle, caf::exit_reason::kill);
  state.entries.clear();
  state.by_address.clear();
  state.oldest_first.clear();
  state.writers = std::move(writers);
}

} // namespace

repositories_state::~repositories_state() {
  for (const auto& [id, x] : entries)
    caf::anon_send_exit(x.handle, caf::exit_reason::user_shutdown);
}

std::size_t writer_of(std::int64_t repository_id, std::size_t writers) noexcept {
  // Fibonacci hashing: neighbouring ids of one organization spread.
  return static_cast<std::size_t>((static_cast<std::uint64_t>(repository_id) * 0x9E3779B97F4A7C15ull) >> 33) % writers;
}

repositories_actor::behavior_type repositories(repositories_pointer self, context_ptr context,
                                               std::vector<writer_actor> writers) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.writers = std::move(writers);
  self->set_down_handler([self](caf::down_msg& x) { replace_fallen(self, x.source); });
  self->delayed_send(self, sweep_interval, tick_atom_v);
  return {
      [self](deliver_atom, const std::vector<delivery_ptr>& deliveries) {
        for (const auto& x : deliveries)
          pass_on(self, x);
      },
      [self](left_atom, std::int64_t id, bool ended) { take_back_or_forget(self, id, ended); },
      [self](writers_atom, std::vector<writer_actor> anew) { start_over(self, std::move(anew)); },
      [self](collect_atom) { return static_cast<std::uint64_t>(self->state.entries.size()); },
      [self](tick_atom) { let_idle_go(self); },
  };
}

} // namespace ingot

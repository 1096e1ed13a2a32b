#include "actors/spool.hpp"

#include "actors/failure_guard.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ingot {

namespace {

using spool_pointer = spool_actor::stateful_pointer<spool_state>;
using phase = spool_state::phase;

/// A probe connects and may migrate; a drain commits a batch, perhaps halving it many times. Past these the next tick asks anew.
constexpr auto probe_timeout = std::chrono::minutes{15};
constexpr auto drain_timeout = std::chrono::minutes{5};

/// Of a file that cannot be opened, what was known last.
void publish_depth(spool_state& state) {
  if (!state.file)
    return;
  state.context->spool_depth = state.file->depth();
  state.context->spool_bytes = state.file->bytes();
}

/// Puts into the log what was found damaged since the last time.
void tell_damage(spool_state& state) {
  const auto& damage = state.file->damage();
  if (damage.size() > std::exchange(state.damage_told, damage.size()))
    log::error("spool was damaged", {{"reason", damage}});
}

/// Opens the file, or anew one that failed: all of it is read through then, so not for each sender that comes meanwhile.
void open(spool_pointer self) {
  auto& state = self->state;
  const auto started = self->clock().now();
  if (started < state.reopen_at)
    return;
  state.file = nullptr; // it is one process's, and one opening's
  state.damage_told = 0;
  try {
    state.file = state.context->open_spool();
    tell_damage(state);
  } catch (const std::exception& e) {
    log::error("spool cannot be opened", {{"reason", std::string_view{e.what()}}});
  }
  const auto ended = self->clock().now();
  state.reopen_at = ended + (ended - started) + state.context->config.database.probe_interval;
}

bool can_be_read(spool_pointer self) {
  if (!self->state.file)
    open(self);
  return self->state.file != nullptr;
}

/// What a file that failed holds is safe, and drained; what comes next gets another chance.
bool can_be_added_to(spool_pointer self) {
  if (!self->state.file || !self->state.file->trusted())
    open(self);
  return self->state.file != nullptr;
}

void answer_all(const std::vector<spool_state::arrival>& arrived, const failure& why) {
  for (const auto& x : arrived)
    for (const auto& d : x.deliveries)
      if (d->answer)
        (*d->answer)(receipt{delivery_outcome::failed, why});
}

/// All that has arrived becomes one transaction of the file.
void keep(spool_pointer self) {
  auto& state = self->state;
  state.flush_sent = false;
  const auto arrived = std::exchange(state.arrived, {});
  auto items = std::vector<const delivery*>{};
  for (const auto& x : arrived)
    for (const auto& d : x.deliveries)
      items.push_back(&d->kept);
  if (items.empty())
    return;
  const auto started = std::chrono::steady_clock::now();
  try {
    if (!can_be_added_to(self))
      throw std::runtime_error{"the spool cannot be opened"};
    const auto fresh = state.file->append(items);
    state.context->counters.spooled(items.size(),
                                    std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    auto i = std::size_t{0};
    for (const auto& x : arrived)
      for (const auto& d : x.deliveries) {
        const auto outcome = !fresh[i++]          ? delivery_outcome::duplicate
                             : d->event.ignored() ? delivery_outcome::ignored
                                                  : delivery_outcome::stored;
        if (d->answer)
          (*d->answer)(receipt{outcome, {}});
      }
  } catch (const std::exception& e) {
    log::error("spool refuses", {{"reason", std::string_view{e.what()}}});
    answer_all(arrived, {fault::storage_unavailable, std::string{"the database is away and "} + e.what(), {}});
  }
  for (const auto& x : arrived)
    state.dealt_with[x.client] += x.deliveries.size();
  publish_depth(state);
}

void drain_now(spool_pointer self) {
  self->state.now = phase::draining;
  self->send(self, tick_atom_v);
}

void probe_later(spool_pointer self) {
  self->state.now = phase::probing;
  // None holds its groups back while nobody drains.
  for (const auto& x : self->state.clients)
    self->send(x.handle, away_atom_v);
  self->delayed_send(self, self->state.context->config.database.probe_interval, tick_atom_v);
}

/// Each client goes on by itself when it has forwarded nothing that is not dealt with.
void tell_drained(spool_pointer self) {
  auto& state = self->state;
  state.context->database = database_state::direct;
  for (auto i = std::size_t{0}; i < state.clients.size(); ++i)
    self->send(state.clients[i].handle, drained_atom_v, state.dealt_with[i]);
  state.now = phase::resting;
}

/// A batch with a delivery that the database takes in no form is drained in halves, until that one is alone and can be set aside.
void drain_around_refused(spool_pointer self, std::int64_t alone) {
  auto& state = self->state;
  if (state.drain_items > 1) {
    state.drain_items /= 2;
  } else if (state.file) {
    log::error("spooled delivery set aside", {{"number", alone}});
    state.file->set_aside(alone);
    state.damage_told = state.file->damage().size();
  }
  self->send(self, tick_atom_v);
}

/// The deliveries of one source, for the client that takes them back.
struct drain_part {
  spool_client_actor to;
  std::vector<delivery_ptr> deliveries;
};

/// In the order of each source; order between sources means nothing. What nobody takes (its intake is gone) has no handle.
std::vector<drain_part> parts_of(const spool_state& state, std::vector<storage::spooled> oldest) {
  auto parts = std::map<std::string, drain_part>{};
  for (auto& x : oldest) {
    auto& part = parts[x.kept.source];
    auto kept = std::make_shared<delivery_in_hand>();
    kept->kept = std::move(x.kept);
    part.deliveries.push_back(std::move(kept));
  }
  auto out = std::vector<drain_part>{};
  for (auto& [source, part] : parts) {
    const auto client =
        std::find_if(state.clients.begin(), state.clients.end(), [&](const auto& x) { return x.source == source; });
    if (client != state.clients.end())
      part.to = client->handle;
    out.push_back(std::move(part));
  }
  return out;
}

void end_drain(spool_pointer self, const caf::error& why, std::int64_t through) {
  self->state.asked = false;
  if (why == caf::sec::invalid_argument) {
    drain_around_refused(self, through);
    return;
  }
  self->state.context->database = database_state::away;
  self->state.drain_items = std::max<std::size_t>(self->state.drain_items / 2, 1);
  probe_later(self);
}

/// One part after the other; forgotten when all are committed.
void drain_parts(spool_pointer self, std::vector<drain_part> parts, std::int64_t through) {
  if (parts.empty()) {
    self->state.asked = false;
    auto& items = self->state.drain_items;
    items = std::min(items * 2, self->state.context->config.spool.drain_items);
    if (self->state.file)
      self->state.file->forget_through(through);
    self->send(self, tick_atom_v);
    return;
  }
  auto part = std::move(parts.back());
  parts.pop_back();
  if (!part.to)
    return end_drain(self, caf::make_error(caf::sec::invalid_argument, "nobody takes this source"), through);
  self->request(part.to, drain_timeout, drain_atom_v, std::move(part.deliveries))
      .then([self, parts = std::move(parts), through](std::uint64_t) mutable { drain_parts(self, std::move(parts), through); },
            [self, through](const caf::error& why) { end_drain(self, why, through); });
}

void drain(spool_pointer self) {
  auto& state = self->state;
  if (!can_be_read(self)) {
    probe_later(self);
    return;
  }
  auto oldest = state.file->oldest(state.drain_items);
  tell_damage(state);
  publish_depth(state);
  if (oldest.empty()) {
    tell_drained(self);
    return;
  }
  const auto through = oldest.back().sequence;
  state.asked = true;
  drain_parts(self, parts_of(state, std::move(oldest)), through);
}

void probe(spool_pointer self) {
  self->state.asked = true;
  self->request(self->state.prober, probe_timeout, probe_atom_v)
      .then(
          [self](const database_report& found) {
            self->state.asked = false;
            if (!found.reachable) {
              log::debug("database is still away", {{"reason", found.problem}});
              probe_later(self);
              return;
            }
            const auto depth = self->state.context->spool_depth.load();
            if (depth > 0) {
              self->state.context->database = database_state::draining;
              log::info("database answers; draining", {{"spooled", static_cast<std::int64_t>(depth)}});
            }
            drain_now(self);
          },
          [self](caf::error&) {
            self->state.asked = false;
            probe_later(self);
          });
}

} // namespace

spool_actor::behavior_type spool(spool_pointer self, context_ptr context, reader_actor prober) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.prober = std::move(prober);
  self->state.drain_items = self->state.context->config.spool.drain_items;
  open(self);
  self->state.reopen_at = {}; // at once, should it fail now
  publish_depth(self->state);
  return {
      [self](keep_atom, std::uint32_t client, std::vector<delivery_ptr>& deliveries) {
        auto& state = self->state;
        state.arrived.push_back({client, std::move(deliveries)});
        if (!state.flush_sent) {
          state.flush_sent = true;
          self->send(self, flush_atom_v);
        }
      },
      [self](away_atom) {
        auto& state = self->state;
        state.context->database = database_state::away;
        if (state.now == phase::resting && !state.asked)
          probe_later(self);
      },
      [self](writers_atom, std::vector<spool_client> clients) {
        auto& state = self->state;
        state.dealt_with.assign(clients.size(), 0);
        state.clients = std::move(clients);
        if (state.now == phase::resting)
          probe_later(self);
      },
      [self](flush_atom) {
        keep(self);
        // What a client forwarded before it heard that the spool is empty; it holds the rest back until this is drained.
        if (self->state.now == phase::resting)
          drain_now(self);
      },
      [self](tick_atom) {
        auto& state = self->state;
        if (state.asked)
          return;
        if (state.now == phase::draining)
          drain(self);
        else if (state.now == phase::probing)
          probe(self);
      },
  };
}

} // namespace ingot

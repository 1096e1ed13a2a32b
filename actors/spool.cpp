#include "actors/spool.hpp"

#include "actors/failure_guard.hpp"
#include "model/compression.hpp"
#include "model/github/webhook.hpp"

#include <algorithm>
#include <utility>

namespace ingot {

namespace {

using spool_pointer = spool_actor::stateful_pointer<spool_state>;
using phase = spool_state::phase;

/// A probe connects and may migrate; a drain commits a batch, perhaps halving it many times. Past these the next tick asks anew.
constexpr auto probe_timeout = std::chrono::minutes{15};
constexpr auto drain_timeout = std::chrono::minutes{5};

void publish_depth(spool_state& state) {
  state.context->spool_depth = state.file ? state.file->depth() : 0;
  state.context->spool_bytes = state.file ? state.file->bytes() : 0;
}

/// Opens the file anew after it failed: what it holds is safe, what comes next gets another chance.
bool open(spool_state& state) {
  if (state.file)
    return true;
  try {
    state.file = state.context->open_spool();
    if (!state.file->damage().empty())
      log::error("spool was damaged", {{"reason", state.file->damage()}});
  } catch (const std::exception& e) {
    log::error("spool cannot be opened", {{"reason", std::string_view{e.what()}}});
  }
  return state.file != nullptr;
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
    if (!open(state))
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
    state.file = nullptr;
  }
  for (const auto& x : arrived)
    state.dealt_with[x.writer] += x.deliveries.size();
  publish_depth(state);
}

/// What the spool kept was parsed once; a delivery that this version cannot parse any more is kept as failed, with the reason.
delivery_ptr revive(storage::spooled&& x) {
  auto revived = std::make_shared<delivery_in_hand>();
  try {
    const auto raw = x.kept.encoding == body_encoding::zstd ? decompress(x.kept.body, x.kept.body_bytes) : x.kept.body;
    const auto format = github::format_of(x.kept.content_type);
    auto parsed = github::parse_webhook(x.kept.event, format, raw);
    if (auto* event = std::get_if<github::event>(&parsed))
      revived->event = std::move(*event);
    else
      revived->unreadable = "the spooled delivery is not understood: " + std::get<failure>(parsed).message;
  } catch (const std::exception& e) {
    revived->unreadable = std::string{"the spooled delivery is not readable: "} + e.what();
  }
  revived->kept = std::move(x.kept);
  return revived;
}

void drain_now(spool_pointer self) {
  self->state.now = phase::draining;
  self->send(self, tick_atom_v);
}

void probe_later(spool_pointer self) {
  self->state.now = phase::probing;
  // None holds its groups back while nobody drains.
  for (const auto& x : self->state.writers)
    self->send(x, away_atom_v);
  self->delayed_send(self, self->state.context->config.database.probe_interval, tick_atom_v);
}

/// Each WRITER goes on by itself when it has forwarded nothing that is not dealt with.
void tell_drained(spool_pointer self) {
  auto& state = self->state;
  state.context->database = database_state::direct;
  for (auto i = std::size_t{0}; i < state.writers.size(); ++i)
    self->send(state.writers[i], drained_atom_v, state.dealt_with[i]);
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
  }
  self->send(self, tick_atom_v);
}

void drain(spool_pointer self) {
  auto& state = self->state;
  if (!open(state)) {
    probe_later(self);
    return;
  }
  auto oldest = state.file->oldest(state.drain_items);
  publish_depth(state);
  if (oldest.empty()) {
    tell_drained(self);
    return;
  }
  const auto through = oldest.back().sequence;
  auto deliveries = std::vector<delivery_ptr>{};
  for (auto& x : oldest)
    deliveries.push_back(revive(std::move(x)));
  state.asked = true;
  self->request(state.writers.front(), drain_timeout, drain_atom_v, std::move(deliveries))
      .then(
          [self, through](std::uint64_t) {
            self->state.asked = false;
            auto& items = self->state.drain_items;
            items = std::min(items * 2, self->state.context->config.spool.drain_items);
            if (self->state.file)
              self->state.file->forget_through(through);
            self->send(self, tick_atom_v);
          },
          [self, through](const caf::error& why) {
            self->state.asked = false;
            if (why == caf::sec::invalid_argument) {
              drain_around_refused(self, through);
              return;
            }
            self->state.context->database = database_state::away;
            self->state.drain_items = std::max<std::size_t>(self->state.drain_items / 2, 1);
            probe_later(self);
          });
}

void probe(spool_pointer self) {
  self->state.asked = true;
  self->request(self->state.prober, probe_timeout, probe_atom_v)
      .then(
          [self](const database_report& found) {
            self->state.asked = false;
            if (!found.reachable) {
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
  open(self->state);
  publish_depth(self->state);
  return {
      [self](keep_atom, std::uint32_t writer, std::vector<delivery_ptr>& deliveries) {
        auto& state = self->state;
        state.arrived.push_back({writer, std::move(deliveries)});
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
      [self](writers_atom, std::vector<writer_actor> writers) {
        auto& state = self->state;
        state.dealt_with.assign(writers.size(), 0);
        state.writers = std::move(writers);
        if (state.now == phase::resting)
          probe_later(self);
      },
      [self](flush_atom) {
        keep(self);
        // What a WRITER forwarded before it heard that the spool is empty; it holds the rest back until this is drained.
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

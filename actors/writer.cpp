#include "actors/writer.hpp"

#include "actors/failure_guard.hpp"
#include "config/failpoints.hpp"
#include "model/compression.hpp"
#include "model/github/webhook.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace ingot {

namespace {

using writer_pointer = writer_actor::stateful_pointer<writer_state>;
using group_span = std::span<const group_ptr>;

/// Deadlocks and serialization failures: the other side has gone on by the second try.
constexpr auto attempts_max = 5;

/// What a commit of some groups came to.
enum class commit_result : std::uint8_t {
  done,
  away,
  refused, ///< one that nobody waits for is kept nowhere, not even as failed
};

void answer_outcomes(const repository_group& group) {
  for (auto i = std::size_t{0}; i < group.items.size(); ++i)
    if (const auto& to = group.deliveries[i]->answer)
      (*to)(receipt{group.items[i].outcome, {}});
}

void connect(writer_state& state) {
  if (!state.store)
    state.store = state.context->open_store();
}

/// One transaction for all; throws store_error.
void commit_once(writer_state& state, group_span groups) {
  const auto started = std::chrono::steady_clock::now();
  auto plain = std::vector<github::group*>{};
  plain.reserve(groups.size());
  for (const auto& x : groups)
    plain.push_back(x.get());
  connect(state);
  const auto enqueued = state.store->commit(plain);
  auto deliveries = std::size_t{0};
  for (const auto& x : groups)
    deliveries += x->items.size();
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  state.context->counters.committed(groups.size(), deliveries, took);
  // What was enqueued need not wait for the next look at the table.
  if (const auto handles = enqueued ? state.context->handles.load() : nullptr)
    caf::anon_send(handles->jobs, hint_atom_v);
}

/// The database refuses this one delivery, or a rule cannot bear it: kept with the reason, and its sender told.
commit_result bury(writer_state& state, const delivery_ptr& x, const std::string& why) {
  log::error("delivery failed", {{"delivery", x->kept.id}, {"repository", x->kept.repository}, {"reason", why}});
  try {
    connect(state);
    state.store->keep_failed(x->kept, why);
  } catch (const storage::store_error& e) {
    if (e.remedy() != storage::sql_remedy::refused) {
      state.store = nullptr;
      return commit_result::away;
    }
    log::error("failed delivery not kept", {{"delivery", x->kept.id}, {"reason", e.what()}});
    // What the SPOOL drains was acknowledged: it must not forget it.
    if (!x->answer)
      return commit_result::refused;
  }
  if (x->answer)
    (*x->answer)(receipt{delivery_outcome::failed, {fault::refused_by_database, why, {}}});
  return commit_result::done;
}

/// The same deliveries as groups of one, undecided, because a decision of many cannot be taken apart.
std::vector<group_ptr> singles(const repository_group& group) {
  auto parts = std::vector<group_ptr>{};
  for (const auto& x : group.deliveries) {
    parts.push_back(std::make_shared<repository_group>());
    parts.back()->keyed = group.keyed;
    parts.back()->add(x);
  }
  return parts;
}

commit_result commit(writer_state& state, group_span groups);

commit_result commit_halves(writer_state& state, group_span groups, const std::string& why) {
  state.context->counters.batches_bisected.add();
  if (groups.size() > 1) {
    const auto half = groups.size() / 2;
    if (const auto first = commit(state, groups.first(half)); first != commit_result::done)
      return first;
    return commit(state, groups.subspan(half));
  }
  auto& group = *groups.front();
  group.known = {};
  if (group.items.size() == 1 && !group.decided)
    return bury(state, group.deliveries.front(), why);
  for (const auto& part : singles(group))
    if (const auto result = commit(state, group_span{&part, 1}); result != commit_result::done)
      return result;
  group.known = {}; // the parts know better, but nothing whole
  return commit_result::done;
}

/// Commits all of `groups`, in halves when the database refuses them together. Those that are done have been answered.
commit_result commit(writer_state& state, group_span groups) {
  for (auto attempt = 1;; ++attempt) {
    try {
      commit_once(state, groups);
      for (const auto& x : groups)
        answer_outcomes(*x);
      return commit_result::done;
    } catch (const storage::store_error& e) {
      const auto remedy = e.remedy();
      // 23505: another transaction took a name in between; the next try sees it.
      const auto raced = groups.size() == 1 && attempt < 3 && std::string_view{e.what()}.starts_with("23505");
      if (remedy == storage::sql_remedy::refused && !raced)
        return commit_halves(state, groups, e.what());
      if (remedy == storage::sql_remedy::reconnect) {
        const auto was_connected = std::exchange(state.store, nullptr) != nullptr;
        // A connection that died while idle tells nothing of the database: one try with a new one.
        if (was_connected && attempt == 1)
          continue;
        log::warn("database is away", {{"reason", e.what()}});
        return commit_result::away;
      }
      if (attempt == attempts_max)
        return commit_halves(state, groups, e.what());
    }
  }
}

/// Hands what is not answered to the SPOOL, in order.
void pass_to_spool(writer_pointer self, std::vector<delivery_ptr> deliveries) {
  auto& state = self->state;
  state.forwarded += deliveries.size();
  self->send(state.spool, keep_atom_v, state.index, std::move(deliveries));
}

void give_back(writer_pointer self, const writer_state::waiting_group& x) {
  x.group->claim.reset();
  if (x.from)
    self->send(caf::actor_cast<repository_actor>(x.from), committed_atom_v, x.group);
}

void spool_batch(writer_pointer self, std::vector<writer_state::waiting_group> batch) {
  auto deliveries = std::vector<delivery_ptr>{};
  for (const auto& x : batch) {
    x.group->known = {};
    for (const auto& d : x.group->deliveries) {
      if (d->answer && d->answer->done())
        continue;
      // A replay is kept already; the operator is told instead of spooling it.
      if (d->replay)
        (*d->answer)(receipt{delivery_outcome::failed, {fault::storage_unavailable, "the database is away", {}}});
      else
        deliveries.push_back(d);
    }
  }
  if (!deliveries.empty())
    pass_to_spool(self, std::move(deliveries));
  for (const auto& x : batch)
    give_back(self, x);
}

void begin_away(writer_pointer self) {
  auto& state = self->state;
  state.through_spool = true;
  state.context->database = database_state::away;
  state.context->counters.database_failures.add();
  self->send(state.spool, away_atom_v);
}

void flush(writer_pointer self) {
  auto& state = self->state;
  state.flush_sent = false;
  if (state.holding)
    return;
  auto batch = std::exchange(state.batch, {});
  state.batch_items = state.batch_bytes = 0;
  if (batch.empty())
    return;
  if (state.through_spool) {
    spool_batch(self, std::move(batch));
    return;
  }
  auto groups = std::vector<group_ptr>{};
  for (const auto& x : batch)
    groups.push_back(x.group);
  if (commit(state, groups) == commit_result::done) { // refused: never, since their senders wait
    for (const auto& x : batch)
      give_back(self, x);
    return;
  }
  begin_away(self);
  spool_batch(self, std::move(batch)); // what was answered before it went is passed over
}

void add(writer_pointer self, group_ptr group) {
  auto& state = self->state;
  state.batch_items += group->items.size();
  for (const auto& x : group->items)
    state.batch_bytes += x.kept->body.size();
  state.batch.push_back({std::move(group), self->current_sender()});
  const auto& limits = state.context->config.database;
  if (state.batch_items >= limits.batch_items_max || state.batch_bytes >= limits.batch_bytes_max) {
    flush(self);
  } else if (!state.flush_sent) {
    state.flush_sent = true;
    self->send(self, flush_atom_v);
  }
}

/// Deliveries of one repository become one group, in their order; order between repositories means nothing.
std::vector<group_ptr> grouped(const std::vector<delivery_ptr>& deliveries) {
  auto groups = std::vector<group_ptr>{};
  auto by_repository = std::unordered_map<std::int64_t, group_ptr>{};
  for (const auto& x : deliveries) {
    const auto keyed = is_keyed(x->event);
    auto group = keyed ? by_repository[x->kept.repository_id] : nullptr;
    if (!group) {
      group = std::make_shared<repository_group>();
      group->keyed = keyed;
      groups.push_back(group);
      if (keyed)
        by_repository[x->kept.repository_id] = group;
    }
    group->add(x);
  }
  return groups;
}

/// What the spool kept was parsed once; a delivery that this version cannot parse any more is kept as failed, with the reason.
delivery_ptr revive(const delivery& kept) {
  auto revived = std::make_shared<delivery_in_hand>();
  try {
    const auto raw = kept.encoding == body_encoding::zstd ? decompress(kept.body, kept.body_bytes) : kept.body;
    auto parsed = github::parse_webhook(kept.event, github::format_of(kept.content_type), raw);
    if (auto* event = std::get_if<github::event>(&parsed))
      revived->event = std::move(*event);
    else
      revived->unreadable = "the spooled delivery is not understood: " + std::get<failure>(parsed).message;
  } catch (const std::exception& e) {
    revived->unreadable = std::string{"the spooled delivery is not readable: "} + e.what();
  }
  revived->kept = kept;
  return revived;
}

commit_result drain(writer_state& state, const std::vector<delivery_ptr>& spooled) {
  auto readable = std::vector<delivery_ptr>{};
  for (const auto& each : spooled)
    if (const auto x = revive(each->kept); x->unreadable.empty())
      readable.push_back(x);
    else if (const auto result = bury(state, x, x->unreadable); result != commit_result::done)
      return result;
  return readable.empty() ? commit_result::done : commit(state, grouped(readable));
}

} // namespace

writer_actor::behavior_type writer(writer_pointer self, context_ptr context, std::uint32_t index, spool_actor spool,
                                   bool through_spool) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.index = index;
  self->state.spool = std::move(spool);
  self->state.through_spool = through_spool;
  return {
      [self](commit_atom, group_ptr group) { add(self, std::move(group)); },
      [self](drain_atom, const std::vector<delivery_ptr>& deliveries) -> caf::result<std::uint64_t> {
        failpoint("before_drain_commit");
        const auto result = drain(self->state, deliveries);
        if (result == commit_result::away)
          return caf::make_error(caf::sec::runtime_error, "the database is away");
        if (result == commit_result::refused)
          return caf::make_error(caf::sec::invalid_argument, "the database takes a delivery in no form");
        failpoint("after_drain_commit");
        return static_cast<std::uint64_t>(deliveries.size());
      },
      [self](drained_atom, std::uint64_t dealt_with) {
        auto& state = self->state;
        state.holding = state.through_spool && dealt_with != state.forwarded;
        if (state.holding)
          return;
        if (std::exchange(state.through_spool, false))
          log::info("commits go to the database again", {{"writer", static_cast<std::int64_t>(state.index)}});
        flush(self);
      },
      [self](away_atom) {
        self->state.holding = false;
        flush(self);
      },
      [self](flush_atom) { flush(self); },
  };
}

} // namespace ingot

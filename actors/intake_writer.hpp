#pragma once

#include "actors/context.hpp"
#include "actors/failure_guard.hpp"
#include "config/failpoints.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ingot {

/// The state of an INTAKE WRITER. `Intake` is what a kind of sender brings along:
///     using item, using stored, using store   what waits, its base that is committed, and where:
///                                             store::commit(std::span<stored* const>), which throws store_error
///     static constexpr const char* name, source       of the actor, and of its deliveries in the spool
///     static std::unique_ptr<store> open(const node_context&)
///     static std::size_t weight(const item&), weight_max(const settings&)     of the items in one transaction
///     static void answer(item&, const failure&, bool spooled)     after COMMIT, or why there was none; once
///     static delivery to_spool(const item&)
///     static std::shared_ptr<item> from_spool(const delivery&, const node_context&)   throws what says why it cannot be read;
///                                                                                     such an item has nobody who waits
///     static void keep_failed(store&, const delivery&, const std::string& why)
///     static constexpr bool keeps_refused     is what the database refuses kept although its sender is told?
template <class Intake>
struct intake_writer_state {
  static inline const char* name = Intake::name;

  using item_ptr = std::shared_ptr<typename Intake::item>;

  context_ptr context;
  std::uint32_t index = 0; ///< among the SPOOL's clients
  spool_actor spool;
  std::unique_ptr<typename Intake::store> store; ///< null: not connected

  std::vector<item_ptr> batch;
  std::size_t batch_weight = 0;
  bool flush_sent = false;

  bool through_spool = false;  ///< as in the WRITER
  bool holding = false;        ///< as in the WRITER
  std::uint64_t forwarded = 0; ///< as in the WRITER
};

/// Commits the requests of one kind of sender, as the WRITER does with deliveries: what comes during one COMMIT is the next
/// transaction, what the database refuses is halved until it stands alone, and while the database is away all goes to the SPOOL.
template <class Intake>
class intake_writer_behavior {
public:
  using state_type = intake_writer_state<Intake>;
  using item_ptr = typename state_type::item_ptr;
  using actor = intake_writer_actor<typename Intake::item>;
  using pointer = typename actor::template stateful_pointer<state_type>;

  static typename actor::behavior_type make(pointer self, context_ptr context, std::uint32_t index, spool_actor spool,
                                            bool through_spool) {
    guard_against_exceptions(self);
    self->state.context = std::move(context);
    self->state.index = index;
    self->state.spool = std::move(spool);
    self->state.through_spool = through_spool;
    return {
        [self](commit_atom, std::vector<item_ptr>& items) { add(self, items); },
        [self](drain_atom, const std::vector<delivery_ptr>& deliveries) -> caf::result<std::uint64_t> {
          return drain(self->state, deliveries);
        },
        [self](drained_atom, std::uint64_t dealt_with) {
          auto& state = self->state;
          state.holding = state.through_spool && dealt_with != state.forwarded;
          if (state.holding)
            return;
          state.through_spool = false;
          flush(self);
        },
        [self](away_atom) {
          self->state.holding = false;
          flush(self);
        },
        [self](flush_atom) { flush(self); },
    };
  }

private:
  /// Deadlocks and serialization failures: the other side has gone on by the second try.
  static constexpr auto attempts_max = 5;

  enum class result : std::uint8_t { done, away, refused };
  using item_span = std::span<const item_ptr>;

  static void commit_once(state_type& state, item_span items) {
    const auto started = std::chrono::steady_clock::now();
    if (!state.store)
      state.store = Intake::open(*state.context);
    auto plain = std::vector<typename Intake::stored*>{};
    for (const auto& x : items)
      plain.push_back(x.get());
    state.store->commit(plain);
    state.context->counters.intake_commit_seconds.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }

  /// The database refuses this one. What was acknowledged by the spool is kept with the reason; who waits is told.
  static result refuse(state_type& state, const item_ptr& x, const std::string& why, const delivery* spooled) {
    log::error("intake refused by the database", {{"intake", std::string_view{Intake::name}}, {"reason", why}});
    try {
      if (!state.store)
        state.store = Intake::open(*state.context);
      if (spooled != nullptr)
        Intake::keep_failed(*state.store, *spooled, why);
      else if (Intake::keeps_refused)
        Intake::keep_failed(*state.store, Intake::to_spool(*x), why);
      if (spooled == nullptr)
        Intake::answer(*x, {fault::refused_by_database, why, {}}, false);
      return result::done;
    } catch (const storage::store_error& e) {
      log::error("refused intake not kept", {{"intake", std::string_view{Intake::name}}, {"reason", e.what()}});
      if (e.remedy() == storage::sql_remedy::refused && spooled == nullptr) {
        Intake::answer(*x, {fault::refused_by_database, why, {}}, false);
        return result::done;
      }
      if (e.remedy() == storage::sql_remedy::refused)
        return result::refused;
      state.store = nullptr;
      return result::away;
    }
  }

  /// Commits all of `items`, in halves when the database refuses them together. Those that are done have been answered.
  /// @param spooled what they were in the spool, or none
  static result commit(state_type& state, item_span items, std::span<const delivery* const> spooled = {}) {
    for (auto attempt = 1;; ++attempt) {
      try {
        commit_once(state, items);
        if (spooled.empty())
          for (const auto& x : items)
            Intake::answer(*x, {}, false);
        return result::done;
      } catch (const storage::store_error& e) {
        if (e.remedy() == storage::sql_remedy::reconnect) {
          const auto was_connected = std::exchange(state.store, nullptr) != nullptr;
          // A connection that died while idle tells nothing of the database: one try with a new one.
          if (was_connected && attempt == 1)
            continue;
          log::warn("database is away", {{"reason", e.what()}});
          return result::away;
        }
        if (e.remedy() != storage::sql_remedy::refused && attempt < attempts_max)
          continue;
        // Others are in the way for longer than we may wait here: it is tried again from the spool.
        if (items.size() == 1 && e.remedy() != storage::sql_remedy::refused)
          return result::away;
        if (items.size() == 1)
          return refuse(state, items.front(), e.what(), spooled.empty() ? nullptr : spooled.front());
        state.context->counters.batches_bisected.add();
        const auto half = items.size() / 2;
        const auto part = [&](std::size_t from, std::size_t count) {
          return spooled.empty() ? spooled : spooled.subspan(from, count);
        };
        if (const auto first = commit(state, items.first(half), part(0, half)); first != result::done)
          return first;
        return commit(state, items.subspan(half), part(half, items.size() - half));
      }
    }
  }

  /// Commits all of `items`, as many in a transaction as its weight allows.
  static result commit_in_parts(state_type& state, item_span items, std::span<const delivery* const> spooled = {}) {
    const auto most = Intake::weight_max(state.context->config);
    while (!items.empty()) {
      auto count = std::size_t{0};
      for (auto weight = std::size_t{0}; count < items.size(); ++count)
        if (weight += Intake::weight(*items[count]); count > 0 && weight > most)
          break;
      if (const auto end = commit(state, items.first(count), spooled.first(spooled.empty() ? 0 : count)); end != result::done)
        return end;
      items = items.subspan(count);
      spooled = spooled.subspan(spooled.empty() ? 0 : count);
    }
    return result::done;
  }

  /// Hands what nobody has answered yet to the SPOOL, in order.
  static void pass_to_spool(pointer self, const std::vector<item_ptr>& items) {
    auto& state = self->state;
    auto deliveries = std::vector<delivery_ptr>{};
    for (const auto& x : items) {
      if (Intake::is_answered(*x))
        continue;
      auto kept = std::make_shared<delivery_in_hand>();
      kept->kept = Intake::to_spool(*x);
      kept->answer =
          std::make_shared<reply>([x](const receipt& end) { Intake::answer(*x, end.why, end.why.code == fault::none); });
      deliveries.push_back(std::move(kept));
    }
    if (deliveries.empty())
      return;
    state.forwarded += deliveries.size();
    self->send(state.spool, keep_atom_v, state.index, std::move(deliveries));
  }

  static void flush(pointer self) {
    auto& state = self->state;
    state.flush_sent = false;
    if (state.holding)
      return;
    const auto batch = std::exchange(state.batch, {});
    state.batch_weight = 0;
    if (batch.empty())
      return;
    if (!state.through_spool) {
      if (commit_in_parts(state, batch) == result::done)
        return;
      state.through_spool = true;
      state.context->database = database_state::away;
      state.context->counters.database_failures.add();
      self->send(state.spool, away_atom_v);
    }
    pass_to_spool(self, batch);
  }

  static void add(pointer self, std::vector<item_ptr>& items) {
    auto& state = self->state;
    const auto most = Intake::weight_max(state.context->config);
    for (auto& x : items) {
      const auto weight = Intake::weight(*x);
      if (state.batch_weight + weight > most)
        flush(self);
      state.batch_weight += weight;
      state.batch.push_back(std::move(x));
    }
    if (!state.batch.empty() && !std::exchange(state.flush_sent, true))
      self->send(self, flush_atom_v);
  }

  static caf::result<std::uint64_t> drain(state_type& state, const std::vector<delivery_ptr>& deliveries) {
    failpoint("before_drain_commit");
    auto items = std::vector<item_ptr>{};
    auto spooled = std::vector<const delivery*>{};
    auto end = result::done;
    for (const auto& x : deliveries) {
      try {
        items.push_back(Intake::from_spool(x->kept, *state.context));
        spooled.push_back(&x->kept);
      } catch (const std::exception& e) {
        end = refuse(state, nullptr, std::string{"the spooled request is not understood: "} + e.what(), &x->kept);
      }
      if (end != result::done)
        break;
    }
    if (end == result::done && !items.empty())
      end = commit_in_parts(state, items, spooled);
    if (end == result::away)
      return caf::make_error(caf::sec::runtime_error, "the database is away");
    if (end == result::refused)
      return caf::make_error(caf::sec::invalid_argument, "the database takes a request in no form");
    failpoint("after_drain_commit");
    return static_cast<std::uint64_t>(deliveries.size());
  }
};

} // namespace ingot

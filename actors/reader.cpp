#include "actors/reader.hpp"

#include "actors/failure_guard.hpp"
#include "storage/refused_change.hpp"

#include <optional>
#include <utility>

namespace ingot {

namespace {

/// Partitions are made days ahead, so one hour more or less means nothing.
constexpr auto maintenance_interval = std::chrono::hours{1};

/// Between rounds of one maintenance, so that queries get in between.
constexpr auto round_interval = std::chrono::milliseconds{100};

/// A query that meets a connection that died while nobody used it is run once more on a new one.
constexpr auto attempts_max = 2;

failure failure_of(const std::exception& e, storage::sql_remedy remedy) {
  if (remedy == storage::sql_remedy::refused)
    return {fault::refused_by_database, storage::describe(e), {}};
  return {fault::storage_unavailable, "the database is away", {}};
}

/// @returns what went wrong and whether trying again may help; nothing when `x` has answered
std::optional<std::pair<failure, storage::sql_remedy>> attempt(reader_state& state, const query& x) {
  try {
    if (!state.db)
      state.db = state.context->open_connection();
    x.run(*state.db);
    return std::nullopt;
  } catch (const storage::refused_change& e) {
    return std::pair{e.why(), storage::sql_remedy::refused};
  } catch (const std::exception& e) {
    const auto remedy = storage::classify(e);
    if (remedy == storage::sql_remedy::reconnect) {
      log::debug("query waits for the database", {{"reason", storage::describe(e)}});
      state.db.reset();
    }
    return std::pair{failure_of(e, remedy), remedy};
  }
}

void run(reader_state& state, const query& x) {
  if (!x.repeatable)
    state.db.reset(); // a connection that may have died meanwhile would cost it its only attempt
  for (auto attempts = 1;; ++attempts) {
    const auto wrong = attempt(state, x);
    if (!wrong)
      return;
    if (wrong->second == storage::sql_remedy::refused || !x.repeatable || attempts == attempts_max)
      return x.refuse(wrong->first);
  }
}

} // namespace

reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self, context_ptr context, bool maintains) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  if (maintains)
    self->send(self, tick_atom_v);
  return {
      [self](probe_atom) { return self->state.context->probe(); },
      [self](query_atom, const query_ptr& x) { run(self->state, *x); },
      [self](tick_atom) {
        const auto& of_node = *self->state.context;
        auto more = false;
        try {
          more = of_node.maintain(of_node.now());
        } catch (const storage::store_error& e) {
          log::warn("maintenance waits", {{"reason", e.what()}});
        }
        self->delayed_send(self, more ? caf::timespan{round_interval} : caf::timespan{maintenance_interval}, tick_atom_v);
      },
  };
}

} // namespace ingot

#include "actors/auditor.hpp"

#include "actors/failure_guard.hpp"
#include "storage/audit_chain.hpp"

#include <utility>

namespace ingot {

namespace {

using auditor_pointer = auditor_actor::stateful_pointer<auditor_state>;

constexpr auto write_interval = std::chrono::seconds{1};

void gather(auditor_state& state, audit_line x) {
  auto key = auditor_state::line_key{std::move(x.actor), std::move(x.action), std::move(x.subject), std::move(x.reason)};
  if (auto found = state.gathered.find(key); found != state.gathered.end()) {
    ++found->second.count;
  } else if (state.gathered.size() < audit_lines_max) {
    state.gathered.emplace(std::move(key), auditor_state::lines{1, std::move(x.request_id)});
  } else {
    ++state.dropped;
    state.context->counters.audit_lines_dropped.add();
  }
}

void write(auditor_state& state) {
  if (state.gathered.empty())
    return;
  auto lines = std::vector<std::pair<audit_line, std::uint64_t>>{};
  for (const auto& [key, equal] : state.gathered) {
    const auto& [actor, action, subject, reason] = key;
    lines.emplace_back(audit_line{actor, action, subject, reason, equal.request_id}, equal.count);
  }
  if (state.dropped > 0)
    lines.emplace_back(
        audit_line{"node", "audit lines not kept one by one", "", "more different lines in a second than are kept"},
        state.dropped);
  try {
    state.context->write_audit(lines, state.context->now());
    state.gathered.clear();
    state.dropped = 0;
  } catch (const storage::store_error& e) {
    log::debug("audit lines wait", {{"reason", e.what()}});
  }
}

/// Lines that cannot be sealed now are sealed later, by this node or another one.
void seal(auditor_state& state) {
  try {
    if (!state.chain)
      state.chain = state.context->open_connection();
    for (auto round = std::size_t{0}; round < audit_seal_rounds_max; ++round)
      if (storage::seal_audit_lines(*state.chain) < storage::audit_seal_batch)
        break;
    state.has_head = true;
  } catch (const storage::chain_head_missing& e) {
    state.chain = nullptr;
    if (std::exchange(state.has_head, false)) // once, not every second
      log::error("audit lines cannot be sealed",
                 {{"reason", std::string_view{e.what()}}, {"remedy", "put the row back: see `ingot audit verify`"}});
  } catch (const std::exception& e) {
    state.chain = nullptr;
    log::debug("audit lines wait for their seal", {{"reason", storage::describe(e)}});
  }
}

} // namespace

auditor_actor::behavior_type auditor(auditor_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->delayed_send(self, write_interval, tick_atom_v);
  self->set_exit_handler([self](caf::exit_msg& x) {
    write(self->state);
    self->quit(x.reason);
  });
  return {
      [self](audit_atom, audit_line& x) { gather(self->state, std::move(x)); },
      [self](tick_atom) {
        write(self->state);
        seal(self->state);
        self->delayed_send(self, write_interval, tick_atom_v);
      },
  };
}

} // namespace ingot

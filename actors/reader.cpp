#include "actors/reader.hpp"

#include "actors/failure_guard.hpp"

namespace ingot {

namespace {

/// Partitions are made days ahead, so one hour more or less means nothing.
constexpr auto maintenance_interval = std::chrono::hours{1};

} // namespace

reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self, context_ptr context, bool maintains) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  if (maintains)
    self->send(self, tick_atom_v);
  return {
      [self](probe_atom) { return self->state.context->probe(); },
      [self](find_atom, const std::string& source, const std::string& id) -> caf::result<found_delivery> {
        try {
          return self->state.context->find_delivery(source, id);
        } catch (const storage::store_error& e) {
          return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
        }
      },
      [self](tick_atom) {
        const auto& of_node = *self->state.context;
        try {
          of_node.maintain(of_node.now());
        } catch (const storage::store_error& e) {
          log::warn("maintenance waits", {{"reason", e.what()}});
        }
        self->delayed_send(self, maintenance_interval, tick_atom_v);
      },
  };
}

} // namespace ingot

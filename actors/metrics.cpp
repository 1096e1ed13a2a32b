#include "actors/metrics.hpp"

#include "actors/failure_guard.hpp"

namespace ingot {

namespace {

constexpr auto answer_timeout = std::chrono::seconds{2};

void set_gauges(const node_context& context) {
  auto& counters = context.counters;
  counters.queue_depth.at({"writer"}).set(static_cast<double>(context.groups_waiting.load()));
  counters.spool_deliveries.set(static_cast<double>(context.spool_depth.load()));
  counters.spool_bytes.set(static_cast<double>(context.spool_bytes.load()));
  counters.database.set(static_cast<double>(context.database.load()));
}

} // namespace

metrics_actor::behavior_type metrics_collector(metrics_actor::stateful_pointer<metrics_state> self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  return {
      [self](collect_atom) -> caf::result<std::string> {
        set_gauges(*self->state.context);
        const auto handles = self->state.context->handles.load();
        if (!handles) // the node stops
          return self->state.context->counters.serialize();
        auto promise = self->make_response_promise<std::string>();
        self->request(handles->repositories, answer_timeout, collect_atom_v)
            .then(
                [self, promise](std::uint64_t repositories) mutable {
                  auto& counters = self->state.context->counters;
                  counters.actors.at({"repository"}).set(static_cast<double>(repositories));
                  promise.deliver(counters.serialize());
                },
                // Without that number the others are worth no less.
                [self, promise](caf::error&) mutable { promise.deliver(self->state.context->counters.serialize()); });
        return promise;
      },
  };
}

} // namespace ingot

#pragma once

#include "actors/context.hpp"
#include "net/http/server.hpp"

#include <functional>
#include <utility>

/// Where the HTTP server's threads and the actors meet. A responder may be called from any thread, so nothing has to be carried
/// back.
namespace ingot::bridge {

/// Hands a delivery to the actors. `done` is called exactly once, on whatever thread ends it: with `lost` if the node stops or a
/// holder dies.
inline void submit(const node_context& context, std::shared_ptr<delivery_in_hand> delivery, std::function<void(receipt)> done) {
  delivery->answer = std::make_shared<reply>(std::move(done));
  if (const auto handles = context.handles.load())
    caf::anon_send(handles->repositories, deliver_atom_v, delivery_ptr{std::move(delivery)});
}

/// Tells without waiting for an answer.
template <class Handle, class... Ts>
void tell(const Handle& to, Ts&&... message) {
  caf::anon_send(to, std::forward<Ts>(message)...);
}

/// Asks an actor for one Result and passes it, or the error, to `done`; on an actor's thread. For what operators ask now and
/// then: it costs an actor.
template <class Result, class Handle, class Done, class... Ts>
void ask(caf::actor_system& system, Handle to, caf::timespan timeout, Done done, Ts... message) {
  system.spawn([to, timeout, done = std::move(done), message...](caf::event_based_actor* self) mutable {
    auto shared = std::make_shared<Done>(std::move(done));
    self->request(to, timeout, message...)
        .then([shared](Result& x) { (*shared)(caf::expected<Result>{std::move(x)}); },
              [shared](caf::error& why) { (*shared)(caf::expected<Result>{std::move(why)}); });
  });
}

} // namespace ingot::bridge

#pragma once

#include "actors/context.hpp"
#include "net/http/server.hpp"

#include <functional>
#include <type_traits>
#include <utility>

/// Where the HTTP server's threads and the actors meet. A responder may be called from any thread, so nothing has to be carried
/// back.
namespace ingot::bridge {

namespace detail {
/// What this thread has for the actors.
template <class Item>
std::vector<Item>& put_aside() {
  static thread_local std::vector<Item> items;
  return items;
}

template <class Handle, class Atom, class Item>
void send_aside(const Handle& to, Atom verb, std::type_identity<Item>) {
  if (!put_aside<Item>().empty())
    caf::anon_send(to, verb, std::exchange(put_aside<Item>(), {}));
}
} // namespace detail

/// Puts a delivery aside for the actors until this thread's next hand_over(): what arrives together wakes them once. `done` is
/// called exactly once, on whatever thread ends it: with `lost` if the node stops or a holder dies.
inline void submit(std::shared_ptr<delivery_in_hand> delivery, std::function<void(receipt)> done) {
  delivery->answer = std::make_shared<reply>(std::move(done));
  detail::put_aside<delivery_ptr>().push_back(delivery);
}

/// Puts an application's events aside likewise; they answer by themselves.
inline void submit(events_ptr x) {
  detail::put_aside<events_ptr>().push_back(std::move(x));
}

/// And an event of Stripe's.
inline void submit(stripe_ptr x) {
  detail::put_aside<stripe_ptr>().push_back(std::move(x));
}

/// Hands the actors what this thread has put aside.
inline void hand_over(const node_context& context) {
  const auto handles = context.handles.load();
  if (!handles) { // the node stops: what is dropped answers `lost`
    detail::put_aside<delivery_ptr>().clear();
    detail::put_aside<events_ptr>().clear();
    detail::put_aside<stripe_ptr>().clear();
    return;
  }
  detail::send_aside(handles->repositories, deliver_atom_v, std::type_identity<delivery_ptr>{});
  detail::send_aside(handles->event_writer, commit_atom_v, std::type_identity<events_ptr>{});
  detail::send_aside(handles->stripe_writer, commit_atom_v, std::type_identity<stripe_ptr>{});
}

/// Tells without waiting for an answer.
template <class Handle, class... Ts>
void tell(const Handle& to, Ts&&... message) {
  caf::anon_send(to, std::forward<Ts>(message)...);
}

/// Lets a READER run `x`, or refuses it when the node stops.
inline void run_query(const node_context& context, query x) {
  static thread_local std::size_t turn = 0;
  const auto handles = context.handles.load();
  if (!handles)
    return x.refuse({fault::stopping, "the node stops", {}});
  const auto& reader = handles->readers[turn++ % handles->readers.size()];
  caf::anon_send(reader, query_atom_v, query_ptr{std::make_shared<const query>(std::move(x))});
}

/// Calls `run` after `delay`, on an actor's thread: it must not block.
inline void later(caf::actor_system& system, caf::timespan delay, std::function<void()> run) {
  system.spawn([delay, run = std::move(run)](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, delay, tick_atom_v);
    return {[self, run](tick_atom) {
      run();
      self->quit();
    }};
  });
}

/// Calls `run`, which may block and must not throw, on a thread of its own.
inline void in_background(caf::actor_system& system, std::function<void()> run) {
  system.spawn<caf::detached>([run = std::move(run)](caf::event_based_actor*) { run(); });
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

#include "actors/sites.hpp"

#include "actors/failure_guard.hpp"
#include "actors/repositories.hpp"
#include "actors/site.hpp"
#include "actors/site_writer.hpp"

#include <algorithm>

namespace ingot {

namespace {

using sites_pointer = sites_actor::stateful_pointer<sites_state>;

constexpr auto sweep_interval = std::chrono::seconds{5};

site_writer_actor start_writer(sites_pointer self) {
  return self->spawn<caf::detached + caf::monitored>(site_writer, self->state.context);
}

keyed_actors<site_actor, sync_ptr>::owner owner_of_children(sites_pointer self) {
  const auto& settings = self->state.context->config.sites;
  return {settings.sites_max,
          settings.site_idle,
          [self](std::int64_t id) {
            const auto& writers = self->state.writers;
            return self->spawn<caf::monitored>(site, self->state.context, id, writers[writer_of(id, writers.size())],
                                               caf::actor_cast<sites_actor>(self->ctrl()));
          },
          [self](const site_actor& to, sync_ptr x) { self->send(to, sync_atom_v, std::move(x)); },
          [self](const site_actor& to) { self->send(to, leave_atom_v); },
          [self](const site_actor& to, caf::exit_reason why) { self->send_exit(to, why); }};
}

void note_fallen(sites_pointer self, const caf::down_msg& x) {
  auto& state = self->state;
  const auto fell = [&](const site_writer_actor& writer) { return writer.address() == x.source; };
  const auto writer = std::find_if(state.writers.begin(), state.writers.end(), fell);
  if (writer == state.writers.end()) {
    state.children.fallen(x.source);
    return;
  }
  *writer = start_writer(self);
  state.children.start_over();
}

} // namespace

sites_state::~sites_state() {
  for (const auto& x : writers)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

sites_actor::behavior_type sites(sites_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  for (auto i = 0u; i < self->state.context->config.sites.writers; ++i)
    self->state.writers.push_back(start_writer(self));
  self->state.children = keyed_actors<site_actor, sync_ptr>{owner_of_children(self)};
  self->set_down_handler([self](caf::down_msg& x) { note_fallen(self, x); });
  self->delayed_send(self, sweep_interval, tick_atom_v);
  return {
      [self](sync_atom, sync_ptr x) {
        const auto id = x->site_id;
        self->state.children.pass_on(id, std::move(x), self->clock().now());
      },
      [self](left_atom, std::int64_t id, bool ended) { self->state.children.left(id, ended); },
      [self](collect_atom) { return static_cast<std::uint64_t>(self->state.children.size()); },
      [self](tick_atom) {
        self->state.children.let_idle_go(self->clock().now());
        self->delayed_send(self, sweep_interval, tick_atom_v);
      },
  };
}

} // namespace ingot

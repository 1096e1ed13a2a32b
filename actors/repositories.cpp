#include "actors/repositories.hpp"

#include "actors/failure_guard.hpp"
#include "actors/repository.hpp"

namespace ingot {

namespace {

using repositories_pointer = repositories_actor::stateful_pointer<repositories_state>;

constexpr auto sweep_interval = std::chrono::seconds{5};

/// Ignored events and installations change no repository's rows in order: they are only kept.
void pass_to_writer(repositories_pointer self, const delivery_ptr& x) {
  auto& state = self->state;
  auto group = std::make_shared<repository_group>();
  group->keyed = false;
  const auto index = writer_of(x->kept.repository_id, state.writers.size());
  group->add(x);
  group->claim.emplace(state.context->groups_waiting, 1);
  caf::anon_send(state.writers[index], commit_atom_v, std::move(group));
}

keyed_actors<repository_actor, delivery_ptr>::owner owner_of_children(repositories_pointer self) {
  const auto& settings = self->state.context->config.actors;
  return {settings.repositories_max,
          settings.repository_idle,
          [self](std::int64_t id) {
            const auto& writers = self->state.writers;
            return self->spawn<caf::monitored>(repository, self->state.context, id, writers[writer_of(id, writers.size())],
                                               caf::actor_cast<repositories_actor>(self->ctrl()));
          },
          [self](const repository_actor& to, delivery_ptr x) { self->send(to, deliver_atom_v, std::move(x)); },
          [self](const repository_actor& to) { self->send(to, leave_atom_v); },
          [self](const repository_actor& to, caf::exit_reason why) { self->send_exit(to, why); }};
}

} // namespace

std::size_t writer_of(std::int64_t key, std::size_t writers) noexcept {
  // Fibonacci hashing: neighbouring ids of one organization spread.
  return static_cast<std::size_t>((static_cast<std::uint64_t>(key) * 0x9E3779B97F4A7C15ull) >> 33) % writers;
}

repositories_actor::behavior_type repositories(repositories_pointer self, context_ptr context,
                                               std::vector<writer_actor> writers) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.writers = std::move(writers);
  self->state.children = keyed_actors<repository_actor, delivery_ptr>{owner_of_children(self)};
  self->set_down_handler([self](caf::down_msg& x) { self->state.children.fallen(x.source); });
  self->delayed_send(self, sweep_interval, tick_atom_v);
  return {
      [self](deliver_atom, const std::vector<delivery_ptr>& deliveries) {
        for (const auto& x : deliveries) {
          if (is_keyed(x->event))
            self->state.children.pass_on(x->kept.repository_id, x, self->clock().now());
          else
            pass_to_writer(self, x);
        }
      },
      [self](left_atom, std::int64_t id, bool ended) { self->state.children.left(id, ended); },
      [self](writers_atom, std::vector<writer_actor> anew) {
        self->state.children.start_over();
        self->state.writers = std::move(anew);
      },
      [self](collect_atom) { return static_cast<std::uint64_t>(self->state.children.size()); },
      [self](tick_atom) {
        self->state.children.let_idle_go(self->clock().now());
        self->delayed_send(self, sweep_interval, tick_atom_v);
      },
  };
}

} // namespace ingot

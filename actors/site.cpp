#include "actors/site.hpp"

#include "actors/failure_guard.hpp"

#include <utility>

namespace ingot {

namespace {

using site_pointer = site_actor::stateful_pointer<site_state>;

/// Fingerprints of more modules are not kept.
constexpr auto modules_cached_max = std::size_t{5'000};

void submit(site_pointer self) {
  auto& state = self->state;
  if (state.committing || state.waiting.empty())
    return;
  auto next = std::move(state.waiting.front());
  state.waiting.pop_front();
  next->known = std::exchange(state.known, {});
  state.committing = true;
  self->send(state.writer, commit_atom_v, std::move(next));
}

void take(site_pointer self, sync_ptr x) {
  auto& state = self->state;
  // Jobs are bounded by their engine.
  if (!x->of_job && state.waiting.size() >= state.context->config.sites.waiting_max) {
    x->answer(*x, {fault::overloaded, "too many syncs of this site wait for their turn; send one at a time", {}});
    return;
  }
  state.waiting.push_back(std::move(x));
  submit(self);
}

} // namespace

site_actor::behavior_type site(site_pointer self, context_ptr context, std::int64_t id, site_writer_actor writer,
                               sites_actor parent) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.id = id;
  self->state.writer = std::move(writer);
  self->state.parent = std::move(parent);
  return {
      [self](sync_atom, sync_ptr x) { take(self, std::move(x)); },
      [self](committed_atom, const sync_ptr& x, const failure& why) {
        auto& state = self->state;
        state.committing = false;
        state.known = std::move(x->known);
        if (state.known.modules.size() > modules_cached_max)
          state.known = {}; // read again the next time
        x->answer(*x, why);
        submit(self);
      },
      [self](leave_atom) {
        auto& state = self->state;
        const auto idle = !state.committing && state.waiting.empty();
        self->send(state.parent, left_atom_v, state.id, idle);
        if (idle)
          self->quit();
      },
  };
}

} // namespace ingot

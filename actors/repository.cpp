#include "actors/repository.hpp"

#include "actors/failure_guard.hpp"

#include <algorithm>

namespace ingot {

namespace {

using repository_pointer = repository_actor::stateful_pointer<repository_state>;

/// What deliveries add is little: so many groups may add to a cache between two weighings. What was loaded is weighed at once:
/// the facts of one pull request may come to 30 KB.
constexpr auto groups_per_trim = 16u;

/// Few of one repository: whoever else is in the transaction waits for them.
std::size_t deliveries_of_commit(const node_context& context) {
  return std::min(context.config.actors.repository_commit_max, context.config.database.batch_items_max);
}

/// Takes from `waiting` as far as the cache covers it, and decides. Leaves `group` empty when the first is not covered.
void decide_what_is_known(repository_state& state, repository_group& group) {
  auto& known = state.known;
  if (!known.loaded)
    return;
  group.known = std::move(known);
  const auto deliveries_max = deliveries_of_commit(*state.context);
  while (!state.waiting.empty() && group.items.size() < deliveries_max) {
    const auto& next = state.waiting.front();
    if (!missing_for(group.known, next->event).none())
      break;
    group.add(next);
    state.waiting.pop_front();
    github::decide_from(group, group.items.size() - 1);
  }
  if (group.items.empty())
    known = std::move(group.known);
  else
    group.decided = true;
}

/// Everything that waits goes undecided: the WRITER loads what is missing under the row's lock and decides.
void leave_the_decision(repository_state& state, repository_group& group) {
  group.decided = false;
  group.known = std::move(state.known);
  const auto deliveries_max = deliveries_of_commit(*state.context);
  while (!state.waiting.empty() && group.items.size() < deliveries_max) {
    group.add(state.waiting.front());
    state.waiting.pop_front();
  }
}

void submit(repository_pointer self) {
  auto& state = self->state;
  if (state.committing || state.waiting.empty())
    return;
  auto group = std::make_shared<repository_group>();
  try {
    decide_what_is_known(state, *group);
  } catch (const std::exception&) {
    // A payload that a rule cannot bear: the WRITER meets it again, alone, and keeps it with the reason.
    group->decided = false;
    group->known = {};
    group->changes = {};
  }
  if (group->items.empty())
    leave_the_decision(state, *group);
  state.known = {};
  state.committing = true;
  group->claim.emplace(state.context->groups_waiting, 1);
  self->send(state.writer, commit_atom_v, std::move(group));
}

} // namespace

repository_actor::behavior_type repository(repository_pointer self, context_ptr context, std::int64_t id, writer_actor writer,
                                           repositories_actor parent) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.id = id;
  self->state.writer = std::move(writer);
  self->state.parent = std::move(parent);
  return {
      [self](deliver_atom, delivery_ptr x) {
        self->state.waiting.push_back(std::move(x));
        submit(self);
      },
      [self](committed_atom, const group_ptr& group) {
        auto& state = self->state;
        state.committing = false;
        state.known = std::move(group->known);
        if (!group->decided || ++state.groups_since_trim >= groups_per_trim) {
          state.groups_since_trim = 0;
          github::trim(state.known, state.context->config.actors.knowledge_bytes_max);
        }
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

#include "actors/search_rebuilder.hpp"

#include "actors/failure_guard.hpp"
#include "model/json_document.hpp"
#include "storage/job_statements.hpp"

#include <memory>
#include <string>
#include <utility>

namespace ingot {

namespace {

/// In one step: one transaction, far within the statement timeout.
constexpr auto step_documents_max = std::size_t{500};

struct search_rebuilder_state {
  static inline const char* name = "search rebuilder";

  job_ptr job;
  storage::rebuild_step step;
  std::unique_ptr<storage::search_store> store;
};

std::string language_of(const claimed_job& job) {
  auto document = json_document{};
  auto language = std::string_view{};
  if (document.parse(job.payload) || document.root()["language"].get(language) != simdjson::SUCCESS)
    return {};
  return std::string{language};
}

job_outcome outcome_of(const storage::store_error& e) {
  if (e.remedy() == storage::sql_remedy::refused && !std::string_view{e.what()}.starts_with(storage::job_lost))
    return job_failed_for_good{e.what()};
  return job_failed_for_now{e.what()};
}

/// @returns how the attempt ended, or nothing when there is more to do
std::optional<job_outcome> advance(search_rebuilder_state& state, const node_context& context) {
  try {
    if (!state.store)
      state.store = context.open_search_store();
    if (state.store->advance(state.step))
      return std::nullopt;
    return job_completed_already{};
  } catch (const storage::store_error& e) {
    return outcome_of(e);
  }
}

} // namespace

job_handler search_rebuilds(caf::actor_system& system, const node_context& context) {
  return [&system, &context](job_ptr job) {
    const auto rebuilder = [&context, job = std::move(job)](caf::stateful_actor<search_rebuilder_state>* self) -> caf::behavior {
      guard_against_exceptions(self);
      const auto language = language_of(job->job);
      if (language.empty()) {
        (*job->answer)(job_failed_for_good{"the payload names no language"});
        return {};
      }
      self->state.job = job;
      self->state.step = {job->job.lease, context.config.jobs.lease, language, step_documents_max};
      self->send(self, tick_atom_v);
      // When the node stops, JOBS gives the lease back, and the next step finds that.
      return {[&context, self](tick_atom) {
        auto over = advance(self->state, context);
        if (!over)
          return self->send(self, tick_atom_v);
        (*self->state.job->answer)(std::move(*over));
        self->quit();
      }};
    };
    system.spawn<caf::detached>(rebuilder);
  };
}

} // namespace ingot

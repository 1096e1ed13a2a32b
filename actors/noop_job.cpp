#include "actors/noop_job.hpp"

#include "model/json_document.hpp"

#include <stdexcept>

namespace ingot {

namespace {

/// What the payload asks for.
struct noop_wish {
  std::chrono::milliseconds sleep{0};
  std::string fail;
};

noop_wish wish_of(const std::string& payload) {
  auto wish = noop_wish{};
  auto document = json_document{};
  if (document.parse(payload))
    return wish;
  if (auto ms = std::int64_t{0}; document.root()["sleep_ms"].get(ms) == simdjson::SUCCESS)
    wish.sleep = std::chrono::milliseconds{ms};
  if (auto fail = std::string_view{}; document.root()["fail"].get(fail) == simdjson::SUCCESS)
    wish.fail = fail;
  return wish;
}

job_outcome outcome_of(const noop_wish& wish, timestamp started_at, timestamp finished_at) {
  if (wish.fail == "transient")
    return job_failed_for_now{"as its payload asks"};
  if (wish.fail == "permanent")
    return job_failed_for_good{"as its payload asks"};
  if (wish.fail == "crash")
    throw std::runtime_error{"as its payload asks"};
  return job_succeeded{"{\"started_at\":" + std::to_string(started_at.time_since_epoch().count()) +
                       ",\"finished_at\":" + std::to_string(finished_at.time_since_epoch().count()) + '}'};
}

} // namespace

job_handler noop_jobs(caf::actor_system& system, std::function<timestamp()> now) {
  return [&system, now = std::move(now)](job_ptr job) {
    system.spawn([job = std::move(job), now](caf::event_based_actor* self) -> caf::behavior {
      const auto wish = wish_of(job->job.payload);
      const auto started_at = now();
      const auto finish = [=] { (*job->answer)(outcome_of(wish, started_at, now())); };
      if (wish.sleep.count() <= 0) {
        finish();
        return {};
      }
      self->delayed_send(self, wish.sleep, tick_atom_v);
      return {[=](tick_atom) {
        finish();
        self->quit();
      }};
    });
  };
}

} // namespace ingot

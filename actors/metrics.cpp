#include "actors/metrics.hpp"

#include "actors/delivery_check.hpp"
#include "actors/failure_guard.hpp"
#include "storage/audit_chain.hpp"
#include "storage/delivery_receipt.hpp"
#include "storage/job_queries.hpp"
#include "storage/rate_budgets.hpp"

namespace ingot {

namespace {

constexpr auto answer_timeout = std::chrono::seconds{2};

void set_gauges(const node_context& context) {
  auto& counters = context.counters;
  counters.queue_depth.at({"writer"}).set(static_cast<double>(context.groups_waiting.load()));
  counters.spool_deliveries.set(static_cast<double>(context.spool_depth.load()));
  counters.spool_bytes.set(static_cast<double>(context.spool_bytes.load()));
  counters.spool_bytes_max.set(static_cast<double>(context.config.spool.bytes_max));
  counters.database.set(static_cast<double>(context.database.load()));
}

/// Counting jobs costs a scan: the gauges are as old as this.
constexpr auto count_interval = std::chrono::seconds{15};

void set_job_gauges(telemetry::metrics& counters, const storage::job_counts& now) {
  counters.jobs.at({"pending"}).set(static_cast<double>(now.pending));
  counters.jobs.at({"running"}).set(static_cast<double>(now.running));
  counters.jobs.at({"failed"}).set(static_cast<double>(now.failed));
  counters.jobs.at({"dead"}).set(static_cast<double>(now.dead));
  counters.job_oldest_due.set(now.oldest_due_seconds);
}

double seconds_of(timestamp x) {
  return std::chrono::duration<double>(x.time_since_epoch()).count();
}

/// Of every node's from the same row, whoever of them looked last, and whether a look succeeds or not.
void set_delivery_gauges(telemetry::metrics& counters, const std::optional<storage::delivery_receipt>& now) {
  counters.deliveries_missing.set(now ? static_cast<double>(now->missing) : 0);
  counters.deliveries_complete_through.set(now ? seconds_of(now->complete_through) : 0);
  counters.deliveries_listed_through.set(now ? seconds_of(now->listed_through) : 0);
}

/// Of every node's from the same rows, the most spent first, as many as a family holds. Budgets whose window is over, or of which
/// nothing is known, have no series: what they had left once would be told for ever.
void set_rate_gauges(telemetry::metrics& counters, const std::vector<storage::rate_standing>& now) {
  auto limit = std::vector<telemetry::labelled_value>{}, remaining = limit, used = limit;
  for (const auto& x : now) {
    const auto labels = std::vector{x.budget, std::string{github::to_string(x.of)}};
    limit.push_back({labels, static_cast<double>(x.limit)});
    remaining.push_back({labels, static_cast<double>(x.remaining)});
    used.push_back({labels, static_cast<double>(x.limit - x.remaining)});
  }
  counters.rate_limit.replace(limit);
  counters.rate_remaining.replace(remaining);
  counters.rate_used.replace(used);
}

/// Lets a READER count.
void count_jobs(metrics_actor::stateful_pointer<metrics_state> self) {
  const auto handles = self->state.context->handles.load();
  if (!handles)
    return;
  auto ask = query{};
  ask.run = [context = self->state.context](storage::connection& db) {
    auto kinds = std::vector<std::string>{};
    for (const auto& [kind, handler] : context->job_handlers)
      kinds.push_back(kind);
    set_job_gauges(context->counters, storage::count_jobs(db, kinds));
    const auto waiting = storage::count_unsealed_lines(db);
    context->counters.audit_unsealed.set(static_cast<double>(waiting.lines));
    context->counters.audit_unsealed_seconds.set(waiting.oldest_seconds);
    if (const auto& github = context->config.github_api; checks_deliveries(github))
      set_delivery_gauges(context->counters, storage::load_receipt(db, github.hook));
    set_rate_gauges(context->counters, storage::list_open_rate_windows(db, telemetry::gauges::series_max));
  };
  // The gauges stay as they were, but for budgets: nobody knows when those windows end.
  ask.refuse = [context = self->state.context](const failure&) { set_rate_gauges(context->counters, {}); };
  self->send(handles->readers.back(), query_atom_v, query_ptr{std::make_shared<const query>(std::move(ask))});
}

} // namespace

metrics_actor::behavior_type metrics_collector(metrics_actor::stateful_pointer<metrics_state> self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->delayed_send(self, std::chrono::milliseconds{500}, tick_atom_v); // the NODE publishes the READERs first
  return {
      [self](tick_atom) {
        count_jobs(self);
        self->delayed_send(self, count_interval, tick_atom_v);
      },
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

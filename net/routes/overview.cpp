#include "net/routes/overview.hpp"

#include "model/json_object.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/event_stream.hpp"
#include "net/routes/state.hpp"

#include <cmath>
#include <map>

namespace ingot::routes {

namespace {

using telemetry::labelled_value;

/// More are not told; the page says how many there are.
constexpr auto budgets_max = std::size_t{50};

constexpr auto stream_time_max = std::chrono::minutes{1};

std::int64_t whole(double x) {
  return std::isfinite(x) ? static_cast<std::int64_t>(x) : 0;
}

/// Sums by the label at `place`, of those whose first label is `first`, if one is given.
std::string sums_json(const std::vector<labelled_value>& from, std::size_t place, std::string_view first = {}) {
  auto sums = std::map<std::string, double>{};
  for (const auto& x : from)
    if (x.labels.size() > place && (first.empty() || x.labels.front() == first))
      sums[x.labels[place]] += x.value;
  auto out = json_object{};
  for (const auto& [name, sum] : sums)
    out.add(name, whole(sum));
  return out.text();
}

std::string budgets_json(const telemetry::live_counts& from) {
  auto out = std::vector<std::string>{};
  for (const auto& x : from.rate_limit)
    for (const auto& left : from.rate_remaining)
      if (x.labels == left.labels && x.labels.size() == 2 && out.size() < budgets_max)
        out.push_back(json_object{}
                          .add("budget", x.labels[0])
                          .add("resource", x.labels[1])
                          .add("limit", whole(x.value))
                          .add("remaining", whole(left.value))
                          .text());
  return json_array(out);
}

/// `[[0.0005, 12], …]`: how many took no longer; the last bucket, which has no bound, as null.
std::string acknowledgements_json(const telemetry::live_counts& from) {
  auto out = std::vector<std::string>{};
  for (const auto& [bound, count] : from.ack_seconds_upto)
    out.push_back("[" + (std::isfinite(bound) ? std::to_string(bound) : std::string{"null"}) + "," + std::to_string(count) + "]");
  return json_array(out);
}

std::string snapshot(const services& what, timestamp now) {
  const auto& node = *what.context;
  const auto counts = node.counters.live();
  auto intake = json_object{};
  intake.add_raw("github", sums_json(counts.deliveries, 1)).add_raw("sites", sums_json(counts.site_syncs, 0));
  for (const auto* name : {"events", "stripe", "crawl"})
    intake.add_raw(name, sums_json(counts.intake_items, 1, name));
  auto spool = json_object{};
  spool.add("deliveries", node.spool_depth.load()).add("bytes", node.spool_bytes.load());
  auto out = json_object{};
  out.add("at", std::optional{now}).add("version", what.version).add("database", to_string(node.database.load()));
  out.add_raw("spool", spool.text()).add("groupsWaiting", node.groups_waiting.load());
  out.add_raw("intake", intake.text()).add_raw("ackSecondsUpto", acknowledgements_json(counts));
  out.add_raw("jobs", sums_json(counts.jobs, 0)).add("jobOldestDueSeconds", whole(counts.job_oldest_due_seconds));
  return out.add_raw("budgets", budgets_json(counts)).text();
}

} // namespace

std::shared_ptr<const std::string> overview_snapshots::at(const services& what, timestamp now) {
  const auto lock = std::lock_guard{mutex_};
  if (!latest_ || now >= made_at_ + interval || now < made_at_) {
    latest_ = std::make_shared<const std::string>(snapshot(what, now));
    made_at_ = now;
  }
  return latest_;
}

void stream_overview(const services& what, http::request req, path_parameters, http::responder done) {
  const auto ends_at = what.context->now() + stream_time_max;
  send_events(what, std::move(done), req.head.request_id, overview_snapshots::interval,
              [&what, ends_at](const std::function<void(stream_news)>& tell) {
                const auto now = what.context->now();
                tell({event_text("overview", *what.overview->at(what, now)), now >= ends_at});
              });
}

void show_overview(const services& what, http::request, path_parameters, http::responder done) {
  done(json_response(*what.overview->at(what, what.context->now())));
}

} // namespace ingot::routes

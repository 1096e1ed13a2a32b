#include "telemetry/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

namespace ingot::telemetry {

namespace {

labelled_value value_of(const prometheus::ClientMetric& x, prometheus::MetricType type) {
  auto out = labelled_value{};
  for (const auto& label : x.label)
    out.labels.push_back(label.value);
  out.value = type == prometheus::MetricType::Counter ? x.counter.value : x.gauge.value;
  return out;
}

std::vector<labelled_value> values_of(const prometheus::MetricFamily& of) {
  auto out = std::vector<labelled_value>{};
  for (const auto& x : of.metric)
    out.push_back(value_of(x, of.type));
  return out;
}

} // namespace

live_counts metrics::live() const {
  auto out = live_counts{};
  const auto wanted =
      std::to_array<std::pair<std::string_view, std::vector<labelled_value>*>>({{"ingot_deliveries_total", &out.deliveries},
                                                                                {"ingot_intake_items_total", &out.intake_items},
                                                                                {"ingot_site_syncs_total", &out.site_syncs},
                                                                                {"ingot_jobs", &out.jobs},
                                                                                {"ingot_rate_limit", &out.rate_limit},
                                                                                {"ingot_rate_remaining", &out.rate_remaining}});
  for (const auto& family : registry_->Collect()) {
    for (const auto& [name, to] : wanted)
      if (family.name == name)
        *to = values_of(family);
    if (family.name == "ingot_job_oldest_due_seconds" && !family.metric.empty())
      out.job_oldest_due_seconds = family.metric.front().gauge.value;
    if (family.name == "ingot_ack_seconds" && !family.metric.empty())
      for (const auto& bucket : family.metric.front().histogram.bucket)
        out.ack_seconds_upto.emplace_back(bucket.upper_bound, bucket.cumulative_count);
  }
  return out;
}

} // namespace ingot::telemetry

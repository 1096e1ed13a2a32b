#pragma once

#include "telemetry/metrics.hpp"

namespace ingot::testing {

/// A family with labels shows once it has a series.
inline void give_every_family_a_series(telemetry::metrics& m) {
  for (auto* family : {&m.http_requests, &m.http_refusals, &m.verify_failures, &m.deliveries})
    family->at({"a", "b"}).add();
  m.site_syncs.at({"a"}).add();
  m.intake_items.at({"events", "accepted"}).add();
  for (auto* family : {&m.queue_depth, &m.actors, &m.permits_waiting})
    family->at({"a"}).set(1);
  m.jobs.at({"dead"}).set(1);
  m.job_attempts.at({"noop", "succeeded"}).add();
  m.permits.at({"webhook", "granted"}).add();
  for (auto* family : {&m.rate_limit, &m.rate_remaining, &m.rate_used})
    family->at({"installation/7", "core"}).set(1);
  m.nightly_repositories.at({"unchanged"}).add();
  m.nightly_alerts.at({"missed"}).add();
}

} // namespace ingot::testing

#include "net/routes/table.hpp"

#include "net/routes/deliveries.hpp"
#include "net/routes/github.hpp"
#include "net/routes/state.hpp"

namespace ingot::routes {

namespace {

constexpr auto github_body_max = std::size_t{25} * 1024 * 1024; // GitHub makes no larger delivery

constexpr route all[] = {
    {"POST", "/webhook", door::ingest, github_body_max, take_github_webhook, "Takes a GitHub webhook delivery."},
    {"POST", "/webhooks/github", door::ingest, github_body_max, take_github_webhook, "Takes a GitHub webhook delivery."},
    {"POST", "/api/v1/admin/deliveries/{id}/replay", door::admin, 0, replay_delivery, "Applies a kept delivery again."},
    {"GET", "/health", door::open, 0, get_health, "Says that the process lives."},
    {"GET", "/ready", door::open, 0, get_ready, "Says whether deliveries reach the database."},
    {"GET", "/metrics", door::open, 0, get_metrics, "Metrics in Prometheus' text format."},
    {"GET", "/openapi.json", door::open, 0, get_openapi, "This interface as an OpenAPI 3.1 document."},
};

} // namespace

std::span<const route> table() {
  return all;
}

} // namespace ingot::routes

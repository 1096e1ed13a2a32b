#include "net/routes/table.hpp"

#include "net/routes/deliveries.hpp"
#include "net/routes/github.hpp"
#include "net/routes/site_sync.hpp"
#include "net/routes/state.hpp"

namespace ingot::routes {

namespace {

constexpr auto github_body_max = std::size_t{25} * 1024 * 1024; // GitHub makes no larger delivery

// The setting sites.body_bytes_max goes below it.
constexpr auto site_body_max = std::size_t{256} * 1024 * 1024;

constexpr route all[] = {
    {"POST", "/webhook", door::ingest, github_body_max, take_github_webhook, "Takes a GitHub webhook delivery."},
    {"POST", "/webhooks/github", door::ingest, github_body_max, take_github_webhook, "Takes a GitHub webhook delivery."},
    {"POST", "/api/v1/sites/{site_id}/modules/sync", door::site, site_body_max, take_site_sync,
     "Takes a Drupal site's module inventory."},
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

#include "net/routes/table.hpp"

#include "net/routes/admin_sites.hpp"
#include "net/routes/deliveries.hpp"
#include "net/routes/github.hpp"
#include "net/routes/site_modules.hpp"
#include "net/routes/site_sync.hpp"
#include "net/routes/state.hpp"

namespace ingot::routes {

namespace {

constexpr auto github_body_max = std::size_t{25} * 1024 * 1024; // GitHub makes no larger delivery

// The setting sites.body_bytes_max goes below it.
constexpr auto site_body_max = std::size_t{256} * 1024 * 1024;
constexpr auto small_body_max = std::size_t{64} * 1024;

constexpr route all[] = {
    {"POST",
     "/webhook",
     door::ingest,
     github_body_max,
     take_github_webhook,
     "Takes a GitHub webhook delivery.",
     {"github_event, github_delivery, github_signature", "github_delivery", "200 receipt"}},
    {"POST",
     "/webhooks/github",
     door::ingest,
     github_body_max,
     take_github_webhook,
     "Takes a GitHub webhook delivery.",
     {"github_event, github_delivery, github_signature", "github_delivery", "200 receipt"}},
    {"POST",
     "/api/v1/admin/deliveries/{delivery_id}/replay",
     door::admin,
     0,
     replay_delivery,
     "Applies a kept delivery again.",
     {.answers = "200 receipt"}},
    {"POST",
     "/api/v1/sites/{site_id}/modules/sync",
     door::site,
     site_body_max,
     take_site_sync,
     "Takes a Drupal site's module inventory.",
     {"prefer, content_encoding", "inventory", "200 synced, 202 stored_sync, 422 faults"}},
    {"GET",
     "/api/v1/sites/{site_id}/modules/state",
     door::site,
     0,
     show_site_state,
     "The installed modules with their versions, and the hash that a differential sync stands on.",
     {.answers = "200 site_state"}},
    {"GET",
     "/api/v1/sites/{site_id}/modules",
     door::site,
     0,
     list_site_modules,
     "What a site has and had installed.",
     {"needs_security_update, enabled, removed, type, limit, after", {}, "200 modules"}},
    {"GET",
     "/api/v1/sites/{site_id}/modules/{machine_name}/history",
     door::site,
     0,
     list_module_changes,
     "A module's changes of version on a site, the newest first.",
     {"limit, after", {}, "200 history"}},
    {"GET",
     "/api/v1/sites/{site_id}/syncs",
     door::site,
     0,
     list_site_syncs,
     "A site's syncs, the newest first.",
     {"limit, after", {}, "200 syncs"}},
    {"GET",
     "/api/v1/modules/{machine_name}",
     door::site,
     0,
     show_module,
     "Which sites have a module, and in which version; with a site's key only the site itself.",
     {"needs_security_update, enabled, removed, limit, after", {}, "200 module"}},
    {"POST", "/api/v1/admin/sites", door::admin, small_body_max, add_site, "Adds a site.", {{}, "new_site", "201 site"}},
    {"GET", "/api/v1/admin/sites", door::admin, 0, list_sites, "The sites, by id.", {"limit, after", {}, "200 sites"}},
    {"GET",
     "/api/v1/admin/sites/{site_id}",
     door::admin,
     0,
     show_site,
     "One site, and how much it has installed.",
     {.answers = "200 site"}},
    {"POST",
     "/api/v1/admin/sites/{site_id}/disable",
     door::admin,
     0,
     disable_site,
     "Refuses the site's keys from now on.",
     {.answers = "200 site"}},
    {"POST",
     "/api/v1/admin/sites/{site_id}/enable",
     door::admin,
     0,
     enable_site,
     "Takes the site's keys again.",
     {.answers = "200 site"}},
    {"POST",
     "/api/v1/admin/sites/{site_id}/keys",
     door::admin,
     small_body_max,
     create_key,
     "Makes an API key of the site. The answer is the one place where it is shown.",
     {{}, "new_key", "201 new_key"}},
    {"GET",
     "/api/v1/admin/sites/{site_id}/keys",
     door::admin,
     0,
     list_keys,
     "The site's API keys, by id.",
     {"limit, after", {}, "200 keys"}},
    {"POST", "/api/v1/admin/keys/{key_id}/revoke", door::admin, 0, revoke_key, "Ends an API key.", {.answers = "200 key"}},
    {"GET", "/health", door::open, 0, get_health, "Says that the process lives.", {.answers = "200 done"}},
    {"GET",
     "/ready",
     door::open,
     0,
     get_ready,
     "Says whether deliveries reach the database.",
     {.answers = "200 readiness, 503 readiness"}},
    {"GET", "/metrics", door::open, 0, get_metrics, "Metrics in Prometheus' text format.", {.answers = "200 metrics"}},
    {"GET", "/openapi.json", door::open, 0, get_openapi, "This interface as an OpenAPI 3.1 document.", {.answers = "200 done"}},
};

} // namespace

std::span<const route> table() {
  return all;
}

} // namespace ingot::routes

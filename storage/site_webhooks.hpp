#pragma once

#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ingot::storage {

/// Where a site is told of its syncs.
struct site_webhook {
  std::string url;
  std::string sealed_secret; ///< for webhook_secret_place()
};

/// What a site's secret is sealed for (model/sealing): `site/7/notify_secret`.
std::string webhook_secret_place(std::int64_t site_id);

/// Sets a site's webhook, or takes it away (nothing), with an audit line that holds neither the path of its URL nor its secret.
/// Throws refused_change (not_found) when there is no such site, else what libpqxx throws.
void set_site_webhook(connection& db, std::int64_t site_id, const std::optional<site_webhook>& x, const operator_action& by);

/// The webhook of a site; nothing when it has none, or there is no such site. Throws what libpqxx throws.
std::optional<site_webhook> find_site_webhook(connection& db, std::int64_t site_id);

} // namespace ingot::storage

#include "storage/site_webhooks.hpp"

#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

// Both columns at once; an empty URL takes them away.
constexpr auto write_webhook = R"sql(
  UPDATE sites SET notify_url = NULLIF($2, ''), notify_secret = CASE WHEN $2 <> '' THEN $3::bytea END, updated_at = $4::timestamptz
  WHERE id = $1
)sql";

// What a notification needs to know.
constexpr auto webhook_of_site = "SELECT notify_url, notify_secret FROM sites WHERE id = $1 AND notify_url IS NOT NULL";

} // namespace

std::string webhook_secret_place(std::int64_t site_id) {
  return "site/" + std::to_string(site_id) + "/notify_secret";
}

void set_site_webhook(connection& db, std::int64_t site_id, const std::optional<site_webhook>& x, const operator_action& by) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto wanted = x.value_or(site_webhook{});
  if (pgx::query(tx, write_webhook, site_id, wanted.url, pgx::binary{wanted.sealed_secret}, to_rfc3339(by.at)).affected_rows() ==
      0)
    throw refused_change{{fault::not_found, "there is no site " + std::to_string(site_id) + " (ingot sites list)", {}}};
  append_audit_line(tx, by, x ? "site webhook set" : "site webhook taken away", "site " + std::to_string(site_id));
  tx.commit();
}

std::optional<site_webhook> find_site_webhook(connection& db, std::int64_t site_id) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, webhook_of_site, site_id);
  if (rows.empty())
    return std::nullopt;
  return site_webhook{std::string{pgx::text(rows[0][0])}, pgx::bytes(rows[0][1])};
}

} // namespace ingot::storage

#include "storage/installation_rows.hpp"

#include "model/contents/sync_order.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"

namespace ingot::storage {

namespace {

// How the installation stands; nobody changes it until this transaction ends.
constexpr auto lock_installation = R"sql(
  SELECT account, CASE WHEN deleted THEN 'deleted' WHEN suspended THEN 'suspended' ELSE 'live' END
  FROM installations WHERE installation_id = $1 FOR SHARE
)sql";

// Its credentials are as it is. One that GitHub has refused stays so: a new one is made by installing again.
constexpr auto update_credentials = R"sql(
  UPDATE provider_credentials SET state = $2, updated_at = now(),
    state_reason = CASE $2 WHEN 'live' THEN NULL WHEN 'suspended' THEN 'its installation is suspended' ELSE 'its installation was deleted' END
  WHERE installation_id = $1 AND kind = 'installation' AND state IN ('live', 'suspended') AND state <> $2
)sql";

// The node's own credential, for what no user asks for: the files of pull requests.
constexpr auto keep_own_credential = R"sql(
  INSERT INTO provider_credentials (user_id, kind, account, installation_id) VALUES ('', 'installation', $2, $1)
  ON CONFLICT (user_id, provider, kind, account) WHERE state <> 'deleted'
  DO UPDATE SET installation_id = excluded.installation_id, state = 'live', state_reason = NULL, updated_at = now()
  WHERE provider_credentials.installation_id IS DISTINCT FROM excluded.installation_id
)sql";

// What is followed by its credentials. A repository belongs to the installation unless a mention has said otherwise.
constexpr auto update_repositories = R"sql(
  WITH u AS (
    SELECT p.id, CASE
      WHEN $2 = 'deleted' THEN 'gone'
      WHEN r.installation_at IS NOT NULL AND r.installation_id IS DISTINCT FROM $1::int8 THEN 'gone'
      WHEN $2 = 'suspended' THEN 'suspended'
      ELSE 'active' END AS becomes,
      CASE WHEN $2 = 'deleted' THEN 'its installation was deleted'
           WHEN r.installation_at IS NOT NULL AND r.installation_id IS DISTINCT FROM $1::int8 THEN 'removed from its installation'
           WHEN $2 = 'suspended' THEN 'its installation is suspended' END AS reason
    FROM provider_repositories p
    JOIN provider_credentials c ON c.id = p.credential_id AND c.installation_id = $1 AND c.kind = 'installation'
    LEFT JOIN repositories r ON r.github_id = p.external_id
    WHERE p.provider = 'github'
      AND (p.state IN ('active', 'suspended') OR (p.state = 'gone' AND p.state_reason = 'removed from its installation'))
    ORDER BY p.id
  )
  UPDATE provider_repositories p SET state = u.becomes, state_reason = u.reason, next_check_at = now(), updated_at = now()
  FROM u WHERE p.id = u.id AND p.state <> u.becomes
)sql";

// What came to it, for each user whose installation it is (the node itself when there is none), up to the user's limit.
constexpr auto follow_added = R"sql(
  WITH owners AS (
    SELECT c.id AS credential_id, c.user_id FROM provider_credentials c
    WHERE c.installation_id = $1 AND c.kind = 'installation' AND c.state = 'live'
      AND (c.user_id <> '' OR NOT EXISTS (SELECT FROM provider_credentials o
                                          WHERE o.installation_id = $1 AND o.kind = 'installation' AND o.state = 'live' AND o.user_id <> ''))
  ), wanted AS (
    SELECT o.credential_id, o.user_id, r.github_id, r.owner, r.name, r.default_branch, r.is_private,
           row_number() OVER (PARTITION BY o.user_id ORDER BY r.github_id)
             + (SELECT count(*) FROM provider_repositories p WHERE p.user_id = o.user_id AND p.state <> 'removed') AS place
    FROM owners o CROSS JOIN repositories r
    WHERE r.github_id = ANY($2::int8[]) AND r.installation_id = $1
      AND NOT EXISTS (SELECT FROM provider_repositories p
                      WHERE p.user_id = o.user_id AND p.external_id = r.github_id AND p.provider = 'github' AND p.state <> 'removed')
  )
  INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, credential_id, default_branch, is_private)
  SELECT user_id, 'github', owner, name, github_id, credential_id, default_branch, is_private FROM wanted WHERE place <= $3
  ON CONFLICT DO NOTHING
  RETURNING id
)sql";

} // namespace

installation_effect follow_installation(connection& db, const job_lease& lease, const github::installation_order& x,
                                        const tracking_policy& policy) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, lease);
  const auto rows = pgx::query(tx, lock_installation, x.installation_id);
  if (rows.empty())
    return {};
  const auto account = std::string{pgx::text(rows[0][0])}, state = std::string{pgx::text(rows[0][1])};
  auto out = installation_effect{};
  out.credentials = pgx::query(tx, update_credentials, x.installation_id, state).affected_rows();
  if (state == "live")
    out.credentials += pgx::query(tx, keep_own_credential, x.installation_id, account).affected_rows();
  out.repositories = pgx::query(tx, update_repositories, x.installation_id, state).affected_rows();
  if (policy.all_new && state == "live") {
    auto ids = int8_array{};
    for (const auto id : x.added)
      ids.add(id);
    for (const auto& row : pgx::query(tx, follow_added, x.installation_id, ids.parameter(), policy.repositories_max)) {
      enqueue_job(tx, contents::job_of({row[0].as<std::int64_t>(), contents::urgency::webhook, false, {}}));
      ++out.followed;
    }
  }
  tx.commit();
  return out;
}

} // namespace ingot::storage

#include "storage/content_pushes.hpp"

#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"

#include <array>
#include <string>

namespace ingot::storage {

namespace {

// An order for every repository that follows a branch which was pushed to. Of one that follows the default branch, and of which
// we do not know it yet, every push counts: the sync finds out.
constexpr std::string_view followers_sql = R"sql(
  SELECT 'content_sync' AS kind, 'contents/' || f.id AS key, 'content_push/' || f.id || '/' || u.delivery_id AS dedupe_key,
         (u.payload::jsonb || jsonb_build_object('repository', f.id))::text AS payload, 0::int2 AS priority, NULL::bytea AS body,
         u.number
  FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[])
    WITH ORDINALITY AS u (external_id, branch, payload, delivery_id, number)
  JOIN provider_repositories f ON f.external_id = u.external_id AND f.provider = 'github'
    AND f.state IN ('active', 'gone', 'forbidden') AND COALESCE(f.branch, f.default_branch, u.branch) = u.branch
)sql";

// A look at the manifests of every repository that is looked through for them.
constexpr std::string_view released_sql = R"sql(
  SELECT 'manifest_check' AS kind, 'manifests/' || f.id AS key, 'release/' || f.id || '/' || u.delivery_id AS dedupe_key,
         jsonb_build_object('repository', f.id, 'trigger', 'webhook', 'full', FALSE)::text AS payload, 0::int2 AS priority,
         NULL::bytea AS body, u.number
  FROM unnest($1::int8[], $2::text[]) WITH ORDINALITY AS u (external_id, delivery_id, number)
  JOIN provider_repositories f ON f.external_id = u.external_id AND f.provider = 'github' AND f.manifests
    AND f.state IN ('active', 'gone', 'forbidden')
)sql";

} // namespace

std::span<const named_statement> content_push_statements() {
  static const auto enqueue_pushes_sql = enqueue_statement(followers_sql);
  static const auto enqueue_releases_sql = enqueue_statement(released_sql);
  static const auto statements = std::to_array<named_statement>(
      {{"enqueue_pushes", enqueue_pushes_sql.c_str()}, {"enqueue_releases", enqueue_releases_sql.c_str()}});
  return statements;
}

void enqueue_pushes(pipeline& db, std::span<const branch_push> pushes, bool& enqueued) {
  if (pushes.empty())
    return;
  auto external_id = int8_array{};
  auto branch = text_array{}, payload = text_array{}, delivery_id = text_array{};
  for (const auto& x : pushes) {
    auto order = contents::sync_order{};
    order.how = contents::urgency::webhook;
    order.push = *x.news;
    external_id.add(x.external_id);
    branch.add(x.news->branch);
    payload.add(contents::job_of(order).payload);
    delivery_id.add(x.delivery_id);
  }
  db.add("enqueue_pushes", {external_id.parameter(), branch.parameter(), payload.parameter(), delivery_id.parameter()},
         [&enqueued](const answer& orders) { enqueued = enqueued || orders.rows() > 0; });
}

void enqueue_releases(pipeline& db, std::span<const told_release> releases, bool& enqueued) {
  if (releases.empty())
    return;
  auto external_id = int8_array{};
  auto delivery_id = text_array{};
  for (const auto& x : releases) {
    external_id.add(x.external_id);
    delivery_id.add(x.delivery_id);
  }
  db.add("enqueue_releases", {external_id.parameter(), delivery_id.parameter()},
         [&enqueued](const answer& orders) { enqueued = enqueued || orders.rows() > 0; });
}

} // namespace ingot::storage

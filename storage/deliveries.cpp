#include "storage/deliveries.hpp"

#include "storage/binary_array.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace ingot::storage {

namespace {

// Takes the ids that nobody took before and keeps exactly their deliveries; tells which. Sorted by id on the way in, so that two
// batches with common ids wait for each other instead of deadlocking.
constexpr auto keep_deliveries = R"sql(
  WITH arrived AS (
    SELECT * FROM unnest(
      $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int8[],
      $9::int8[], $10::text[], $11::int8[], $12::text[], $13::int4[], $14::int2[], $15::bytea[])
    AS t (source, delivery_id, received_at, endpoint, event, action, content_type, hook_id,
          repository_id, repository, installation_id, outcome, body_bytes, body_encoding, body)
  ), fresh AS (
    INSERT INTO delivery_ids (source, delivery_id, received_at)
    SELECT source, delivery_id, received_at FROM arrived
    ON CONFLICT DO NOTHING
    RETURNING source, delivery_id
  ), kept AS (
    INSERT INTO deliveries (source, delivery_id, received_at, endpoint, event, action, content_type, hook_id,
                            repository_id, repository, installation_id, outcome, body_bytes, body_encoding, body)
    SELECT a.* FROM arrived a JOIN fresh f ON f.source = a.source AND f.delivery_id = a.delivery_id
  )
  SELECT source, delivery_id FROM fresh
)sql";

// A delivery whose facts could not be applied. No id row: a redelivery is taken again.
constexpr auto keep_failed_delivery = R"sql(
  INSERT INTO deliveries (source, delivery_id, received_at, endpoint, event, action, content_type, hook_id,
                          repository_id, repository, installation_id, outcome, error, body_bytes, body_encoding, body)
  SELECT $1::text, $2::text, t.received_at, $3::text, $4::text, $5::text, $6::text, $7::int8, $8::int8, $9::text, $10::int8,
         'failed', $11::text, $12::int4, $13::int2, t.body
  FROM unnest($14::timestamptz[], $15::bytea[]) AS t (received_at, body)
)sql";

// An operator's replay succeeded: the delivery is no longer failed, and its id is taken.
constexpr auto mark_delivery_replayed = R"sql(
  WITH replayed AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS t (source, delivery_id, received_at, outcome)
  ), taken AS (
    INSERT INTO delivery_ids (source, delivery_id, received_at)
    SELECT source, delivery_id, received_at FROM replayed
    ON CONFLICT DO NOTHING
  )
  UPDATE deliveries d SET outcome = r.outcome, error = NULL
  FROM replayed r
  WHERE d.received_at = r.received_at AND d.delivery_id = r.delivery_id AND d.source = r.source AND d.outcome = 'failed'
)sql";

// A kept delivery by its id: the day is known by the id's row; one that failed has none and is looked for among the failed.
constexpr auto select_delivery = R"sql(
  SELECT endpoint, event, action, content_type, hook_id, repository_id, repository, installation_id,
         (extract(epoch FROM received_at) * 1000000)::int8, body_bytes, body_encoding, body
  FROM deliveries
  WHERE source = $1 AND delivery_id = $2
    AND (received_at = (SELECT received_at FROM delivery_ids WHERE source = $1 AND delivery_id = $2) OR outcome = 'failed')
  ORDER BY outcome = 'failed', received_at DESC LIMIT 1
)sql";

std::optional<std::int64_t> unless_zero(std::int64_t x) {
  return x == 0 ? std::nullopt : std::optional{x};
}

/// The parameters of keep_deliveries.
struct arrived_arrays {
  text_array source, id, endpoint, event, action, content_type, repository, outcome;
  timestamptz_array received_at;
  int8_array hook_id, repository_id, installation_id;
  int4_array body_bytes;
  int2_array encoding;
  bytea_array body;

  void add(const delivery& x, delivery_outcome as) {
    source.add(x.source);
    id.add(x.id);
    received_at.add(x.received_at);
    endpoint.add(x.endpoint);
    event.add(x.event);
    action.add(x.action);
    content_type.add(x.content_type);
    hook_id.add(unless_zero(x.hook_id));
    repository_id.add(unless_zero(x.repository_id));
    repository.add(x.repository);
    installation_id.add(unless_zero(x.installation_id));
    outcome.add(to_string(as));
    body_bytes.add(static_cast<std::int32_t>(x.body_bytes));
    encoding.add(static_cast<std::int16_t>(x.encoding));
    body.add(x.body);
  }
};

using identity = std::pair<std::string_view, std::string_view>;

struct identity_hash {
  std::size_t operator()(const identity& x) const noexcept {
    return std::hash<std::string_view>{}(x.first) * 31 + std::hash<std::string_view>{}(x.second);
  }
};

identity identity_of(const delivery& x) {
  return {x.source, x.id};
}

} // namespace

deliveries_table::deliveries_table(connection& db) {
  pgx::prepare(db.raw(), "keep_deliveries", keep_deliveries);
  pgx::prepare(db.raw(), "keep_failed_delivery", keep_failed_delivery);
  pgx::prepare(db.raw(), "mark_delivery_replayed", mark_delivery_replayed);
}

void deliveries_table::keep(pqxx::transaction_base& tx, std::span<github::group* const> groups) {
  auto arrived = std::vector<github::group::item*>{};
  auto replays = false;
  for (auto* group : groups)
    for (auto& item : group->items) {
      item.outcome = item.what->ignored() ? delivery_outcome::ignored : delivery_outcome::stored;
      if (item.replay)
        replays = true;
      else
        arrived.push_back(&item);
    }
  // The first of equal ids in one batch counts: a stable order keeps it first.
  std::stable_sort(arrived.begin(), arrived.end(),
                   [](const auto* a, const auto* b) { return identity_of(*a->kept) < identity_of(*b->kept); });
  auto arrays = arrived_arrays{};
  auto unique = std::vector<github::group::item*>{};
  for (auto* item : arrived) {
    if (!unique.empty() && identity_of(*unique.back()->kept) == identity_of(*item->kept)) {
      item->outcome = delivery_outcome::duplicate;
      continue;
    }
    unique.push_back(item);
    arrays.add(*item->kept, item->outcome);
  }
  if (!unique.empty()) {
    const auto fresh =
        pgx::run(tx, "keep_deliveries", arrays.source.parameter(), arrays.id.parameter(), arrays.received_at.parameter(),
                 arrays.endpoint.parameter(), arrays.event.parameter(), arrays.action.parameter(),
                 arrays.content_type.parameter(), arrays.hook_id.parameter(), arrays.repository_id.parameter(),
                 arrays.repository.parameter(), arrays.installation_id.parameter(), arrays.outcome.parameter(),
                 arrays.body_bytes.parameter(), arrays.encoding.parameter(), arrays.body.parameter());
    if (static_cast<std::size_t>(fresh.size()) != unique.size()) {
      auto taken = std::unordered_set<identity, identity_hash>{};
      for (const auto& row : fresh)
        taken.emplace(pgx::text(row[0]), pgx::text(row[1]));
      for (auto* item : unique)
        if (!taken.contains(identity_of(*item->kept)))
          item->outcome = delivery_outcome::duplicate;
    }
  }
  if (replays)
    mark_replayed(tx, groups);
}

void deliveries_table::mark_replayed(pqxx::transaction_base& tx, std::span<github::group* const> groups) {
  auto source = text_array{}, id = text_array{}, outcome = text_array{};
  auto received_at = timestamptz_array{};
  for (const auto* group : groups)
    for (const auto& item : group->items)
      if (item.replay) {
        source.add(item.kept->source);
        id.add(item.kept->id);
        received_at.add(item.kept->received_at);
        outcome.add(to_string(item.outcome));
      }
  pgx::run(tx, "mark_delivery_replayed", source.parameter(), id.parameter(), received_at.parameter(), outcome.parameter());
}

void deliveries_table::keep_failed(pqxx::transaction_base& tx, const delivery& x, std::string_view reason) {
  auto received_at = timestamptz_array{};
  received_at.add(x.received_at);
  auto body = bytea_array{};
  body.add(x.body);
  pgx::run(tx, "keep_failed_delivery", x.source, x.id, x.endpoint, x.event, x.action, x.content_type, x.hook_id, x.repository_id,
           x.repository, x.installation_id, reason, static_cast<int>(x.body_bytes), static_cast<int>(x.encoding),
           received_at.parameter(), body.parameter());
}

std::optional<delivery> find_delivery(connection& db, const std::string& source, const std::string& id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, select_delivery, source, id);
  if (rows.empty())
    return std::nullopt;
  const auto& row = rows[0];
  const auto number = [&](int column) { return pgx::maybe<std::int64_t>(row[column]).value_or(0); };
  auto x = delivery{};
  x.source = source;
  x.id = id;
  x.endpoint = pgx::text(row[0]);
  x.event = pgx::text(row[1]);
  x.action = pgx::text(row[2]);
  x.content_type = pgx::text(row[3]);
  x.hook_id = number(4);
  x.repository_id = number(5);
  x.repository = pgx::text(row[6]);
  x.installation_id = number(7);
  x.received_at = timestamp{std::chrono::microseconds{number(8)}};
  x.body_bytes = static_cast<std::uint32_t>(number(9));
  x.encoding = static_cast<body_encoding>(number(10));
  x.body = pgx::bytes(row[11]);
  return x;
}

} // namespace ingot::storage

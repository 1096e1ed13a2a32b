#include "storage/deliveries.hpp"

#include "storage/binary_array.hpp"
#include "storage/switched_statements.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

namespace ingot::storage {

namespace {

// Takes the ids that nobody took before and keeps exactly their deliveries; tells which. Sorted by id on the way in, so that two
// batches with common ids wait for each other instead of deadlocking. IS TRUE makes the ids a hash table: as a join it would be a
// nested loop.
constexpr auto keep_deliveries_sql = R"sql(
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
    SELECT a.* FROM arrived a WHERE ((a.source, a.delivery_id) IN (SELECT source, delivery_id FROM fresh)) IS TRUE
  )
  SELECT source, delivery_id FROM fresh
)sql";

// A delivery whose facts could not be applied. No id row: a redelivery is taken again. Once, however often it is tried; and not
// when its id was taken after all.
constexpr auto keep_failed_delivery_sql = R"sql(
  INSERT INTO deliveries (source, delivery_id, received_at, endpoint, event, action, content_type, hook_id,
                          repository_id, repository, installation_id, outcome, body_bytes, body_encoding, body, error)
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int8[],
    $9::int8[], $10::text[], $11::int8[], $12::text[], $13::int4[], $14::int2[], $15::bytea[], $16::text[])
    AS t (source, delivery_id, received_at)
  WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.received_at = t.received_at AND d.source = t.source
                    AND d.delivery_id = t.delivery_id AND d.outcome = 'failed')
    AND NOT EXISTS (SELECT FROM delivery_ids i WHERE i.source = t.source AND i.delivery_id = t.delivery_id)
)sql";

// An operator's replay succeeded: the delivery is no longer failed, and its id is taken.
constexpr auto mark_delivery_replayed_sql = R"sql(
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
constexpr auto select_delivery_sql = R"sql(
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

/// The parameters of keep_deliveries_sql, and the first of keep_failed_delivery_sql.
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

  template <class... More>
  void queue(pipeline& db, const char* statement, pipeline::reader read, More&... more) {
    db.add(statement,
           {source.parameter(), id.parameter(), received_at.parameter(), endpoint.parameter(), event.parameter(),
            action.parameter(), content_type.parameter(), hook_id.parameter(), repository_id.parameter(), repository.parameter(),
            installation_id.parameter(), outcome.parameter(), body_bytes.parameter(), encoding.parameter(), body.parameter(),
            more.parameter()...},
           std::move(read));
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

using arrival_list = std::vector<arriving_delivery>;

/// Those whose id another delivery took before.
void mark_duplicates(const arrival_list& arrived, const answer& fresh) {
  if (static_cast<std::size_t>(fresh.rows()) == arrived.size())
    return;
  auto taken = std::unordered_set<identity, identity_hash>{};
  for (auto i = 0; i < fresh.rows(); ++i)
    taken.emplace(fresh.text(i, 0), fresh.text(i, 1));
  for (const auto& x : arrived)
    if (!taken.contains(identity_of(*x.kept)))
      *x.outcome = delivery_outcome::duplicate;
}

/// Without those that repeat an id of the same batch: the first of them counts. Sorted by id.
arrival_list first_of_each_id(arrival_list arrived) {
  // A stable order keeps the first first.
  std::stable_sort(arrived.begin(), arrived.end(),
                   [](const auto& a, const auto& b) { return identity_of(*a.kept) < identity_of(*b.kept); });
  auto unique = arrival_list{};
  for (const auto& x : arrived)
    if (!unique.empty() && identity_of(*unique.back().kept) == identity_of(*x.kept))
      *x.outcome = delivery_outcome::duplicate;
    else
      unique.push_back(x);
  return unique;
}

void mark_replayed(pipeline& db, const std::vector<const github::group::item*>& replays) {
  auto source = text_array{}, id = text_array{}, outcome = text_array{};
  auto received_at = timestamptz_array{};
  for (const auto* item : replays) {
    source.add(item->kept->source);
    id.add(item->kept->id);
    received_at.add(item->kept->received_at);
    outcome.add(to_string(item->outcome));
  }
  db.add("mark_delivery_replayed", {source.parameter(), id.parameter(), received_at.parameter(), outcome.parameter()});
}

// An id that was taken before is taken again.
constexpr auto without_dedupe = std::to_array<statement_switch>({
    {"keep_deliveries", "ON CONFLICT DO NOTHING",
     "ON CONFLICT (source, delivery_id) DO UPDATE SET received_at = excluded.received_at"},
});

constexpr auto statements = std::to_array<named_statement>({
    {"keep_deliveries", keep_deliveries_sql},
    {"keep_failed_delivery", keep_failed_delivery_sql},
    {"mark_delivery_replayed", mark_delivery_replayed_sql},
});

} // namespace

std::span<const named_statement> delivery_statements() {
  return switched(statements, test_switch::dedupe, without_dedupe);
}

void keep_deliveries(pipeline& db, std::vector<arriving_delivery> arrived) {
  arrived = first_of_each_id(std::move(arrived));
  if (arrived.empty())
    return;
  auto arrays = arrived_arrays{};
  for (const auto& x : arrived)
    arrays.add(*x.kept, *x.outcome);
  arrays.queue(db, "keep_deliveries", [arrived = std::move(arrived)](const answer& fresh) { mark_duplicates(arrived, fresh); });
}

void keep_deliveries(pipeline& db, std::span<github::group* const> groups) {
  auto arrived = arrival_list{};
  auto replays = std::vector<const github::group::item*>{};
  for (auto* group : groups)
    for (auto& item : group->items) {
      item.outcome = item.what->ignored() ? delivery_outcome::ignored : delivery_outcome::stored;
      if (item.replay)
        replays.push_back(&item);
      else
        arrived.push_back({item.kept, &item.outcome});
    }
  keep_deliveries(db, std::move(arrived));
  if (!replays.empty())
    mark_replayed(db, replays);
}

void keep_failed_delivery(pipeline& db, const delivery& x, std::string_view reason) {
  auto arrays = arrived_arrays{};
  arrays.add(x, delivery_outcome::failed);
  auto error = text_array{};
  error.add(reason);
  arrays.queue(db, "keep_failed_delivery", {}, error);
}

std::optional<delivery> find_delivery(connection& db, const std::string& source, const std::string& id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, select_delivery_sql, source, id);
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

#include "storage/rate_budgets.hpp"

#include "storage/binary_array.hpp"
#include "storage/pgx.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace ingot::storage {

namespace {

using namespace github::limiter;
using github::resource;

/// What deadlocks is tried again so often.
constexpr auto attempts_max = 3;

// The rows of the budgets ($1, sorted) that are new.
constexpr auto make_budgets = R"sql(
  INSERT INTO rate_budgets (budget) SELECT unnest($1::text[]) ON CONFLICT (budget) DO NOTHING
)sql";

// Locks the budgets ($1, sorted), in the order of their names, and tells the time, once the locks are had.
constexpr auto lock_budgets = R"sql(
  SELECT budget, (extract(epoch FROM blocked_until) * 1000000)::int8, strikes, (extract(epoch FROM struck_at) * 1000000)::int8,
    (extract(epoch FROM updated_at) * 1000000)::int8
  FROM rate_budgets WHERE budget = ANY ($1::text[]) ORDER BY budget FOR NO KEY UPDATE
)sql";

// By the clock that all nodes share.
constexpr auto read_clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8";

// The windows of those budgets.
constexpr auto windows_of = R"sql(
  SELECT budget, resource, request_limit, spent, elsewhere, generation, observed, unmetered,
    (extract(epoch FROM observed_at) * 1000000)::int8, (extract(epoch FROM ends_at) * 1000000)::int8, point_slot,
    array_to_string(points, ' ')
  FROM rate_windows WHERE budget = ANY ($1::text[])
)sql";

// The leases of those budgets.
constexpr auto leases_of = R"sql(
  SELECT budget, node, core, graphql, at_once, (extract(epoch FROM expires_at) * 1000000)::int8
  FROM rate_leases WHERE budget = ANY ($1::text[]) ORDER BY budget, node
)sql";

// Budgets, behind their locks.
constexpr auto write_budgets = R"sql(
  UPDATE rate_budgets b SET blocked_until = x.blocked_until, strikes = x.strikes, struck_at = x.struck_at, updated_at = now()
  FROM unnest($1::text[], $2::timestamptz[], $3::int4[], $4::timestamptz[]) AS x (budget, blocked_until, strikes, struck_at)
  WHERE b.budget = x.budget
)sql";

// Windows, behind the locks of their budgets.
constexpr auto write_windows = R"sql(
  INSERT INTO rate_windows (budget, resource, request_limit, spent, elsewhere, generation, observed, unmetered, observed_at, ends_at,
    point_slot, points)
  SELECT budget, resource, request_limit, spent, elsewhere, generation, observed, unmetered, observed_at, ends_at, point_slot,
    points::int8[]
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::boolean[], $8::boolean[],
    $9::timestamptz[], $10::timestamptz[], $11::int8[], $12::text[])
    AS x (budget, resource, request_limit, spent, elsewhere, generation, observed, unmetered, observed_at, ends_at, point_slot, points)
  ON CONFLICT (budget, resource) DO UPDATE SET (request_limit, spent, elsewhere, generation, observed, unmetered, observed_at,
    ends_at, point_slot, points) = (excluded.request_limit, excluded.spent, excluded.elsewhere, excluded.generation,
    excluded.observed, excluded.unmetered, excluded.observed_at, excluded.ends_at, excluded.point_slot, excluded.points)
)sql";

// Leases that are over, or were given back, behind the locks of their budgets.
constexpr auto drop_leases = R"sql(
  DELETE FROM rate_leases l USING unnest($1::text[], $2::text[]) AS x (budget, node) WHERE l.budget = x.budget AND l.node = x.node
)sql";

// Leases, behind the locks of their budgets.
constexpr auto write_leases = R"sql(
  INSERT INTO rate_leases (budget, node, core, graphql, at_once, expires_at)
  SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::timestamptz[])
  ON CONFLICT (budget, node) DO UPDATE SET (core, graphql, at_once, expires_at) = (excluded.core, excluded.graphql,
    excluded.at_once, excluded.expires_at)
)sql";

// Budgets that nobody has touched for long; one that is in use meanwhile stays.
constexpr auto forget_budgets = R"sql(
  DELETE FROM rate_budgets WHERE budget IN (
    SELECT budget FROM rate_budgets WHERE updated_at < now() - interval '7 days' ORDER BY updated_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
)sql";

// For people.
constexpr auto page_of_budgets = R"sql(
  SELECT budget, (extract(epoch FROM blocked_until) * 1000000)::int8, strikes, (extract(epoch FROM struck_at) * 1000000)::int8,
    (extract(epoch FROM updated_at) * 1000000)::int8
  FROM rate_budgets WHERE budget > $1 ORDER BY budget LIMIT $2
)sql";

// The windows that are known and not over; one whose end GitHub did not tell is taken for an hour's.
constexpr auto open_windows = R"sql(
  SELECT budget, resource, request_limit, greatest(request_limit - spent - elsewhere, 0)
  FROM rate_windows
  WHERE observed AND NOT unmetered AND coalesce(ends_at, observed_at + interval '1 hour') > now()
  ORDER BY (request_limit - spent - elsewhere)::float8 / greatest(request_limit, 1), budget, resource LIMIT $1
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{microseconds{*since_1970}};
  return std::nullopt;
}

/// The epoch stands for never.
std::optional<timestamp> time_or_none(timestamp x) {
  return x == timestamp{} ? std::nullopt : std::optional{x};
}

std::size_t index_of(std::string_view name) {
  return name == to_string(resource::graphql) ? 1 : 0;
}

void read_points(std::string_view text, std::array<std::int64_t, point_slots>& into) {
  auto at = text.data();
  const auto end = at + text.size();
  for (auto i = std::size_t{0}; i < into.size() && at < end; ++i) {
    at = std::from_chars(at, end, into[i]).ptr;
    at += at < end ? 1 : 0;
  }
}

std::string points_text(const std::array<std::int64_t, point_slots>& x) {
  auto out = std::string{"{"};
  for (const auto n : x)
    out += (out.size() > 1 ? "," : "") + std::to_string(n);
  return out + "}";
}

window read_window(const pqxx::row& row) {
  auto out = window{};
  out.limit = row[2].as<std::int64_t>();
  out.spent = row[3].as<std::int64_t>();
  out.elsewhere = row[4].as<std::int64_t>();
  out.generation = row[5].as<std::int64_t>();
  out.observed = row[6].as<bool>();
  out.unmetered = row[7].as<bool>();
  out.observed_at = read_time(row[8]).value_or(timestamp{});
  out.ends_at = read_time(row[9]);
  out.slot = row[10].as<std::int64_t>();
  read_points(pgx::text(row[11]), out.points);
  return out;
}

using budgets = std::map<std::string, rate_budget_record>;

text_array names_of(const budgets& of) {
  auto out = text_array{};
  for (const auto& [name, x] : of)
    out.add(name);
  return out;
}

void read_parts(pqxx::transaction_base& tx, budgets& into) {
  auto names = names_of(into);
  for (const auto& row : pgx::query(tx, windows_of, names.parameter()))
    into.at(std::string{pgx::text(row[0])}).budget.windows[index_of(pgx::text(row[1]))] = read_window(row);
  for (const auto& row : pgx::query(tx, leases_of, names.parameter()))
    into.at(std::string{pgx::text(row[0])})
        .budget.leases.push_back({std::string{pgx::text(row[1])},
                                  {row[2].as<std::int64_t>(), row[3].as<std::int64_t>()},
                                  row[4].as<std::int64_t>(),
                                  *read_time(row[5])});
}

budgets read_budgets(const pqxx::result& rows) {
  auto out = budgets{};
  for (const auto& row : rows) {
    auto& x = out[std::string{pgx::text(row[0])}];
    x.budget.name = pgx::text(row[0]);
    x.budget.blocked.blocked_until = read_time(row[1]);
    x.budget.blocked.strikes = row[2].as<unsigned>();
    x.budget.blocked.struck_at = read_time(row[3]).value_or(timestamp{});
    x.updated_at = *read_time(row[4]);
  }
  return out;
}

void write(pqxx::transaction_base& tx, const budgets& all) {
  auto name = names_of(all);
  timestamptz_array blocked_until, struck_at;
  int4_array strikes;
  text_array of, kind, points;
  int8_array limit, spent, elsewhere, generation, slot;
  bool_array observed, unmetered;
  timestamptz_array observed_at, ends_at;
  for (const auto& [budget, x] : all) {
    blocked_until.add(x.budget.blocked.blocked_until);
    strikes.add(static_cast<std::int32_t>(x.budget.blocked.strikes));
    struck_at.add(time_or_none(x.budget.blocked.struck_at));
    for (const auto r : {resource::core, resource::graphql}) {
      const auto& w = x.budget.windows[static_cast<std::size_t>(r)];
      of.add(budget);
      kind.add(to_string(r));
      limit.add(w.limit);
      spent.add(w.spent);
      elsewhere.add(w.elsewhere);
      generation.add(w.generation);
      observed.add(w.observed);
      unmetered.add(w.unmetered);
      observed_at.add(time_or_none(w.observed_at));
      ends_at.add(w.ends_at);
      slot.add(w.slot);
      points.add(points_text(w.points));
    }
  }
  pgx::query(tx, write_budgets, name.parameter(), blocked_until.parameter(), strikes.parameter(), struck_at.parameter());
  pgx::query(tx, write_windows, of.parameter(), kind.parameter(), limit.parameter(), spent.parameter(), elsewhere.parameter(),
             generation.parameter(), observed.parameter(), unmetered.parameter(), observed_at.parameter(), ends_at.parameter(),
             slot.parameter(), points.parameter());
}

/// Those that were there and are no more go; those of now are written.
void write_changed_leases(pqxx::transaction_base& tx, const budgets& before, const budgets& now) {
  text_array gone_of, gone_node, of, node;
  int8_array core, graphql, at_once;
  timestamptz_array expires_at;
  for (const auto& [budget, x] : now) {
    const auto& leases = x.budget.leases;
    for (const auto& l : before.at(budget).budget.leases)
      if (std::none_of(leases.begin(), leases.end(), [&](const lease& y) { return y.node == l.node; })) {
        gone_of.add(budget);
        gone_node.add(l.node);
      }
    for (const auto& l : leases) {
      of.add(budget);
      node.add(l.node);
      core.add(l.requests[0]);
      graphql.add(l.requests[1]);
      at_once.add(l.at_once);
      expires_at.add(l.expires_at);
    }
  }
  if (gone_of.size() > 0)
    pgx::query(tx, drop_leases, gone_of.parameter(), gone_node.parameter());
  if (of.size() > 0)
    pgx::query(tx, write_leases, of.parameter(), node.parameter(), core.parameter(), graphql.parameter(), at_once.parameter(),
               expires_at.parameter());
}

class postgres_rate_store final : public rate_store {
public:
  postgres_rate_store(const std::string& url, const database_settings& settings, const limits& of)
      : db_{url, settings}, limits_{of} {}

  std::vector<answer> exchange(std::span<const report> reports) override {
    for (auto attempt = 1;; ++attempt) {
      try {
        return exchange_once(reports);
      } catch (const std::exception& e) {
        if (classify(e) != sql_remedy::retry || attempt == attempts_max)
          throw store_error{classify(e), describe(e)};
      }
    }
  }

  void sweep() override {
    try {
      const auto deadline = connection::deadline{db_};
      auto tx = pqxx::work{db_.raw()};
      pgx::query(tx, forget_budgets);
      tx.commit();
    } catch (const std::exception& e) {
      throw store_error{classify(e), describe(e)};
    }
  }

private:
  std::vector<answer> exchange_once(std::span<const report> reports) {
    auto names = text_array{};
    for (const auto& x : reports)
      names.add(x.budget);
    const auto deadline = connection::deadline{db_};
    auto tx = pqxx::work{db_.raw()};
    pgx::query(tx, make_budgets, names.parameter());
    auto rows = read_budgets(pgx::query(tx, lock_budgets, names.parameter()));
    const auto now = timestamp{microseconds{pgx::query(tx, read_clock)[0][0].as<std::int64_t>()}};
    read_parts(tx, rows);
    const auto before = rows;
    auto out = std::vector<answer>{};
    for (const auto& x : reports)
      out.push_back(apply(rows.at(x.budget).budget, x, limits_, now));
    write(tx, rows);
    write_changed_leases(tx, before, rows);
    tx.commit();
    return out;
  }

  connection db_;
  limits limits_;
};

} // namespace

std::unique_ptr<rate_store> open_rate_store(const std::string& url, const database_settings& settings, const limits& of) {
  try {
    return std::make_unique<postgres_rate_store>(url, settings, of);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

limits limits_of(const github_api_settings& x) {
  return {x.requests_at_once, x.points_per_minute, x.reserve_percent};
}

std::vector<rate_budget_record> list_rate_budgets(connection& db, const std::string& after, unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto found = read_budgets(pgx::query(tx, page_of_budgets, after, limit));
  read_parts(tx, found);
  auto out = std::vector<rate_budget_record>{};
  for (auto& [name, x] : found)
    out.push_back(std::move(x));
  return out;
}

std::vector<rate_standing> list_open_rate_windows(connection& db, unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<rate_standing>{};
  for (const auto& row : pgx::query(tx, open_windows, limit))
    out.push_back({std::string{pgx::text(row[0])}, static_cast<resource>(index_of(pgx::text(row[1]))), row[2].as<std::int64_t>(),
                   row[3].as<std::int64_t>()});
  return out;
}

} // namespace ingot::storage

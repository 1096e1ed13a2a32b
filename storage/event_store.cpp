#include "storage/event_store.hpp"

#include "config/failpoints.hpp"
#include "model/events/recent_views.hpp"
#include "model/sha256.hpp"
#include "storage/binary_array.hpp"
#include "storage/deliveries.hpp"
#include "storage/metric_days.hpp"
#include "storage/pipeline.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

namespace ingot::storage {

namespace {

using events::recent_views;
using std::chrono::sys_days;

constexpr auto statements = std::to_array<named_statement>({
    // Joins are of what the statement itself holds, and its estimates know nothing of their sizes.
    {"no_nestloop", "SET enable_nestloop = off"},
    {"no_mergejoin_here", "SET enable_mergejoin = off"},
    {"plan_events_once", "SET plan_cache_mode = force_generic_plan"},
    // Views that lie within the window of a period's end: whoever has one, on either side of it, waits here for the others, so
    // that the next statement sees what they stored.
    {"hold_edges", R"sql(
      INSERT INTO view_marks AS w (period, viewer, rule_id, times, added)
      SELECT DISTINCT period, viewer, rule_id, '{}'::timestamptz[], '{}'::timestamptz[]
      FROM unnest($1::date[], $2::uuid[], $3::text[]) AS x (period, viewer, rule_id) ORDER BY 1, 2, 3
      ON CONFLICT (period, viewer, rule_id) DO UPDATE SET changes = w.changes
    )sql"},
    // Requests ($1 times, $2 ids) that are new; of their events ($3 the request's number, then an array for each column; $12 to
    // $14: of views, their period, and the neighbouring one that lies within the window $15) those whose idempotency key is new
    // and that are no view of what was viewed lately. Gives for each new request its number, how many of its events are stored,
    // and the places of its stored views.
    {"keep_events", R"sql(
      WITH requests AS MATERIALIZED (
        SELECT * FROM unnest($1::timestamptz[], $2::uuid[]) WITH ORDINALITY AS x (received_at, id, number)
      ), opened AS (
        INSERT INTO event_requests (received_at, id) SELECT received_at, id FROM requests ORDER BY 1, 2
        ON CONFLICT DO NOTHING RETURNING received_at, id
      ), new_requests AS MATERIALIZED (
        SELECT q.number, q.received_at FROM requests q JOIN opened o ON o.received_at = q.received_at AND o.id = q.id
      ), arrived AS MATERIALIZED (
        SELECT x.*, q.received_at
        FROM unnest($3::bigint[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[],
                    $11::jsonb[], $12::date[], $13::date[], $14::uuid[])
             WITH ORDINALITY AS x (request, ts, viewer, type, rule_id, user_id, idempotency_key, key, data, period, beside,
                                   viewer_beside, place)
        JOIN new_requests q ON q.number = x.request
      ), taken AS (
        INSERT INTO event_keys (key, day) SELECT key, (ts AT TIME ZONE 'UTC')::date FROM arrived WHERE key IS NOT NULL ORDER BY key
        ON CONFLICT DO NOTHING RETURNING key
      ), fresh AS MATERIALIZED (
        SELECT a.* FROM arrived a
        WHERE (a.key IS NULL OR a.key IN (SELECT key FROM taken))
          AND (a.beside IS NULL OR NOT EXISTS (
            SELECT FROM view_marks w, unnest(w.times) t
            WHERE w.period = a.beside AND w.viewer = a.viewer_beside AND w.rule_id = a.rule_id
              AND a.ts > t - $15::interval AND a.ts < t + $15::interval))
      ), asked AS (
        SELECT period, viewer, rule_id, array_agg(ts ORDER BY place) AS times FROM fresh WHERE period IS NOT NULL GROUP BY 1, 2, 3
      ), marked AS (
        INSERT INTO view_marks AS w (period, viewer, rule_id, times, added)
        SELECT period, viewer, rule_id, ingot_fresh_views('{}', times, $15::interval), times FROM asked ORDER BY 1, 2, 3
        ON CONFLICT (period, viewer, rule_id) DO UPDATE SET (times, added, changes) = (
          SELECT w.times || x.fresh, x.fresh, w.changes + 1
          FROM (SELECT ingot_fresh_views(w.times, excluded.added, $15::interval) AS fresh) x)
        WHERE cardinality(ingot_fresh_views(w.times, excluded.added, $15::interval)) > 0
        RETURNING period, viewer, rule_id, CASE WHEN changes = 0 THEN times ELSE added END AS stored
      ), chosen AS MATERIALIZED (
        SELECT f.* FROM fresh f
        LEFT JOIN marked m ON m.period = f.period AND m.viewer = f.viewer AND m.rule_id = f.rule_id
        WHERE f.period IS NULL OR f.ts = ANY (m.stored)
      ), kept AS (
        INSERT INTO events (ts, received_at, viewer, type, rule_id, user_id, idempotency_key, data)
        SELECT ts, received_at, viewer, type, rule_id, user_id, idempotency_key, data FROM chosen
      )
      SELECT q.number, count(c.place), array_agg(c.place) FILTER (WHERE c.period IS NOT NULL)
      FROM new_requests q LEFT JOIN chosen c ON c.request = q.number GROUP BY q.number
    )sql"},
});

std::string_view view_of(const std::array<unsigned char, 16>& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

/// What is said of one day in SQL's own words.
sys_days day_of(timestamp at) {
  return std::chrono::floor<std::chrono::days>(at);
}

using key_bytes = recent_views::key;

struct key_hash {
  std::size_t operator()(const key_bytes& x) const noexcept { return x[0]; }
};

/// The first 128 bits of a SHA-256: users may have a hand in what is hashed.
key_bytes key_of(std::string_view text) {
  auto out = key_bytes{};
  std::memcpy(out.data(), sha256(text).data(), sizeof out);
  return out;
}

key_bytes key_of_view(std::string_view viewer, std::string_view rule) {
  auto text = std::string{viewer};
  text += rule;
  return key_of(text);
}

/// The neighbouring period that a view at `at` lies within `window` of, if any.
std::optional<sys_days> period_beside(timestamp at, sys_days period, const period_of_time& period_of, milliseconds window) {
  if (window.count() <= 0)
    return std::nullopt;
  for (const auto other : {period_of(at - window), period_of(at + window)})
    if (other != period)
      return other;
  return std::nullopt;
}

/// One view that goes to the database.
struct asked_view {
  key_bytes of{};
  timestamp at{};
};

/// The same view at the same moment is the same twice in one commit, too.
key_bytes moment_of(const asked_view& x) {
  return {x.of[0] ^ static_cast<std::uint64_t>(x.at.time_since_epoch().count()), x.of[1]};
}

/// PostgreSQL's binary form: microseconds, then days and months (interval_recv).
std::string binary_interval(milliseconds x) {
  auto left = static_cast<std::uint64_t>(std::chrono::microseconds{x}.count());
  auto out = std::string(16, '\0');
  for (auto i = 8; i-- > 0; left >>= 8)
    out[static_cast<std::size_t>(i)] = static_cast<char>(left & 0xff);
  return out;
}

/// The arrays of one commit.
struct event_arrays {
  int8_array request;
  timestamptz_array at;
  uuid_array viewer;
  text_array type, rule_id, user_id, idempotency_key;
  uuid_array key;
  jsonb_array data;
  date_array period, beside;
  uuid_array viewer_beside;
};

/// The rows that views near the end of a period wait for.
struct edge_arrays {
  date_array period;
  uuid_array viewer;
  text_array rule_id;
};

class postgres_event_store final : public event_store {
public:
  postgres_event_store(const std::string& url, const database_settings& settings, const event_settings& rules)
      : url_{url}, settings_{settings}, window_{rules.view_window}, periods_{{}, rules.address_key_days},
        db_{url, settings, write_statements({statements, metric_day_statements()})} {
    const auto limit = db_.within_statement_timeout();
    for (const auto* statement : {"no_nestloop", "no_mergejoin_here", "plan_events_once"})
      db_.add(statement);
    db_.run();
  }

  void commit(std::span<event_request* const> requests) override {
    const auto limit = db_.within_statement_timeout();
    try {
      apply(requests);
    } catch (const std::exception& e) {
      db_.roll_back();
      throw store_error{classify(e), describe(e)};
    }
  }

  void keep_failed(const delivery& x, const std::string& why) override {
    try {
      // A session of its own, which goes by indexes: it looks for the delivery in tables of any size.
      auto db = pipeline{url_, settings_, write_statements({delivery_statements()})};
      plan_once(db);
      const auto limit = db.within_statement_timeout();
      keep_failed_delivery(db, x, why);
      db.run(); // a transaction of its own
    } catch (const std::exception& e) {
      throw store_error{classify(e), describe(e)};
    }
  }

private:
  void apply(std::span<event_request* const> requests) {
    arrays_ = {};
    keys_.clear();
    views_.clear();
    asked_.clear();
    edges_ = {};
    edge_views_.clear();
    auto days = std::vector<sys_days>{};
    auto received_at = timestamptz_array{};
    auto id = uuid_array{};
    for (auto* x : requests) {
      received_at.add(x->received_at);
      id.add(view_of(x->id));
      gather(*x, static_cast<std::int64_t>(received_at.size()), days);
      // Of a request that was applied before nobody knows any more which were duplicates then.
      x->accepted = x->said.events.size();
      x->duplicates = 0;
    }
    if (asked_.empty()) // all are known: there is nothing to write
      return refuse_all(requests);
    db_.add("begin");
    mark_days_changed(db_, days);
    const auto window = binary_interval(window_);
    auto& a = arrays_;
    if (edges_.period.size() > 0)
      db_.add("hold_edges", {edges_.period.parameter(), edges_.viewer.parameter(), edges_.rule_id.parameter()});
    db_.add("keep_events",
            {received_at.parameter(), id.parameter(), a.request.parameter(), a.at.parameter(), a.viewer.parameter(),
             a.type.parameter(), a.rule_id.parameter(), a.user_id.parameter(), a.idempotency_key.parameter(), a.key.parameter(),
             a.data.parameter(), a.period.parameter(), a.beside.parameter(), a.viewer_beside.parameter(), pgx::binary{window}},
            [&](const answer& rows) { read(rows, requests); });
    failpoint("before_commit");
    db_.add("commit");
    db_.send();
    failpoint("during_commit");
    db_.run();
    failpoint("after_commit");
    for (const auto& x : stored_)
      recent_.remember(x.of, x.at);
  }

  /// Nothing of them is new.
  static void refuse_all(std::span<event_request* const> requests) {
    for (auto* x : requests) {
      x->accepted = 0;
      x->duplicates = x->said.events.size();
    }
  }

  /// Puts into the arrays what is not known as a duplicate.
  void gather(const event_request& x, std::int64_t number, std::vector<sys_days>& days) {
    const auto period_of = [this](timestamp at) { return periods_.period_of(at); };
    for (const auto& e : x.said.events) {
      auto key = std::optional<key_bytes>{};
      if (!e.idempotency_key.empty() && keys_.contains(*(key = key_of(e.idempotency_key))))
        continue;
      const auto period = x.who.nearest(periods_.period_of(e.at));
      const auto viewer = view_of(x.who.in(period));
      const auto is_counted_view = e.is_view() && window_.count() > 0;
      auto view = asked_view{};
      auto beside = std::optional<sys_days>{};
      if (is_counted_view) {
        view = {key_of_view(viewer, e.rule_id), e.at};
        if (recent_.covers(view.of, e.at, window_) || !views_.insert(moment_of(view)).second)
          continue;
        beside = period_beside(e.at, period, period_of, window_);
        if (beside && !x.who.knows(*beside))
          beside.reset();
        if (beside && !add_edge(e, period, *beside, x.who))
          continue;
      }
      if (key)
        keys_.insert(*key);
      add(e, number, viewer, key, is_counted_view ? std::optional{period} : std::nullopt, beside, x.who);
      asked_.push_back(view);
      days.push_back(day_of(e.at));
    }
  }

  /// A view near the end of a period: its mark, and its twin's on the other side, are in different rows.
  /// @returns false when a twin is in this commit already
  bool add_edge(const events::event& e, sys_days period, sys_days beside, const events::viewer& who) {
    const auto earlier = std::min(period, beside);
    const auto viewer = view_of(who.in(earlier));
    auto& others = edge_views_[key_of_view(viewer, e.rule_id)];
    for (const auto& [at, of] : others)
      if (of != period && e.at > at - window_ && e.at < at + window_)
        return false;
    others.emplace_back(e.at, period);
    edges_.period.add(earlier);
    edges_.viewer.add(viewer);
    edges_.rule_id.add(e.rule_id);
    return true;
  }

  void add(const events::event& e, std::int64_t number, std::string_view viewer, const std::optional<key_bytes>& key,
           std::optional<sys_days> period, std::optional<sys_days> beside, const events::viewer& who) {
    auto& a = arrays_;
    const auto text_or_null = [](text_array& to, std::string_view x) { x.empty() ? to.add_null() : to.add(x); };
    a.request.add(number);
    a.at.add(e.at);
    a.viewer.add(viewer);
    a.type.add(e.type);
    a.rule_id.add(e.rule_id);
    text_or_null(a.user_id, e.user_id);
    text_or_null(a.idempotency_key, e.idempotency_key);
    if (key)
      a.key.add(std::string_view{reinterpret_cast<const char*>(key->data()), sizeof *key});
    else
      a.key.add_null();
    e.data.empty() ? a.data.add_null() : a.data.add(e.data);
    a.period.add(period);
    a.beside.add(beside);
    if (beside)
      a.viewer_beside.add(view_of(who.in(*beside)));
    else
      a.viewer_beside.add_null();
  }

  /// What became of the new requests; those that were applied before are not among them.
  void read(const answer& rows, std::span<event_request* const> requests) {
    stored_.clear();
    for (auto i = 0; i < rows.rows(); ++i) {
      auto& x = *requests[static_cast<std::size_t>(rows.integer(i, 0)) - 1];
      x.accepted = static_cast<std::size_t>(rows.integer(i, 1));
      x.duplicates = x.said.events.size() - x.accepted;
      auto places = rows.text(i, 2); // {1,5,7}
      while (places.size() > 1) {
        auto place = std::size_t{0};
        const auto read = std::from_chars(places.data() + 1, places.data() + places.size(), place);
        stored_.push_back(asked_.at(place - 1));
        places.remove_prefix(static_cast<std::size_t>(read.ptr - places.data()));
        if (places.front() == '}')
          break;
      }
    }
  }

  std::string url_;
  database_settings settings_;
  milliseconds window_;
  events::viewer_hasher periods_;
  pipeline db_;
  recent_views recent_;

  // Of the commit in hand.
  event_arrays arrays_;
  edge_arrays edges_;
  std::unordered_map<key_bytes, std::vector<std::pair<timestamp, sys_days>>, key_hash> edge_views_;
  std::vector<asked_view> asked_;  // by place
  std::vector<asked_view> stored_; // views that this commit stores
  std::unordered_set<key_bytes, key_hash> keys_;
  std::unordered_set<key_bytes, key_hash> views_;
};

} // namespace

std::vector<sys_days> periods_of(const events::batch& said, const period_of_time& period_of, milliseconds window) {
  auto out = std::vector<sys_days>{};
  const auto note = [&](sys_days x) {
    if (std::find(out.begin(), out.end(), x) == out.end())
      out.push_back(x);
  };
  for (const auto& e : said.events) {
    const auto period = period_of(e.at);
    note(period);
    if (!e.is_view())
      continue;
    if (const auto beside = period_beside(e.at, period, period_of, window))
      note(*beside);
  }
  return out;
}

std::unique_ptr<event_store> open_event_store(const std::string& url, const database_settings& settings,
                                              const event_settings& rules) {
  try {
    return std::make_unique<postgres_event_store>(url, settings, rules);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

} // namespace ingot::storage

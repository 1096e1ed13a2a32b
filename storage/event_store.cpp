#include "storage/event_store.hpp"

#include "config/failpoints.hpp"
#include "model/events/recent_views.hpp"
#include "model/sha256.hpp"
#include "storage/binary_array.hpp"
#include "storage/deliveries.hpp"
#include "storage/event_statements.hpp"
#include "storage/metric_days.hpp"
#include "storage/pipeline.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace ingot::storage {

namespace {

using events::recent_views;
using std::chrono::sys_days;

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

/// An event that is not known as a duplicate.
struct candidate {
  event_request* of = nullptr;
  const events::event* said = nullptr;
  sys_days period;
  const events::viewer_id* viewer = nullptr;
  std::optional<key_bytes> key;
  std::optional<key_bytes> view;  ///< of a view that counts once in the window
  std::optional<sys_days> beside; ///< the neighbouring period that lies within the window
  bool dropped = false;           ///< the database knows it
};

/// The same view at the same moment is the same twice in one commit, too.
key_bytes moment_of(const key_bytes& view, timestamp at) {
  return {view[0] ^ static_cast<std::uint64_t>(at.time_since_epoch().count()), view[1]};
}

/// 16 bytes of a UUID's text.
std::array<unsigned char, 16> uuid_of(std::string_view text) {
  auto out = std::array<unsigned char, 16>{};
  auto digits = std::size_t{0};
  for (const char c : text) {
    if (c == '-')
      continue;
    const auto value = static_cast<unsigned char>(c <= '9' ? c - '0' : c - 'a' + 10);
    out.at(digits / 2) = static_cast<unsigned char>(out.at(digits / 2) << 4 | value);
    ++digits;
  }
  return out;
}

std::string_view bytes_of(const key_bytes& x) {
  return {reinterpret_cast<const char*>(x.data()), sizeof x};
}

/// The times of `{"2026-11-18 12:00:00.5+00",…}`.
std::vector<timestamp> times_of(std::string_view array) {
  auto out = std::vector<timestamp>{};
  for (auto begin = array.find('"'); begin != std::string_view::npos; begin = array.find('"', begin)) {
    const auto end = array.find('"', begin + 1);
    auto text = std::string{array.substr(begin + 1, end - begin - 1)}; // ISO, UTC: the session's
    text[10] = 'T';
    text.replace(text.find('+'), std::string::npos, "Z");
    out.push_back(parse_rfc3339(text).value());
    begin = end + 1;
  }
  return out;
}

/// PostgreSQL's binary form: microseconds, then days and months (interval_recv).
std::string binary_interval(milliseconds x) {
  auto left = static_cast<std::uint64_t>(std::chrono::microseconds{x}.count());
  auto out = std::string(16, '\0');
  for (auto i = 8; i-- > 0; left >>= 8)
    out[static_cast<std::size_t>(i)] = static_cast<char>(left & 0xff);
  return out;
}

/// Rows of view_marks, by their key.
struct mark_arrays {
  date_array period;
  uuid_array viewer;
  text_array rule_id;

  void add(sys_days first_day, const events::viewer_id& who, std::string_view rule) {
    period.add(first_day);
    viewer.add(view_of(who));
    rule_id.add(rule);
  }
};

class postgres_event_store final : public event_store {
public:
  postgres_event_store(const std::string& url, const database_settings& settings, const event_settings& rules)
      : url_{url}, settings_{settings}, window_{rules.view_window}, periods_{{}, rules.address_key_days},
        db_{url, settings, write_statements({event_statements(), metric_day_statements()})} {
    plan_once(db_);
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
  /// Mostly two exchanges with the database: what is new, then the events and COMMIT. Views that hang on the answer of another
  /// statement take one more.
  void apply(std::span<event_request* const> requests) {
    keys_.clear();
    views_.clear();
    candidates_.clear();
    edge_views_.clear();
    for (auto* x : requests) {
      gather(*x);
      x->accepted = 0;
      x->duplicates = x->said.events.size();
    }
    if (candidates_.empty()) // all are known: there is nothing to write
      return;
    db_.add("begin");
    auto known = std::vector<event_request*>{};
    open_requests(requests, known);
    take_keys();
    hold_edges();
    if (std::any_of(candidates_.begin(), candidates_.end(), [](const candidate& x) { return x.view && (x.key || x.beside); }))
      db_.run();
    mark_views();
    db_.run();
    insert(known);
    failpoint("before_commit");
    db_.add("commit");
    db_.send();
    failpoint("during_commit");
    db_.run();
    failpoint("after_commit");
    for (const auto& x : candidates_)
      if (x.view && !x.dropped)
        recent_.remember(*x.view, x.said->at);
    for (auto* x : known) { // applied before: nobody knows any more which were duplicates then
      x->accepted = x->said.events.size();
      x->duplicates = 0;
    }
  }

  /// Notes what is not known as a duplicate.
  void gather(event_request& x) {
    const auto period_of = [this](timestamp at) { return periods_.period_of(at); };
    for (const auto& e : x.said.events) {
      auto c = candidate{&x, &e, {}, nullptr, {}, {}, {}, false};
      if (!e.idempotency_key.empty()) {
        c.key = key_of(e.idempotency_key);
        if (keys_.contains(*c.key))
          continue;
      }
      c.period = x.who.nearest(periods_.period_of(e.at));
      c.viewer = &x.who.in(c.period);
      if (e.is_view() && window_.count() > 0) {
        c.view = key_of_view(view_of(*c.viewer), e.rule_id);
        if (recent_.covers(*c.view, e.at, window_) || !views_.insert(moment_of(*c.view, e.at)).second)
          continue;
        c.beside = period_beside(e.at, c.period, period_of, window_);
        if (c.beside && !x.who.knows(*c.beside))
          c.beside.reset();
        if (c.beside && has_twin(c))
          continue;
      }
      if (c.key)
        keys_.insert(*c.key);
      candidates_.push_back(c);
    }
  }

  /// Is there a view in this commit already that lies within the window on the other side of a period's end? Its mark is in
  /// another row.
  bool has_twin(const candidate& c) {
    const auto& earlier = c.of->who.in(std::min(c.period, *c.beside));
    auto& others = edge_views_[key_of_view(view_of(earlier), c.said->rule_id)];
    const auto at = c.said->at;
    for (const auto& [other, period] : others)
      if (period != c.period && at > other - window_ && at < other + window_)
        return true;
    others.emplace_back(at, c.period);
    return false;
  }

  void open_requests(std::span<event_request* const> requests, std::vector<event_request*>& known) {
    auto sorted = std::vector<event_request*>{requests.begin(), requests.end()};
    const auto place = [](const event_request* x) { return std::tie(x->received_at, x->id); };
    std::sort(sorted.begin(), sorted.end(), [&](const auto* a, const auto* b) { return place(a) < place(b); });
    auto received_at = timestamptz_array{};
    auto id = uuid_array{};
    for (const auto* x : sorted) {
      received_at.add(x->received_at);
      id.add(view_of(x->id));
    }
    db_.add("open_event_requests", {received_at.parameter(), id.parameter()}, [sorted, &known](const answer& rows) {
      auto row = 0;
      for (auto* x : sorted)
        if (row < rows.rows() && uuid_of(rows.text(row, 0)) == x->id)
          ++row;
        else
          known.push_back(x);
    });
  }

  void take_keys() {
    auto sorted = std::vector<candidate*>{};
    for (auto& x : candidates_)
      if (x.key)
        sorted.push_back(&x);
    if (sorted.empty())
      return;
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return bytes_of(*a->key) < bytes_of(*b->key); });
    auto key = uuid_array{};
    auto day = date_array{};
    for (const auto* x : sorted) {
      key.add(bytes_of(*x->key));
      day.add(day_of(x->said->at));
    }
    db_.add("take_event_keys", {key.parameter(), day.parameter()}, [sorted](const answer& rows) {
      auto row = 0;
      for (auto* x : sorted)
        if (row < rows.rows() && view_of(uuid_of(rows.text(row, 0))) == bytes_of(*x->key))
          ++row;
        else
          x->dropped = true;
    });
  }

  void hold_edges() {
    auto held = mark_arrays{}, beside = mark_arrays{};
    auto at = timestamptz_array{};
    auto edges = std::vector<candidate*>{};
    for (auto& x : candidates_)
      if (x.beside) {
        edges.push_back(&x);
        const auto earlier = std::min(x.period, *x.beside);
        held.add(earlier, x.of->who.in(earlier), x.said->rule_id);
        beside.add(*x.beside, x.of->who.in(*x.beside), x.said->rule_id);
        at.add(x.said->at);
      }
    if (edges.empty())
      return;
    db_.add("hold_view_edges", {held.period.parameter(), held.viewer.parameter(), held.rule_id.parameter()});
    db_.add("check_view_edges",
            {beside.period.parameter(), beside.viewer.parameter(), beside.rule_id.parameter(), at.parameter(),
             pgx::binary{interval_}},
            [edges](const answer& rows) {
              for (auto i = 0; i < rows.rows(); ++i)
                edges.at(static_cast<std::size_t>(rows.integer(i, 0)) - 1)->dropped = true;
            });
  }

  /// The views of one viewer and rule, in the order of their arrival.
  using view_group = std::vector<candidate*>;

  void mark_views() {
    auto by_view = std::unordered_map<key_bytes, view_group, key_hash>{};
    for (auto& x : candidates_)
      if (x.view && !x.dropped)
        by_view[*x.view].push_back(&x);
    if (by_view.empty())
      return;
    auto groups = std::vector<view_group>{};
    for (auto& x : by_view)
      groups.push_back(std::move(x.second));
    const auto place = [](const view_group& x) {
      return std::tuple{x.front()->period, view_of(*x.front()->viewer), x.front()->said->rule_id};
    };
    std::sort(groups.begin(), groups.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
    auto marks = mark_arrays{};
    auto at = timestamptz_array{};
    auto more = text_array{};
    for (const auto& x : groups) {
      marks.add(x.front()->period, *x.front()->viewer, x.front()->said->rule_id);
      at.add(x.front()->said->at);
      if (x.size() == 1) {
        more.add_null();
        continue;
      }
      auto rest = std::string{};
      for (auto i = std::size_t{1}; i < x.size(); ++i)
        rest += (rest.empty() ? "{" : ",") + to_rfc3339(x[i]->said->at);
      more.add(rest + '}');
    }
    db_.add("mark_views",
            {marks.period.parameter(), marks.viewer.parameter(), marks.rule_id.parameter(), at.parameter(), more.parameter(),
             pgx::binary{interval_}},
            [groups = std::move(groups)](const answer& rows) {
              auto row = 0;
              for (const auto& x : groups) {
                const auto stores = row < rows.rows() && rows.text(row, 1) == x.front()->said->rule_id &&
                                    uuid_of(rows.text(row, 0)) == *x.front()->viewer;
                const auto stored = stores && x.size() > 1 ? times_of(rows.text(row, 2)) : std::vector<timestamp>{};
                for (auto* view : x)
                  view->dropped =
                      !stores || (x.size() > 1 && std::find(stored.begin(), stored.end(), view->said->at) == stored.end());
                row += stores ? 1 : 0;
              }
            });
  }

  /// The events of requests that are not `known` and that nothing of the database stands against.
  void insert(const std::vector<event_request*>& known) {
    auto at = timestamptz_array{}, received_at = timestamptz_array{};
    auto viewer = uuid_array{};
    auto type = text_array{}, rule_id = text_array{}, user_id = text_array{}, idempotency_key = text_array{};
    auto data = jsonb_array{};
    auto days = std::vector<sys_days>{};
    const auto text_or_null = [](auto& to, std::string_view x) { x.empty() ? to.add_null() : to.add(x); };
    for (auto& x : candidates_) {
      x.dropped = x.dropped || std::find(known.begin(), known.end(), x.of) != known.end();
      if (x.dropped)
        continue;
      ++x.of->accepted;
      --x.of->duplicates;
      const auto& e = *x.said;
      at.add(e.at);
      received_at.add(x.of->received_at);
      viewer.add(view_of(*x.viewer));
      type.add(e.type);
      rule_id.add(e.rule_id);
      text_or_null(user_id, e.user_id);
      text_or_null(idempotency_key, e.idempotency_key);
      text_or_null(data, e.data);
      days.push_back(day_of(e.at));
    }
    if (days.empty())
      return;
    mark_days_changed(db_, days);
    db_.add("insert_events", {at.parameter(), received_at.parameter(), viewer.parameter(), type.parameter(), rule_id.parameter(),
                              user_id.parameter(), idempotency_key.parameter(), data.parameter()});
  }

  std::string url_;
  database_settings settings_;
  milliseconds window_;
  std::string interval_ = binary_interval(window_);
  events::viewer_hasher periods_;
  pipeline db_;
  recent_views recent_;

  // Of the commit in hand.
  std::vector<candidate> candidates_;
  std::unordered_set<key_bytes, key_hash> keys_, views_;
  std::unordered_map<key_bytes, std::vector<std::pair<timestamp, sys_days>>, key_hash> edge_views_; ///< by the earlier period
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

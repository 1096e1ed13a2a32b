#include "storage/stripe_store.hpp"

#include "config/failpoints.hpp"
#include "model/compression.hpp"
#include "model/notification.hpp"
#include "storage/audit_log.hpp"
#include "storage/binary_array.hpp"
#include "storage/deliveries.hpp"
#include "storage/donations.hpp"
#include "storage/job_statements.hpp"
#include "storage/metric_days.hpp"
#include "storage/pipeline.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace ingot::storage {

namespace {

using item_span = std::span<stripe_item* const>;
using stripe::donation_book;

/// Deadlocks, and days that somebody began to count in between: the other side has gone on by the second try.
constexpr auto attempts_max = 5;

constexpr auto statements = std::to_array<named_statement>({
    // Event ids $2 (text[]) of source $1 that nobody took.
    {"unknown_deliveries", R"sql(
      SELECT u.id FROM unnest($2::text[]) AS u (id)
      WHERE NOT EXISTS (SELECT FROM delivery_ids d WHERE d.source = ($1::text[])[1] AND d.delivery_id = u.id)
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.source = ($1::text[])[1] AND d.delivery_id = u.id AND d.outcome = 'failed'
                        AND d.received_at > now() - interval '1 day')
    )sql"},
});

delivery_outcome outcome_if_new(const stripe::event& x) {
  if (!x.unusable.empty())
    return delivery_outcome::failed;
  return x.ignored() ? delivery_outcome::ignored : delivery_outcome::stored;
}

void keep(pipeline& db, item_span items) {
  auto arrived = std::vector<arriving_delivery>{};
  for (auto* x : items) {
    x->outcome = outcome_if_new(x->what);
    x->donation.clear();
    if (x->outcome == delivery_outcome::failed)
      keep_failed_delivery(db, x->kept, x->what.unusable);
    else
      arrived.push_back({&x->kept, &x->outcome});
  }
  keep_deliveries(db, std::move(arrived));
}

donation_objects objects_of(item_span items) {
  auto out = donation_objects{};
  for (const auto* x : items)
    if (x->what.facts)
      for (const auto& object : x->what.facts->objects)
        out.emplace(object, stripe::donation_id(x->what.facts->objects));
  return out;
}

/// @returns the book's changes with all events that are new
donation_book::changes apply_to(donation_book& book, item_span items) {
  for (auto* x : items)
    if (x->what.facts && x->outcome == delivery_outcome::stored)
      x->donation = book.add(*x->what.facts);
  return book.take_changes();
}

void mark_days(pipeline& db, const donation_book::changes& changes) {
  auto days = std::set<std::chrono::sys_days>{};
  for (const auto& x : changes.donations)
    days.merge(x.days());
  const auto sorted = std::vector<std::chrono::sys_days>{days.begin(), days.end()};
  if (!sorted.empty())
    mark_days_changed(db, sorted);
}

/// The application hears of a donation when it is paid, and whenever more of it has gone back.
std::vector<new_job> notifications_of(const donation_book::changes& changes, timestamp at) {
  auto jobs = std::vector<new_job>{};
  for (const auto& x : changes.donations) {
    if (x.newly_paid())
      jobs.push_back(notification_job("donation.succeeded", to_json(x.now), at, "succeeded/" + x.now.id));
    if (x.newly_refunded())
      jobs.push_back(notification_job("donation.refunded", to_json(x.now), at,
                                      "refunded/" + x.now.id + '/' + std::to_string(x.now.amount_refunded)));
  }
  return jobs;
}

audit_line line_of(const stripe_item& x) {
  auto line = audit_line{"stripe", "stripe event taken", x.kept.id, x.what.type + ": " + std::string{to_string(x.outcome)}};
  if (!x.donation.empty())
    line.reason += ", donation " + x.donation;
  if (x.outcome == delivery_outcome::failed)
    line.reason += ", " + x.what.unusable;
  if (x.road == stripe_road::missed_event_check)
    line.reason += ", found by the missed-event check";
  return line;
}

/// Lines have the time at which they are written: a delivery may have lain in the spool for long (audit::late_line_max).
void audit(pipeline& db, item_span items) {
  auto lines = std::vector<std::pair<audit_line, std::uint64_t>>{};
  for (const auto* x : items)
    if (x->outcome != delivery_outcome::duplicate)
      lines.emplace_back(line_of(*x), 1);
  if (!lines.empty())
    append_audit_lines(db, lines, std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

class postgres_stripe_store final : public stripe_store {
public:
  postgres_stripe_store(const std::string& url, const database_settings& settings, bool notifies)
      : db_{url, settings,
            write_statements({delivery_statements(), donation_statements(), metric_day_statements(), job_statements(),
                              audit_statements(), statements})},
        notifies_{notifies} {
    plan_once(db_);
  }

  void commit(item_span items) override {
    const auto limit = db_.within_statement_timeout();
    for (auto attempt = 1;; ++attempt) {
      try {
        apply(items);
        return;
      } catch (const std::exception& e) {
        db_.roll_back();
        const auto remedy = classify(e);
        if (remedy != sql_remedy::retry || attempt == attempts_max)
          throw store_error{remedy, describe(e)};
      }
    }
  }

  void keep_failed(const delivery& x, std::string_view reason) override {
    guarded([&] {
      keep_failed_delivery(db_, x, reason);
      db_.run(); // a transaction of its own
    });
  }

  std::vector<std::string> unknown_of(std::span<const std::string> ids) override {
    auto source = text_array{}, id = text_array{};
    source.add(stripe_source);
    for (const auto& x : ids)
      id.add(x);
    auto found = std::vector<std::string>{};
    guarded([&] {
      db_.add("unknown_deliveries", {source.parameter(), id.parameter()}, [&](const answer& rows) {
        for (auto i = 0; i < rows.rows(); ++i)
          found.emplace_back(rows.text(i, 0));
      });
      db_.run();
    });
    return found;
  }

private:
  /// One transaction in two exchanges: take and load; write and COMMIT.
  void apply(item_span items) {
    if (items.empty())
      return;
    auto book = donation_book{};
    db_.add("begin");
    keep(db_, items);
    if (const auto objects = objects_of(items); !objects.empty())
      load_donations(db_, objects, book);
    db_.run();
    const auto changes = apply_to(book, items);
    mark_days(db_, changes);
    write_donations(db_, changes);
    audit(db_, items);
    if (notifies_)
      enqueue_jobs(db_, notifications_of(changes, items.front()->kept.received_at));
    failpoint("before_commit");
    db_.add("commit");
    db_.send();
    failpoint("during_commit");
    db_.run();
    failpoint("after_commit");
  }

  template <class Run>
  void guarded(Run run) {
    const auto limit = db_.within_statement_timeout();
    try {
      run();
    } catch (const std::exception& e) {
      db_.roll_back();
      throw store_error{classify(e), describe(e)};
    }
  }

  pipeline db_;
  bool notifies_;
};

} // namespace

delivery stripe_delivery(const stripe::event& what, std::string_view body, timestamp received_at, stripe_road road) {
  auto x = delivery{};
  x.source = stripe_source;
  x.endpoint = road == stripe_road::webhook ? "webhook" : "missed-event check";
  x.id = what.id;
  x.event = what.type;
  x.content_type = "application/json";
  x.received_at = received_at;
  x.body_bytes = static_cast<std::uint32_t>(body.size());
  x.body = compress(body);
  return x;
}

std::size_t enqueue_stripe_check(const std::string& url, const database_settings& settings, std::string_view period) {
  auto job = new_job{};
  job.kind = job.key = stripe_check_kind;
  job.dedupe_key = job.key + '@' + std::string{period};
  job.priority = job_priority_max;
  auto db = pipeline{url, settings, job_statements()};
  const auto limit = db.within_statement_timeout();
  enqueue_jobs(db, {&job, 1});
  db.run(); // a transaction of its own
  return 1;
}

std::unique_ptr<stripe_store> open_stripe_store(const std::string& url, const database_settings& settings, bool notifies) {
  try {
    return std::make_unique<postgres_stripe_store>(url, settings, notifies);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

} // namespace ingot::storage

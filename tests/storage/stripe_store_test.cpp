#include "storage/stripe_store.hpp"
#include "tests/model/stripe_events.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/storage/switched_off.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <thread>

using namespace ingot;
using namespace ingot::storage;
using namespace ingot::testing;

namespace {

const auto now = *parse_rfc3339("2024-07-26T00:10:00Z");

const auto completed = session("evt_1", "checkout.session.completed", 10, "paid");
const auto declined = intent("evt_2", "payment_intent.payment_failed", 3);
const auto paid = intent("evt_3", "payment_intent.succeeded", 9);
const auto half_back = charge_refunded("evt_4", 100, 2000);
const auto all_back = charge_refunded("evt_5", 200, 5000);
const auto disputed = dispute("evt_6", "charge.dispute.created", 300, "needs_response");
const auto won = dispute("evt_7", "charge.dispute.closed", 400, "won");

struct stripe_fixture {
  testing::database db;
  std::unique_ptr<stripe_store> store = open();

  std::unique_ptr<stripe_store> open() const { return open_stripe_store(db.url(), db.settings(), true); }

  static stripe_item item(const std::string& body, stripe_road road = stripe_road::webhook) {
    auto x = stripe_item{};
    x.what = parsed(body);
    x.kept = stripe_delivery(x.what, body, now, road);
    x.road = road;
    return x;
  }

  /// One transaction.
  std::vector<delivery_outcome> commit(const std::vector<std::string>& bodies, stripe_store* through = nullptr) const {
    auto items = std::vector<stripe_item>{};
    for (const auto& x : bodies)
      items.push_back(item(x));
    auto pointers = std::vector<stripe_item*>{};
    for (auto& x : items)
      pointers.push_back(&x);
    (through != nullptr ? through : store.get())->commit(pointers);
    auto out = std::vector<delivery_outcome>{};
    for (const auto& x : items)
      out.push_back(x.outcome);
    return out;
  }

  /// Everything a reader sees, and what the next event is joined with.
  std::string rows() const {
    return db.sql("SELECT string_agg((to_jsonb(d) - 'created_at' - 'updated_at')::text, E'\\n' ORDER BY id) FROM donations d") +
           db.sql("SELECT string_agg(object_id || '>' || donation_id, ' ' ORDER BY object_id) FROM donation_objects");
  }

  void forget() const {
    db.sql("TRUNCATE donations, donation_objects, delivery_ids, deliveries, audit_log, jobs, job_lanes, metric_days");
  }
};

using outcomes = std::vector<delivery_outcome>;
constexpr auto stored = delivery_outcome::stored;
constexpr auto duplicate = delivery_outcome::duplicate;

} // namespace

TEST_CASE_METHOD(stripe_fixture, "an event is kept, makes a donation, marks its day, tells the application and the audit log") {
  CHECK(commit({completed, paid}) == outcomes{stored, stored});
  CHECK(
      db.sql(
          "SELECT id || ' ' || status || ' ' || amount || ' ' || currency || ' ' || from_user_id || ' ' || to_user_id || ' ' || "
          "rule_id || ' ' || amount_refunded || ' ' || livemode FROM donations") == "pi_1 succeeded 5000 usd ann bob r1 0 true");
  CHECK(db.sql("SELECT paid_at = '2024-07-25T23:00:09Z' FROM donations") == "t");
  CHECK(db.sql("SELECT string_agg(day::text || changed, ' ') FROM metric_days") == "2024-07-25true");
  CHECK(db.sql("SELECT count(*) FROM deliveries WHERE source = 'stripe' AND outcome = 'stored' AND body_encoding = 1") == "2");
  CHECK(db.sql("SELECT string_agg(subject || '|' || (details->>'reason'), E'\\n' ORDER BY subject) FROM audit_log") ==
        "evt_1|checkout.session.completed: stored, donation pi_1\nevt_3|payment_intent.succeeded: stored, donation pi_1");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'notify'") == "1");
  CHECK(db.sql("SELECT payload #>> '{type}' || (payload #>> '{data,id}') || (payload #>> '{data,amount}') FROM jobs") ==
        "donation.succeededpi_15000");
}

TEST_CASE_METHOD(stripe_fixture,
                 "law 2: an event that comes again changes nothing, in the same batch, later, and at another node") {
  CHECK(commit({paid, paid}) == outcomes{stored, duplicate});
  const auto before = rows() + db.sql("SELECT xmin FROM donations");
  auto other = open();
  CHECK(commit({paid, declined}, other.get()) == outcomes{duplicate, stored});
  CHECK(commit({paid}) == outcomes{duplicate});
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "2");
  CHECK(db.sql("SELECT count(*) FROM audit_log") == "2");
  CHECK(db.sql("SELECT count(*) FROM jobs") == "1");
}

TEST_CASE_METHOD(stripe_fixture, "test switches: without dedupe an event that comes again is kept and told again") {
  const switched_off off{"dedupe"};
  if (!off)
    return;
  const auto node = open();
  CHECK(commit({paid}, node.get()) == outcomes{stored});
  CHECK(commit({paid}, node.get()) == outcomes{stored});
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "2");
  CHECK(db.sql("SELECT count(*) FROM audit_log") == "2");
}

TEST_CASE_METHOD(stripe_fixture, "law 2: the same news under another event id leaves the row as it is") {
  commit({paid});
  const auto before = db.sql("SELECT xmin::text || updated_at FROM donations");
  auto again = paid;
  again.replace(again.find("evt_3"), 5, "evt_x");
  CHECK(commit({again}) == outcomes{stored});
  CHECK(db.sql("SELECT xmin::text || updated_at FROM donations") == before);
  CHECK(db.sql("SELECT count(*) FROM jobs") == "1");
}

TEST_CASE_METHOD(stripe_fixture,
                 "law 4: the events of one payment end in the same rows in every order, one by one or in batches") {
  auto events = std::vector<std::string>{completed, declined, paid, half_back, all_back, disputed, won};
  commit(events);
  const auto expected = rows();
  CHECK(db.sql("SELECT count(*) FROM donations") == "1");
  CHECK(db.sql("SELECT status FROM donations") == "refunded");
  auto chance = std::mt19937{41};
  for (auto round = 0; round < 25; ++round) {
    forget();
    std::shuffle(events.begin(), events.end(), chance);
    for (auto from = std::size_t{0}; from < events.size();) {
      const auto count = std::min<std::size_t>(1 + chance() % 3, events.size() - from);
      const auto first = events.begin() + static_cast<std::ptrdiff_t>(from);
      commit({first, first + static_cast<std::ptrdiff_t>(count)});
      from += count;
    }
    CHECK(rows() == expected);
    CHECK(db.sql("SELECT string_agg(changed::text, '') FROM metric_days WHERE day = '2024-07-25'") == "true");
  }
}

TEST_CASE_METHOD(stripe_fixture, "law 12: nodes that learn of one payment at the same moment make one donation") {
  const auto events = std::vector<std::string>{completed, declined, paid, half_back, all_back, disputed, won};
  commit(events);
  const auto expected = rows();
  for (auto round = 0; round < 25; ++round) {
    forget();
    auto nodes = std::vector<std::thread>{};
    for (auto node = 0; node < 3; ++node)
      nodes.emplace_back([&, node] {
        auto own = open();
        auto mine = events;
        std::shuffle(mine.begin(), mine.end(), std::mt19937(static_cast<unsigned>(round * 3 + node)));
        for (const auto& x : mine) {
          auto one = item(x);
          auto* pointer = &one;
          own->commit({&pointer, 1});
        }
      });
    for (auto& x : nodes)
      x.join();
    CHECK(rows() == expected);
    CHECK(db.sql("SELECT count(*) FROM delivery_ids") == "7");
  }
}

TEST_CASE_METHOD(stripe_fixture, "law 12: news of a charge wait for the node that makes its donation one with another") {
  auto settings = db.settings();
  settings.statement_timeout = std::chrono::seconds{30};
  auto first = open_stripe_store(db.url(), settings, false), second = open_stripe_store(db.url(), settings, false);
  commit({disputed}); // known by its charge alone
  const auto wait_for = [&](const char* waiting) {
    while (db.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") !=
           waiting)
      std::this_thread::yield();
  };
  auto blocker = db.connect();
  auto held = std::optional<pqxx::work>{blocker->raw()};
  held->exec("LOCK TABLE metric_days IN ACCESS EXCLUSIVE MODE");
  auto joins = std::thread{[&] { commit({paid}, first.get()); }};
  wait_for("1");
  auto late = std::thread{[&] { commit({won}, second.get()); }};
  wait_for("2");
  held->commit();
  joins.join();
  late.join();
  CHECK(db.sql("SELECT string_agg(id || ' ' || status || ' ' || dispute, ',') FROM donations") == "pi_1 succeeded won");
}

TEST_CASE_METHOD(stripe_fixture,
                 "law 6: an authentic event that cannot be applied is kept with its reason beside the others of its batch") {
  const auto broken = stripe_event("evt_b", "payment_intent.succeeded", payment_begins, R"("id":"pi_2")");
  const auto unknown = stripe_event("evt_u", "payout.paid", payment_begins, R"("id":"po_1")");
  CHECK(commit({broken, paid, unknown}) == outcomes{delivery_outcome::failed, stored, delivery_outcome::ignored});
  CHECK(db.sql("SELECT error FROM deliveries WHERE outcome = 'failed'").find("/data/object/currency") != std::string::npos);
  CHECK(db.sql("SELECT string_agg(delivery_id, ' ' ORDER BY delivery_id) FROM delivery_ids") == "evt_3 evt_u");
  CHECK(db.sql("SELECT count(*) FROM donations") == "1");
  CHECK(db.sql("SELECT count(*) FROM audit_log") == "3");
}

TEST_CASE_METHOD(stripe_fixture, "a donation tells of itself when it is paid and whenever more has gone back, once each") {
  for (const auto& x : {half_back, paid, completed, all_back, disputed, won})
    commit({x});
  CHECK(db.sql("SELECT string_agg((payload->>'type') || (payload #>> '{data,amount_refunded}'), ' ' ORDER BY id) FROM jobs") ==
        "donation.succeeded2000 donation.refunded2000 donation.refunded5000");
  CHECK(db.sql("SELECT string_agg(DISTINCT key, ' ') FROM jobs") == "notify/donation");
}

TEST_CASE_METHOD(stripe_fixture, "a store that tells nobody enqueues nothing") {
  auto quiet = open_stripe_store(db.url(), db.settings(), false);
  commit({paid, half_back}, quiet.get());
  CHECK(db.sql("SELECT count(*) FROM jobs") == "0");
}

TEST_CASE_METHOD(stripe_fixture, "a change that no reader sees leaves updated_at alone, and one of a day marks it again") {
  commit({paid});
  db.sql("UPDATE donations SET updated_at = '2000-01-01'; UPDATE metric_days SET changed = FALSE");
  commit({declined}); // known only to the facts
  CHECK(db.sql("SELECT updated_at = '2000-01-01' FROM donations") == "t");
  CHECK(db.sql("SELECT changed FROM metric_days") == "f");
  commit({half_back});
  CHECK(db.sql("SELECT updated_at = '2000-01-01' FROM donations") == "f");
  CHECK(db.sql("SELECT changed FROM metric_days") == "t");
}

TEST_CASE_METHOD(stripe_fixture, "it is known which event ids are new") {
  commit({paid});
  const auto asked = std::vector<std::string>{"evt_3", "evt_9", "evt_8"};
  auto unknown = store->unknown_of(asked);
  std::sort(unknown.begin(), unknown.end());
  CHECK(unknown == std::vector<std::string>{"evt_8", "evt_9"});
}

TEST_CASE_METHOD(stripe_fixture, "an event that the missed-event check found says so") {
  auto x = item(paid, stripe_road::missed_event_check);
  auto* pointer = &x;
  store->commit({&pointer, 1});
  CHECK(db.sql("SELECT details->>'reason' FROM audit_log") ==
        "payment_intent.succeeded: stored, donation pi_1, found by the missed-event check");
  CHECK(db.sql("SELECT endpoint FROM deliveries") == "missed-event check");
}

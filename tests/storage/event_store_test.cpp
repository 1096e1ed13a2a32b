#include "storage/event_store.hpp"

#include "tests/storage/switched_off.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <random>

using namespace ingot;
using namespace ingot::storage;
using ingot::testing::database;

namespace {

const auto noon = *parse_rfc3339("2026-11-18T12:00:00Z");
constexpr auto minute = std::chrono::minutes{1};

/// Requests of one client after the other.
struct sender {
  explicit sender(const database& db, event_settings rules_ = {})
      : rules{std::move(rules_)}, store{open_event_store(db.url(), db.settings(), rules)} {}

  event_settings rules;
  std::unique_ptr<event_store> store;
  events::viewer_hasher hasher{"0123456789abcdef0123456789abcdef", rules.address_key_days};

  std::unique_ptr<event_request> request(const std::string& events, const std::string& address = "192.0.2.1",
                                         timestamp now = noon) const {
    static thread_local auto source = std::mt19937_64{std::random_device{}()};
    auto x = std::make_unique<event_request>();
    for (auto& byte : x->id)
      byte = static_cast<unsigned char>(source());
    x->received_at = now;
    x->said = std::get<events::batch>(events::parse("{\"events\":[" + events + "]}", kinds(), now)); // no REQUIRE: on any thread
    const auto period_of = [&](timestamp at) { return hasher.period_of(at); };
    for (const auto period : periods_of(x->said, period_of, rules.view_window))
      x->who.add(period, hasher.hash(*parse_ip(address), period));
    return x;
  }

  /// `accepted/duplicates`
  std::string send(const std::string& events, const std::string& address = "192.0.2.1", timestamp now = noon) {
    const auto x = request(events, address, now);
    auto* one = x.get();
    store->commit({&one, 1});
    return std::to_string(x->accepted) + '/' + std::to_string(x->duplicates);
  }

  static const events::rules& kinds() {
    static const auto all = events::rules{{"VIEW", "COPY", "SAVE", "UNSAVE", "VOTE"}, 1'000};
    return all;
  }
};

std::string view(const std::string& rule, timestamp at) {
  return R"({"type":"VIEW","ruleId":")" + rule + R"(","ts":")" + to_rfc3339(at) + "\"}";
}

std::string copy(const std::string& rule, const std::string& key) {
  return R"({"type":"COPY","ruleId":")" + rule + R"(","idempotencyKey":")" + key + "\"}";
}

} // namespace

TEST_CASE("storage: events are stored with all that they say, and the address only as a hash") {
  database db;
  sender application{db};
  CHECK(
      application.send(
          R"({"type":"COPY","ruleId":"r1","userId":"u1","ts":"2026-11-18T11:00:00.5Z","idempotencyKey":"k1","from":"page \"x\"","n":[1,2]})") ==
      "1/0");
  CHECK(db.sql("SELECT concat_ws('|', type, rule_id, user_id, idempotency_key, ts AT TIME ZONE 'UTC', received_at AT TIME ZONE "
               "'UTC', data) FROM events") ==
        R"(COPY|r1|u1|k1|2026-11-18 11:00:00.5|2026-11-18 12:00:00|{"n": [1, 2], "from": "page \"x\""})");
  CHECK(db.sql("SELECT position('c0000201' in encode(uuid_send(viewer), 'hex')) FROM events") == "0");
  CHECK(db.sql("SELECT changed FROM metric_days WHERE day = '2026-11-18'") == "t");
}

TEST_CASE("storage: law 2: an idempotency key counts once, within a request, across requests, and in other days") {
  database db;
  sender application{db};
  CHECK(application.send(copy("r1", "a") + ',' + copy("r1", "a") + ',' + copy("r2", "b")) == "2/1");
  CHECK(application.send(copy("r1", "a") + ',' + copy("r1", "c")) == "1/1");
  CHECK(application.send(copy("r1", "a"), "192.0.2.1", noon + std::chrono::hours{30}) == "0/1");
  CHECK(db.sql("SELECT count(*) FROM events") == "3");
}

TEST_CASE("storage: test switches: without dedupe a key and a repeated request count twice") {
  const testing::switched_off off{"dedupe"};
  if (!off)
    return;
  database db;
  sender application{db};
  CHECK(application.send(copy("r1", "a")) == "1/0");
  CHECK(application.send(copy("r1", "a")) == "1/0");
  const auto request = application.request(R"({"type":"COPY","ruleId":"r2"})");
  auto* one = request.get();
  application.store->commit({&one, 1});
  application.store->commit({&one, 1});
  CHECK(db.sql("SELECT string_agg(rule_id, ' ' ORDER BY rule_id) FROM events") == "r1 r1 r2 r2");
}

TEST_CASE("storage: law 2: two nodes that get the same keys at the same moment store each once") {
  database db;
  auto stored = std::atomic<std::size_t>{0};
  auto nodes = std::vector<std::thread>{};
  auto wrong = std::atomic<int>{0};
  for (auto n = 0; n < 2; ++n)
    nodes.emplace_back([&, n] {
      auto store = open_event_store(db.url(), db.settings(), {});
      auto hasher = events::viewer_hasher{"k", 7};
      for (auto round = 0; round < 20; ++round) {
        auto text = std::string{};
        for (auto i = 0; i < 50; ++i)
          text += (text.empty() ? "" : ",") + copy("r", std::to_string(round) + "-" + std::to_string(n == 0 ? i : 49 - i));
        auto x = event_request{};
        x.id[0] = static_cast<unsigned char>(n + 1);
        x.id[1] = static_cast<unsigned char>(round);
        x.received_at = noon;
        x.said = std::get<events::batch>(events::parse("{\"events\":[" + text + "]}", sender::kinds(), noon));
        x.who.add(hasher.period_of(noon), hasher.hash(*parse_ip("192.0.2.1"), hasher.period_of(noon)));
        auto* one = &x;
        for (auto attempt = 0;; ++attempt)
          try {
            store->commit({&one, 1});
            break;
          } catch (const store_error& e) {
            if (e.remedy() != sql_remedy::retry || attempt == 5) {
              ++wrong;
              return;
            }
          }
        stored += x.accepted;
      }
    });
  for (auto& x : nodes)
    x.join();
  CHECK(wrong == 0);
  CHECK(stored == 1'000);
  CHECK(db.sql("SELECT count(*) FROM events") == "1000");
}

TEST_CASE("storage: a view of an address and rule is stored once in ten minutes, to the moment") {
  database db;
  sender application{db};
  CHECK(application.send(view("r", noon)) == "1/0");
  CHECK(application.send(view("r", noon + 10 * minute - std::chrono::microseconds{1})) == "0/1");
  CHECK(application.send(view("r", noon - 10 * minute + std::chrono::microseconds{1})) == "0/1");
  CHECK(application.send(view("r", noon + 10 * minute)) == "1/0");
  CHECK(application.send(view("r", noon - 10 * minute)) == "1/0");
  CHECK(application.send(view("r", noon + 5 * minute), "192.0.2.2") == "1/0");
  CHECK(application.send(view("s", noon + 5 * minute)) == "1/0");
  CHECK(db.sql("SELECT count(*) FROM events") == "5");
}

TEST_CASE("storage: views of one request are judged one after the other") {
  database db;
  sender application{db};
  CHECK(application.send(view("r", noon)) == "1/0");
  // 9 minutes after: a duplicate; 11 minutes after noon lies 2 minutes from that one, which is not stored, and so counts.
  CHECK(application.send(view("r", noon + 9 * minute) + ',' + view("r", noon + 11 * minute) + ',' +
                         view("r", noon + 11 * minute) + ',' + view("r", noon + 20 * minute) + ',' +
                         view("r", noon + 21 * minute)) == "2/3");
  CHECK(db.sql("SELECT string_agg(to_char(ts AT TIME ZONE 'UTC', 'HH24:MI'), ' ' ORDER BY ts) FROM events") ==
        "12:00 12:11 12:21");
}

TEST_CASE("storage: the ten minutes hold over midnight, and where a new key for addresses begins") {
  database db;
  auto rules = event_settings{};
  rules.address_key_days = 1; // every midnight
  sender application{db, rules};
  const auto midnight = *parse_rfc3339("2026-11-18T00:00:00Z");
  CHECK(application.send(view("r", midnight - 4 * minute)) == "1/0");
  CHECK(application.send(view("r", midnight + 5 * minute)) == "0/1");
  CHECK(application.send(view("r", midnight + 6 * minute)) == "1/0");
  CHECK(application.send(view("s", midnight + 3 * minute)) == "1/0");
  CHECK(application.send(view("s", midnight - 3 * minute)) == "0/1");
  CHECK(db.sql("SELECT count(DISTINCT viewer) FROM events") == "2");
}

TEST_CASE("storage: the ten minutes hold where a new key begins within one commit, and over two nodes at the same moment") {
  database db;
  auto rules = event_settings{};
  rules.address_key_days = 1;
  const auto midnight = *parse_rfc3339("2026-11-18T00:00:00Z");
  {
    sender application{db, rules};
    CHECK(application.send(view("r", midnight - 2 * minute) + ',' + view("r", midnight + 2 * minute)) == "1/1");
    CHECK(application.send(view("s", midnight + 2 * minute) + ',' + view("s", midnight - 9 * minute)) == "2/0");
  }
  auto nodes = std::vector<std::thread>{};
  auto stored = std::atomic<std::size_t>{0};
  for (const auto side : {-1, 1})
    nodes.emplace_back([&, side] {
      sender application{db, rules};
      for (auto i = 0; i < 60; ++i) {
        const auto x = application.request(view("t" + std::to_string(i), midnight + side * minute), "192.0.2.9");
        auto* one = x.get();
        for (auto attempt = 0; attempt < 5; ++attempt)
          try {
            application.store->commit({&one, 1});
            stored += x->accepted;
            break;
          } catch (const store_error& e) {
            if (e.remedy() != sql_remedy::retry)
              return;
          }
      }
    });
  for (auto& x : nodes)
    x.join();
  CHECK(stored == 60);
  CHECK(db.sql("SELECT count(*) FROM events WHERE rule_id LIKE 't%'") == "60");
}

TEST_CASE("storage: the ten minutes hold over a restart and over two nodes") {
  database db;
  {
    sender before{db};
    CHECK(before.send(view("r", noon)) == "1/0");
  }
  sender first{db}, second{db};
  CHECK(first.send(view("r", noon + minute)) == "0/1");
  CHECK(second.send(view("r", noon + 10 * minute)) == "1/0");
  CHECK(first.send(view("r", noon + 11 * minute)) == "0/1");
}

TEST_CASE("storage: law 2: a request whose COMMIT nobody knows of is applied once, with keys or without") {
  database db;
  sender application{db};
  const auto x = application.request(R"({"type":"COPY","ruleId":"r"},{"type":"COPY","ruleId":"r"})");
  auto* one = x.get();
  application.store->commit({&one, 1});
  application.store->commit({&one, 1});
  CHECK(x->accepted == 2);
  CHECK(db.sql("SELECT count(*) FROM events") == "2");
}

TEST_CASE("storage: a day that is counted in between is marked again") {
  database db;
  sender application{db};
  application.send(copy("r", "1"));
  db.sql("UPDATE metric_days SET changed = FALSE");
  application.send(copy("r", "2"));
  CHECK(db.sql("SELECT changed FROM metric_days") == "t");
}

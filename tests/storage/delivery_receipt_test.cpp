#include "storage/delivery_receipt.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using std::chrono::minutes;

namespace {

github::logged_delivery logged(const std::string& guid, std::int64_t id, timestamp at) {
  return {guid, id, "push", "", "failed", at, at};
}

void arrive(const testing::database& db, const std::string& guid) {
  db.sql("INSERT INTO delivery_ids (source, delivery_id, received_at) VALUES ('github', '" + guid + "', now())");
}

} // namespace

TEST_CASE("a receipt is complete up to the first delivery that may still come") {
  testing::database db;
  auto c = db.connect();
  CHECK_FALSE(load_receipt(*c, ""));
  arrive(db, "a");
  CHECK(unknown_guids(*c, std::vector<std::string>{"a", "b", "c"}) == std::vector<std::string>{"b", "c"});

  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto at = now - minutes{60};
  note_missed(*c, "", std::vector{logged("b", 7, at - minutes{20}), logged("c", 8, at - minutes{10})});
  conclude_look(*c, "", at, at);
  CHECK(load_receipt(*c, "")->complete_through == at - minutes{20});
  CHECK(load_receipt(*c, "")->missing == 2);

  arrive(db, "b");
  CHECK(missed_deliveries(*c, "", 10).size() == 1);
  conclude_look(*c, "", at, at);
  CHECK(load_receipt(*c, "")->complete_through == at - minutes{10});

  give_up(*c, "", "c", "too old");
  conclude_look(*c, "", at, at + minutes{1});
  const auto receipt = *load_receipt(*c, "");
  CHECK(receipt.complete_through == at);
  CHECK(receipt.missing == 0);
  CHECK(receipt.unrecoverable == 1);
  CHECK(missed_deliveries(*c, "", 10).at(0).unrecoverable == "too old");

  note_failed_look(*c, "", "no answer", at, at + minutes{2});
  CHECK(load_receipt(*c, "")->error == "no answer");
  CHECK(load_receipt(*c, "")->complete_through == at);
  conclude_look(*c, "", at - minutes{5}, at + minutes{3}); // a slow node's look: nothing goes back
  CHECK(load_receipt(*c, "")->complete_through == at);
  CHECK(load_receipt(*c, "")->listed_through == at);
  CHECK(load_receipt(*c, "")->error.empty());
  // A node whose clock is ahead has listed nothing that is to come, and what an older program kept of that kind is taken back.
  conclude_look(*c, "", now + minutes{90}, now + minutes{120});
  CHECK(load_receipt(*c, "")->listed_through <= now - minutes{29});
  db.sql("UPDATE delivery_receipts SET listed_through = now() + interval '1 hour', complete_through = now() + interval '1 hour'");
  conclude_look(*c, "", at, at);
  CHECK(load_receipt(*c, "")->listed_through == at);
  CHECK(load_receipt(*c, "")->complete_through == at);
}

TEST_CASE("a look that fails makes nothing complete, and what no log lists any more is named once") {
  testing::database db;
  auto c = db.connect();
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto begin = now - std::chrono::hours{72};
  note_failed_look(*c, "", "no answer", begin, now);
  CHECK_FALSE(load_receipt(*c, "")->has_succeeded());
  CHECK(load_receipt(*c, "")->listed_through == begin);
  conclude_look(*c, "", now - minutes{60}, now);
  CHECK(load_receipt(*c, "")->has_succeeded());
  CHECK(load_receipt(*c, "")->complete_through == now - minutes{60});

  CHECK(note_unlisted(*c, "", begin, now, "nobody looked"));
  CHECK_FALSE(note_unlisted(*c, "", begin, now + minutes{5}, "nobody looked"));
  CHECK(note_unlisted(*c, "octo/hello/7", begin, now, "nobody looked"));
  CHECK(load_receipt(*c, "")->unrecoverable == 1);
  CHECK(missed_deliveries(*c, "", 10).at(0).unrecoverable == "nobody looked");
}

TEST_CASE("a missed delivery is known by its newest attempt, and how often it was asked for is kept") {
  testing::database db;
  auto c = db.connect();
  const auto at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  note_missed(*c, "octo/hello/7", std::vector{logged("b", 7, at)});
  note_asked(*c, "octo/hello/7", "b", at);
  note_asked(*c, "octo/hello/7", "b", at + minutes{10});
  note_missed(*c, "octo/hello/7", std::vector{logged("b", 9, at + minutes{10})});
  const auto missed = missed_deliveries(*c, "octo/hello/7", 10).at(0);
  CHECK(missed.delivery_id == 9);
  CHECK(missed.delivered_at == at);
  CHECK(missed.asked == 2);
  CHECK(missed.asked_at == at + minutes{10});
  CHECK(missed_deliveries(*c, "", 10).empty());
}

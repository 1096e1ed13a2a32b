#include "storage/deliveries.hpp"
#include "storage/delivery_queries.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

timestamp at(const char* text) {
  return *parse_rfc3339(text);
}

/// Keeps one as if it had been taken.
void keep(const testing::database& db, const std::string& id, const std::string& received_at, const std::string& event = "push",
          const std::string& outcome = "stored", const std::string& repository = "octo/hello") {
  db.sql("INSERT INTO deliveries (delivery_id, received_at, source, endpoint, event, action, content_type, repository_id, "
         "repository, outcome, "
         "error, body_bytes, body_encoding, body) VALUES ('" +
         id + "', '" + received_at + "', 'github', 'default', '" + event + "', 'opened', 'application/json', 7, '" + repository +
         "', '" + outcome + "', " + (outcome == "failed" ? "'refused'" : "NULL") + ", 3, 0, 'raw')");
  if (outcome != "failed")
    db.sql("INSERT INTO delivery_ids (source, delivery_id, received_at) VALUES ('github', '" + id + "', '" + received_at + "')");
}

std::vector<std::string> ids(const std::vector<kept_delivery>& x) {
  std::vector<std::string> out;
  for (const auto& item : x)
    out.push_back(item.kept.id);
  return out;
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("deliveries are listed from the newest, a page at a time, equal times included") {
  testing::database db;
  auto connection = db.connect();
  make_delivery_partitions(*connection, at("2024-05-02T00:00:00Z"), 1);
  keep(db, "a", "2024-05-01T10:00:00Z");
  keep(db, "b", "2024-05-02T10:00:00.000001Z");
  keep(db, "c", "2024-05-02T10:00:00Z");
  keep(db, "d", "2024-05-02T10:00:00Z");
  keep(db, "e", "2019-01-01T00:00:00Z"); // of no day's partition
  auto first = list_deliveries(*connection, {}, 2, std::nullopt);
  CHECK(ids(first.items) == words{"b", "d"});
  REQUIRE(first.next);
  keep(db, "newer", "2024-05-03T00:00:00Z");
  auto second = list_deliveries(*connection, {}, 2, first.next);
  CHECK(ids(second.items) == words{"c", "a"});
  REQUIRE(second.next);
  auto third = list_deliveries(*connection, {}, 2, second.next);
  CHECK(ids(third.items) == words{"e"});
  CHECK_FALSE(third.next);
}

TEST_CASE("a listing is narrowed by event, repository, outcome and time") {
  testing::database db;
  auto connection = db.connect();
  keep(db, "a", "2024-05-01T10:00:00Z", "push");
  keep(db, "b", "2024-05-01T11:00:00Z", "pull_request", "stored", "octo/other");
  keep(db, "c", "2024-05-01T12:00:00Z", "push", "failed");
  auto listed = [&](const delivery_filter& filter) { return ids(list_deliveries(*connection, filter, 10, std::nullopt).items); };
  CHECK(listed({.event = "push", .repository = {}, .outcome = {}, .since = {}}) == words{"c", "a"});
  CHECK(listed({.event = {}, .repository = "octo/other", .outcome = {}, .since = {}}) == words{"b"});
  CHECK(listed({.event = {}, .repository = "7", .outcome = {}, .since = {}}) == words{"c", "b", "a"});
  CHECK(listed({.event = {}, .repository = {}, .outcome = "failed", .since = {}}) == words{"c"});
  CHECK(listed({.event = {}, .repository = {}, .outcome = {}, .since = at("2024-05-01T11:00:00Z")}) == words{"c", "b"});
  CHECK(listed({.event = "'; DROP TABLE deliveries; --", .repository = {}, .outcome = {}, .since = {}}).empty());
}

TEST_CASE("a listed delivery says everything but its body") {
  testing::database db;
  auto connection = db.connect();
  keep(db, "a", "2024-05-01T10:00:00.123456Z", "pull_request", "failed");
  auto x = list_deliveries(*connection, {}, 1, std::nullopt).items.at(0);
  CHECK(x.kept.source == "github");
  CHECK(x.kept.endpoint == "default");
  CHECK(x.kept.event == "pull_request");
  CHECK(x.kept.action == "opened");
  CHECK(x.kept.content_type == "application/json");
  CHECK(x.kept.hook_id == 0);
  CHECK(x.kept.repository_id == 7);
  CHECK(x.kept.received_at == at("2024-05-01T10:00:00.123456Z"));
  CHECK(x.kept.body_bytes == 3);
  CHECK(x.kept.encoding == body_encoding::identity);
  CHECK(x.outcome == "failed");
  CHECK(x.error == "refused");
  CHECK(x.kept.body.empty());
}

TEST_CASE("a delivery is found by its id with its body, and its failed attempts with it") {
  testing::database db;
  auto connection = db.connect();
  make_delivery_partitions(*connection, at("2024-05-02T00:00:00Z"), 1);
  keep(db, "x", "2024-05-01T10:00:00Z", "push", "failed");
  keep(db, "x", "2024-05-02T10:00:00Z");
  keep(db, "y", "2024-05-02T10:00:00Z");
  auto found = find_deliveries(*connection, "github", "x");
  REQUIRE(found.size() == 2);
  CHECK(found[0].outcome == "stored");
  CHECK(found[0].kept.body == "raw");
  CHECK(found[1].outcome == "failed");
  CHECK(find_deliveries(*connection, "stripe", "x").empty());
  CHECK(find_deliveries(*connection, "github", "z").empty());
}

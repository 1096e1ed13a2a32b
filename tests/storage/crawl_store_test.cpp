#include "storage/crawl_store.hpp"

#include "storage/crawl_sources.hpp"
#include "storage/refused_change.hpp"
#include "storage/search_queries.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <map>
#include <random>

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto now = *parse_rfc3339("2024-05-02T00:00:00Z");

std::string item_text(const std::string& id, const std::string& title, const std::string& more = {}) {
  return R"({"externalId":")" + id + R"(","url":"https://example.org/)" + id + R"(","title":")" + title + '"' + more + '}';
}

crawl_request request(const std::string& source, const std::string& items, timestamp at = now) {
  auto out = crawl_request{};
  static_cast<crawl::submission&>(out) =
      std::get<crawl::submission>(crawl::parse_submission(R"({"sourceId":")" + source + R"(","items":[)" + items + "]}", 500));
  out.received_at = at;
  return out;
}

struct crawl_fixture {
  testing::database db;
  std::unique_ptr<crawl_store> store = open_crawl_store(db.url(), db.settings());

  crawl_fixture() {
    add_crawl_source(*db.connect(), "partner", "A partner", {"a test", now});
    add_crawl_source(*db.connect(), "other", "", {"a test", now});
  }

  /// `created updated unchanged`
  std::string commit(const crawl_request& from) {
    auto x = from;
    auto* one = &x;
    store->commit({&one, 1});
    REQUIRE(x.verdict == crawl_verdict::taken);
    return std::to_string(x.counts.created) + ' ' + std::to_string(x.counts.updated) + ' ' + std::to_string(x.counts.unchanged);
  }

  std::string rows() const {
    return db.sql("SELECT string_agg(source_id || '/' || external_id || ' ' || title || ' ' || version, ', ' ORDER BY source_id, "
                  "external_id) FROM crawl_items");
  }
};

} // namespace

TEST_CASE("law 2: crawl items that say what is stored write nothing at all") {
  crawl_fixture f;
  const auto all = request("partner", item_text("a", "A", R"(,"summary":"s","raw":{"k":1})") + ',' + item_text("b", "B"));
  CHECK(f.commit(all) == "2 0 0");
  const auto places = "SELECT string_agg(ctid::text || xmin::text, ' ' ORDER BY external_id) FROM crawl_items";
  const auto documents = "SELECT string_agg(ctid::text || xmin::text, ' ' ORDER BY ref) FROM search_documents";
  const auto items_before = f.db.sql(places), documents_before = f.db.sql(documents);
  CHECK(f.commit(all) == "0 0 2");
  CHECK(f.db.sql(places) == items_before);
  CHECK(f.db.sql(documents) == documents_before);
  CHECK(f.commit(request("partner", item_text("a", "A2") + ',' + item_text("b", "B") + ',' + item_text("c", "C"))) == "1 1 1");
  CHECK(f.rows() == "partner/a A2 2, partner/b B 1, partner/c C 1");
  CHECK(f.db.sql("SELECT count(*) FROM crawl_items WHERE raw IS NULL AND summary IS NULL") == "3");
}

TEST_CASE("an unknown and a disabled source have verdicts of their own, and the others of the batch are stored") {
  crawl_fixture f;
  disable_crawl_source(*f.db.connect(), "other", {"a test", now});
  auto good = request("partner", item_text("a", "A")), unknown = request("nobody", item_text("a", "A")),
       disabled = request("other", item_text("a", "A"));
  crawl_request* all[] = {&good, &unknown, &disabled};
  f.store->commit(all);
  CHECK(good.verdict == crawl_verdict::taken);
  CHECK(unknown.verdict == crawl_verdict::no_source);
  CHECK(disabled.verdict == crawl_verdict::disabled);
  CHECK(f.rows() == "partner/a A 1");
}

TEST_CASE("law 3: a source that another transaction holds is busy, and no other source waits for it") {
  crawl_fixture f;
  const auto outside = f.db.connect();
  auto holding = pqxx::work{outside->raw()};
  holding.exec("SELECT FROM crawl_sources WHERE id = 'partner' FOR NO KEY UPDATE");
  auto held = request("partner", item_text("a", "A")), free = request("other", item_text("a", "A"));
  crawl_request* all[] = {&held, &free};
  f.store->commit(all);
  CHECK(held.verdict == crawl_verdict::busy);
  CHECK(free.verdict == crawl_verdict::taken);
  CHECK(f.rows() == "other/a A 1");
  holding.commit();
  CHECK(f.commit(held) == "1 0 0");
}

TEST_CASE("law 4: whatever is sent, what was received last is stored, once for each item") {
  crawl_fixture f;
  auto chance = std::minstd_rand{7};
  auto last = std::map<std::string, std::string>{};
  for (auto i = 0; i < 60; ++i) {
    auto requests = std::vector<crawl_request>{};
    for (auto k = 0; k < 3; ++k) {
      const auto id = std::to_string(chance() % 4), title = std::to_string(chance() % 3);
      requests.push_back(request("partner", item_text(id, title), now + std::chrono::seconds{i}));
      last[id] = title;
    }
    auto all = std::vector<crawl_request*>{};
    for (auto& x : requests)
      all.push_back(&x);
    f.store->commit(all);
  }
  for (const auto& [id, title] : last)
    CHECK(f.db.sql("SELECT title FROM crawl_items WHERE external_id = '" + id + "'") == title);
  CHECK(f.db.sql("SELECT count(*) FROM crawl_items") == std::to_string(last.size()));
  CHECK(
      f.db.sql("SELECT count(*) FROM crawl_items i JOIN search_documents d ON d.ref = 'partner/' || i.external_id AND d.title = "
               "i.title") == std::to_string(last.size()));
}

TEST_CASE("law 6: the database says of any part of a request whether it would take it, and keeps nothing of it") {
  crawl_fixture f;
  f.db.sql("ALTER TABLE crawl_items ADD CONSTRAINT no_poison CHECK (title <> 'poison')");
  auto x = request("partner", item_text("a", "A") + ',' + item_text("b", "poison"));
  auto* one = &x;
  CHECK_THROWS_AS(f.store->commit({&one, 1}), store_error);
  const auto items = std::span<const crawl::item>{x.items};
  CHECK(f.store->refusal_of(x, items.first(1)).empty());
  CHECK(f.store->refusal_of(x, items.subspan(1)).find("no_poison") != std::string::npos);
  CHECK(f.rows() == "NULL");
}

TEST_CASE("sources are added once, listed by id, disabled and enabled, each with its line in the audit log") {
  crawl_fixture f;
  const auto db = f.db.connect();
  const auto by = operator_action{"a test", now};
  CHECK_THROWS_AS(add_crawl_source(*db, "partner", "", by), refused_change);
  CHECK_THROWS_AS(add_crawl_source(*db, "a/b", "", by), refused_change);
  CHECK_THROWS_AS(add_crawl_source(*db, "x", std::string(256, 'n'), by), refused_change);
  disable_crawl_source(*db, "other", by);
  disable_crawl_source(*db, "other", by);
  CHECK(find_crawl_source(*db, "other")->disabled_at == now);
  enable_crawl_source(*db, "other", by);
  CHECK_FALSE(find_crawl_source(*db, "other")->disabled_at);
  CHECK_THROWS_AS(enable_crawl_source(*db, "nobody", by), refused_change);
  REQUIRE(list_crawl_sources(*db, "", 10).size() == 2);
  CHECK(list_crawl_sources(*db, "", 10)[0].name == "other");
  CHECK(list_crawl_sources(*db, "other", 10).size() == 1);
  CHECK(f.db.sql("SELECT string_agg(action || ' ' || subject, ', ' ORDER BY id) FROM audit_log") ==
        "source added source partner, source added source other, source disabled source other, source enabled source other");
}

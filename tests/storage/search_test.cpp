#include "storage/crawl_sources.hpp"
#include "storage/crawl_store.hpp"
#include "storage/job_queries.hpp"
#include "storage/job_store.hpp"
#include "storage/refused_change.hpp"
#include "storage/search_queries.hpp"
#include "storage/search_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <optional>
#include <set>
#include <thread>

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto now = *parse_rfc3339("2024-05-02T00:00:00Z");

struct search_fixture {
  testing::database db;
  std::unique_ptr<crawl_store> crawl = open_crawl_store(db.url(), db.settings());
  std::unique_ptr<search_store> search = open_search_store(db.url(), db.settings());
  std::unique_ptr<job_store> jobs = open_job_store(db.url(), db.settings());
  std::unique_ptr<connection> reader = db.connect();

  search_fixture() { add_crawl_source(*reader, "p", "A partner", {"a test", now}); }

  void store(const std::string& id, const std::string& title, const std::string& summary = "") {
    const auto body = R"({"sourceId":"p","items":[{"externalId":")" + id + R"(","url":"https://e.org/)" + id + R"(","title":")" +
                      title + R"(","summary":")" + summary + "\"}]}";
    auto x = crawl_request{};
    static_cast<crawl::submission&>(x) = std::get<crawl::submission>(crawl::parse_submission(body, 500));
    x.received_at = now;
    auto* one = &x;
    crawl->commit({&one, 1});
  }

  /// Claims the rebuild, whose steps are of `documents_max`.
  rebuild_step claim(std::size_t documents_max = 2, const std::string& language = "english") {
    const auto quota = job_quota{search_rebuild_kind, 1};
    const auto turn = jobs->turn({}, {&quota, 1}, 1, std::chrono::seconds{30});
    REQUIRE(turn.claimed.size() == 1);
    return {turn.claimed.front().lease, std::chrono::seconds{30}, language, documents_max};
  }

  rebuild_step begin() {
    REQUIRE(start_search_rebuild(*reader, "english").begun);
    return claim();
  }

  void finish(const rebuild_step& x) {
    auto steps = 0;
    while (search->advance(x))
      REQUIRE(++steps < 1'000);
  }

  /// The refs that `words` find, in their order.
  std::string found(const std::string& words) {
    auto out = std::string{};
    for (const auto& x : find_documents(*reader, words, std::nullopt, 50).hits)
      out += (out.empty() ? "" : " ") + x.place.ref;
    return out;
  }

  std::string phase() const { return db.sql("SELECT phase FROM search_rebuilds ORDER BY job_id DESC LIMIT 1"); }
};

} // namespace

TEST_CASE("the search finds crawl items by their words, those with them in the title first") {
  search_fixture f;
  f.store("a", "Nothing of it", "foxes run over there");
  f.store("b", "A quick fox");
  f.store("c", "Hounds", "and nothing else");
  CHECK(f.found("fox") == "p/b p/a");
  CHECK(f.found("fox -quick") == "p/a");
  CHECK(f.found("\"quick fox\" or hounds") == "p/b p/c");
  CHECK(f.found("absent") == "");
  f.store("b", "A slow turtle");
  CHECK(f.found("fox") == "p/a");
  CHECK(f.found("turtles") == "p/b");
}

TEST_CASE("no words make the search fail") {
  search_fixture f;
  f.store("a", "A title");
  for (const auto* words : {"", " ", "the", "'", "\"", "!!! & | ( ) :* <->", "-", "a -", "\\", "ä ß 漢字", "-title", "or or or"})
    CHECK_NOTHROW(find_documents(*f.reader, words, std::nullopt, 10));
  CHECK(f.found("-absent") == "p/a");
}

TEST_CASE("a snippet marks what was found, and no document can forge the marks") {
  search_fixture f;
  const auto forged = std::string{snippet_word_begin} + "forged" + snippet_word_end;
  f.store("a", "One", forged + " words and a needle among them");
  const auto hits = find_documents(*f.reader, "needle", std::nullopt, 10).hits;
  REQUIRE(hits.size() == 1);
  const auto& text = hits.front().snippet;
  CHECK(text.find(std::string{snippet_word_begin} + "needle" + snippet_word_end) != std::string::npos);
  CHECK(text.find(snippet_word_begin) == text.rfind(snippet_word_begin));
  CHECK(text.find("forged") != std::string::npos);
}

TEST_CASE("pages of what is found follow one another without a gap and without a double") {
  search_fixture f;
  for (auto i = 0; i < 23; ++i)
    f.store(std::to_string(i), i % 3 == 0 ? "needle needle" : "needle");
  auto seen = std::set<std::string>{};
  auto after = std::optional<search_place>{};
  for (auto pages = 0; pages < 5; ++pages) {
    const auto page = find_documents(*f.reader, "needle", after, 5);
    CHECK(page.ranked_all);
    for (const auto& x : page.hits) {
      CHECK(seen.insert(x.place.ref).second);
      after = x.place;
    }
  }
  CHECK(seen.size() == 23);
  CHECK(find_documents(*f.reader, "needle", after, 5).hits.empty());
}

TEST_CASE("the old generation answers until the new one is complete, and is removed then") {
  search_fixture f;
  for (const auto* id : {"a", "b", "c", "d", "e"})
    f.store(id, "needle");
  f.db.sql("DELETE FROM search_documents WHERE ref = 'p/c'"); // what only a rebuild finds
  const auto step = f.begin();
  CHECK(f.search->advance(step));
  while (f.phase() == "copying") {
    CHECK(f.found("needle") == "p/a p/b p/d p/e");
    CHECK(f.search->advance(step));
  }
  CHECK(f.phase() == "swapping");
  CHECK(f.found("needle") == "p/a p/b p/d p/e");
  CHECK(f.search->advance(step));
  CHECK(f.found("needle") == "p/a p/b p/c p/d p/e");
  f.finish(step);
  CHECK(f.db.sql("SELECT count(*) || ' ' || min(generation) FROM search_documents") == "5 2");
  CHECK(f.db.sql("SELECT state || ' ' || (result->>'documents') FROM jobs") == "succeeded 5");
  CHECK(f.db.sql("SELECT count(*) FROM job_lanes") == "0");
  CHECK(f.db.sql("SELECT building IS NULL FROM search_state") == "t");
  const auto told = find_search_rebuild(*f.reader, step.lease.id);
  REQUIRE(told);
  CHECK(told->phase == "done");
  CHECK(told->finished_at);
}

TEST_CASE("law 4: an item that changes during a rebuild is found as it is, changed before its batch or after it") {
  search_fixture f;
  for (const auto* id : {"a", "b", "c", "d"})
    f.store(id, "old");
  const auto step = f.begin();
  REQUIRE(f.search->advance(step)); // begun
  f.store("d", "changed before");
  REQUIRE(f.search->advance(step)); // a and b
  f.store("a", "changed after");
  f.store("e", "came meanwhile");
  CHECK(f.found("changed") == "p/a p/d");
  f.finish(step);
  CHECK(f.found("changed") == "p/a p/d");
  CHECK(f.found("came") == "p/e");
  CHECK(f.found("old") == "p/b p/c");
}

TEST_CASE("law 4: a rebuild's batch that read an item before another transaction changed it leaves the change") {
  search_fixture f;
  f.store("a", "old");
  const auto step = f.begin();
  REQUIRE(f.search->advance(step)); // begun
  const auto outside = f.db.connect();
  auto changing = pqxx::work{outside->raw()};
  changing.exec("SELECT ingot_hold_search(); UPDATE crawl_items SET title = 'new'; INSERT INTO search_documents SELECT building, "
                "'crawl_item', 'p/a', '', 'new', '', ingot_search_words('english', 'new', '') FROM search_state");
  auto waiting = std::thread{[&] { f.search->advance(step); }};
  while (f.db.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") ==
         "0") {
  }
  changing.commit();
  waiting.join();
  f.finish(step);
  CHECK(f.found("new") == "p/a");
  CHECK(f.found("old") == "");
}

TEST_CASE(
    "a rebuild goes on where it was left when another node takes its job over, and the first one is refused (laws 2 and 12)") {
  search_fixture f;
  for (const auto* id : {"a", "b", "c", "d", "e"})
    f.store(id, "needle");
  const auto first = f.begin();
  f.search->advance(first);
  f.search->advance(first);
  CHECK(f.db.sql("SELECT documents FROM search_rebuilds") == "2");
  f.db.sql("UPDATE jobs SET lease_until = now() - interval '1 second'");
  const auto second = f.claim();
  CHECK(second.lease.id == first.lease.id);
  CHECK_THROWS_AS(f.search->advance(first), store_error);
  CHECK(f.db.sql("SELECT documents FROM search_rebuilds") == "2");
  f.finish(second);
  CHECK(f.db.sql("SELECT count(*) || ' ' || max(documents) FROM search_rebuilds") == "1 5");
  CHECK(f.found("needle") == "p/a p/b p/c p/d p/e");
}

TEST_CASE("a rebuild that was given up leaves nothing behind after the next one") {
  search_fixture f;
  f.store("a", "needle");
  f.search->advance(f.begin());
  f.store("b", "needle");
  f.db.sql("UPDATE jobs SET state = 'dead', lease_token = NULL; DELETE FROM job_lanes");
  CHECK(f.found("needle") == "p/a p/b");
  f.finish(f.begin());
  CHECK(f.found("needle") == "p/a p/b");
  CHECK(f.db.sql("SELECT string_agg(DISTINCT generation::text, ' ') FROM search_documents") == "3");
}

TEST_CASE("a rebuild that was given up and is tried again after another one begins anew") {
  search_fixture f;
  for (const auto* id : {"a", "b", "c"})
    f.store(id, "needle");
  const auto given_up = f.begin();
  f.search->advance(given_up);
  f.search->advance(given_up);
  f.db.sql("UPDATE jobs SET state = 'dead', lease_token = NULL; DELETE FROM job_lanes");
  const auto next = f.begin();
  f.search->advance(next);
  f.db.sql("UPDATE jobs SET state = 'dead', lease_token = NULL; DELETE FROM job_lanes");
  retry_job(*f.reader, given_up.lease.id, {"a test", now});
  f.finish(f.claim());
  CHECK(f.found("needle") == "p/a p/b p/c");
  CHECK(f.db.sql("SELECT count(*) FROM search_documents") == "3");
}

TEST_CASE("there is one rebuild at a time, and another language comes with it") {
  search_fixture f;
  f.store("a", "Häuser");
  CHECK_THROWS_AS(start_search_rebuild(*f.reader, "klingon"), refused_change);
  const auto first = start_search_rebuild(*f.reader, "german");
  CHECK(first.begun);
  const auto again = start_search_rebuild(*f.reader, "german");
  CHECK_FALSE(again.begun);
  CHECK(again.job_id == first.job_id);
  CHECK(find_search_rebuild(*f.reader, first.job_id)->status == "pending");
  CHECK_FALSE(find_search_rebuild(*f.reader, first.job_id + 1));
  f.finish(f.claim(10, "german"));
  CHECK(f.found("haus") == "p/a");
  CHECK(f.db.sql("SELECT language FROM search_state") == "german");
  CHECK(start_search_rebuild(*f.reader, "german").begun);
}

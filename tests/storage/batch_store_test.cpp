#include "storage/batch_store.hpp"
#include "tests/storage/switched_off.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <thread>

using namespace ingot;
using namespace ingot::storage;

namespace {

timestamp at(int second) {
  return timestamp{std::chrono::seconds{1'700'000'000 + second}};
}

/// One delivery with its event, kept alive while groups point at it.
struct arrival {
  delivery kept;
  github::event what;
};

arrival of(std::int64_t repository, std::string id) {
  auto x = arrival{};
  x.kept.id = std::move(id);
  x.kept.repository_id = repository;
  x.kept.encoding = body_encoding::identity;
  x.kept.body = "{}";
  x.kept.received_at = at(0);
  auto& snapshot = x.what.repository.emplace();
  snapshot.id = repository;
  snapshot.name = "r" + std::to_string(repository);
  snapshot.owner = "o";
  snapshot.full_name = "o/r" + std::to_string(repository);
  snapshot.updated_at = at(0);
  return x;
}

arrival push(std::int64_t repository, std::string id, int second = 0) {
  auto x = of(repository, std::move(id));
  x.what.name = "push";
  x.what.occurred_at = at(second);
  x.what.fact = github::repository_event{};
  return x;
}

arrival pull_request(std::int64_t repository, std::string id, const std::string& action, int second, std::string title = "t") {
  auto x = of(repository, std::move(id));
  x.what.name = "pull_request";
  x.what.action = action;
  x.what.occurred_at = at(second);
  auto p = github::pull_request_event{};
  auto& s = p.pull_request;
  s.number = 3;
  s.title = std::move(title);
  s.author.login = "ann";
  s.head_sha = std::string(40, 'a');
  s.labels = s.assignees = s.reviewers = "[]";
  s.closed = action == "closed";
  s.updated_at = at(second);
  s.html_url = "https://github.com/o/r/pull/3";
  x.what.fact = p;
  return x;
}

struct store_fixture {
  testing::database db;
  std::unique_ptr<batch_store> store = open_batch_store(db.url(), db.settings());
  std::deque<arrival> arrivals;

  github::group group(std::vector<arrival> xs, github::knowledge known = {}) {
    auto g = github::group{};
    g.known = std::move(known);
    for (auto& x : xs) {
      const auto& kept = arrivals.emplace_back(std::move(x));
      g.items.push_back({&kept.kept, &kept.what, false, delivery_outcome::stored});
    }
    return g;
  }

  /// Commits alone. @returns the outcomes
  std::vector<delivery_outcome> commit(github::group& g, batch_store* through = nullptr) {
    auto* pointer = &g;
    (through ? through : store.get())->commit({&pointer, 1});
    auto outcomes = std::vector<delivery_outcome>{};
    for (const auto& x : g.items)
      outcomes.push_back(x.outcome);
    return outcomes;
  }
};

/// As a REPOSITORY does with knowledge of its own.
void decide(github::group& g) {
  REQUIRE(github::decide_from(g, 0) == g.items.size());
  g.decided = true;
}

using outcomes = std::vector<delivery_outcome>;
constexpr auto stored = delivery_outcome::stored;
constexpr auto duplicate = delivery_outcome::duplicate;

} // namespace

TEST_CASE_METHOD(store_fixture, "law 2: an id that was taken is a duplicate, in the same batch, later, and at another node") {
  auto first = group({push(1, "a"), push(1, "a"), push(1, "b")});
  CHECK(commit(first) == outcomes{stored, duplicate, stored});
  auto again = group({push(1, "a")});
  CHECK(commit(again) == outcomes{duplicate});
  auto other = open_batch_store(db.url(), db.settings());
  auto elsewhere = group({push(1, "b"), push(1, "c")});
  CHECK(commit(elsewhere, other.get()) == outcomes{duplicate, stored});
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "3");
  CHECK(db.sql("SELECT count(*) FROM delivery_ids") == "3");
}

TEST_CASE_METHOD(store_fixture, "test switches: without dedupe a delivery that arrives twice is applied twice") {
  const testing::switched_off off{"dedupe"};
  if (!off)
    return;
  auto node = open_batch_store(db.url(), db.settings());
  for (auto i = 0; i < 2; ++i) {
    auto g = group({push(1, "a")});
    CHECK(commit(g, node.get()) == outcomes{stored});
  }
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "2");
}

TEST_CASE_METHOD(store_fixture, "a commit says whether it ordered a sync of whoever follows the branch") {
  db.sql("INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, branch) VALUES ('', 'github', 'o', "
         "'r1', 1, "
         "'main')");
  const auto pushed = [](std::int64_t repository, std::string id, std::string branch) {
    auto x = push(repository, std::move(id));
    auto& fact = std::get<github::repository_event>(x.what.fact);
    fact.push.emplace().branch = std::move(branch);
    return x;
  };
  const auto orders = [&](arrival x) {
    auto g = group({std::move(x)});
    auto* pointer = &g;
    return store->commit({&pointer, 1});
  };
  CHECK_FALSE(orders(pushed(1, "another branch", "topic")));
  CHECK_FALSE(orders(pushed(2, "followed by nobody", "main")));
  CHECK(orders(pushed(1, "a", "main")));
  CHECK_FALSE(orders(pushed(1, "a", "main")));
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'content_sync'") == "1");
}

TEST_CASE_METHOD(store_fixture, "a group that was decided on what the rows hold is written without loading them") {
  auto first = group({pull_request(1, "a", "opened", 1)});
  commit(first);
  REQUIRE(first.known.loaded);
  CHECK(first.known.repository.version == 1);
  auto second = group({pull_request(1, "b", "closed", 2)}, first.known);
  decide(second);
  commit(second);
  CHECK(second.known.repository.version == 2);
  CHECK(db.sql("SELECT state FROM pull_requests") == "closed");
  CHECK(db.sql("SELECT open_prs || ' ' || total_prs FROM repositories") == "0 1");
}

TEST_CASE_METHOD(store_fixture,
                 "law 12: a decision that stands on a version another node moved is made again, and nothing is lost") {
  auto first = group({pull_request(1, "a", "opened", 1)});
  commit(first);
  auto other = open_batch_store(db.url(), db.settings());
  auto theirs = group({pull_request(1, "theirs", "edited", 3, "their title")}, first.known);
  auto ours = group({pull_request(1, "ours", "closed", 2)}, first.known);
  decide(theirs);
  decide(ours);
  commit(theirs, other.get());
  commit(ours);
  CHECK(ours.known.repository.version == 3);
  CHECK(db.sql("SELECT title || ' ' || jsonb_array_length(history) FROM pull_requests") == "their title 3");
}

TEST_CASE_METHOD(store_fixture, "test switches: without fencing a decision is written over another node's") {
  const testing::switched_off off{"fencing"};
  if (!off)
    return;
  auto node = open_batch_store(db.url(), db.settings());
  auto first = group({pull_request(1, "a", "opened", 1)});
  commit(first, node.get());
  auto theirs = group({pull_request(1, "theirs", "edited", 3, "their title")}, first.known);
  auto ours = group({pull_request(1, "ours", "closed", 2, "our title")}, first.known);
  decide(theirs);
  decide(ours);
  commit(theirs, node.get());
  commit(ours, node.get());
  // The newer title is gone (law 4), and so is its event.
  CHECK(db.sql("SELECT title || ' ' || jsonb_array_length(history) FROM pull_requests") == "our title 2");
}

TEST_CASE_METHOD(store_fixture, "law 12: two nodes that hear of a repository at once make one row of it") {
  auto known = github::knowledge{};
  known.repository_id = 1;
  known.loaded = true;
  auto ours = group({push(1, "ours", 5)}, known);
  decide(ours);
  auto theirs = group({push(1, "theirs", 9)});
  commit(theirs);
  commit(ours);
  CHECK(db.sql("SELECT count(*) FROM repositories") == "1");
  CHECK(db.sql("SELECT version FROM repositories") == "1"); // ours was older news: nothing to write
}

TEST_CASE_METHOD(store_fixture, "law 6: what the database refuses leaves nothing behind, and the group is as it was") {
  db.sql("ALTER TABLE pull_requests ADD CONSTRAINT no_poison CHECK (title <> 'poison')");
  auto good = group({pull_request(1, "good", "opened", 1)});
  auto bad = group({pull_request(2, "bad", "opened", 1, "poison")});
  auto both = std::vector<github::group*>{&good, &bad};
  try {
    store->commit(both);
    FAIL("committed");
  } catch (const store_error& e) {
    CHECK(e.remedy() == sql_remedy::refused);
  }
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "0");
  CHECK(commit(good) == outcomes{stored});
  store->keep_failed(*bad.items[0].kept, "refused by no_poison");
  CHECK(db.sql("SELECT outcome || ' ' || error FROM deliveries WHERE delivery_id = 'bad'") == "failed refused by no_poison");
  db.sql("ALTER TABLE pull_requests DROP CONSTRAINT no_poison");
  CHECK(commit(bad) == outcomes{stored}); // its id stayed free
}

TEST_CASE_METHOD(store_fixture, "a replay applies a delivery whose id is known, and what had failed is failed no more") {
  auto x = pull_request(1, "a", "opened", 1);
  store->keep_failed(x.kept, "a defect");
  auto again = group({x});
  again.items[0].replay = true;
  commit(again);
  CHECK(db.sql("SELECT count(*) || ' ' || min(outcome) FROM deliveries") == "1 stored");
  CHECK(db.sql("SELECT count(*) FROM pull_requests") == "1");
  auto redelivered = group({x});
  CHECK(commit(redelivered) == outcomes{duplicate});
}

TEST_CASE_METHOD(store_fixture, "law 7: the reader's mark falls when something visible changes, and only then") {
  auto first = group({pull_request(1, "a", "opened", 1)});
  commit(first);
  db.sql("UPDATE pull_requests SET processed = TRUE; UPDATE pipeline_runs SET processed = TRUE");
  auto same = group({pull_request(1, "b", "opened", 1)}); // the same fact by another hook
  commit(same);
  CHECK(db.sql("SELECT processed FROM pull_requests") == "t");
  auto moved = group({push(1, "c", 9)});
  commit(moved);
  CHECK(db.sql("SELECT processed FROM pull_requests") == "t");
  auto changed = group({pull_request(1, "d", "edited", 2, "another title")});
  commit(changed);
  CHECK(db.sql("SELECT processed FROM pull_requests") == "f");
  CHECK(db.sql("SELECT processed FROM pipeline_runs") == "f");
}

TEST_CASE_METHOD(store_fixture, "a rename changes one row, and a name that another repository takes over does not collide") {
  auto first = group({push(1, "a")});
  commit(first);
  auto taker = push(2, "b");
  taker.what.repository->full_name = "o/r1";
  taker.what.repository->updated_at = at(50);
  auto second = group({taker});
  commit(second);
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 2") == "o/r1");
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 1") == "o/r1~1");
  auto renamed = push(1, "c");
  renamed.what.repository->full_name = "o/new";
  renamed.what.repository->name = "new";
  renamed.what.repository->updated_at = at(60);
  auto third = group({renamed});
  commit(third);
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 1") == "o/new");
  auto late = push(3, "d"); // an older bearer of the name, heard of late
  late.what.repository->full_name = "o/new";
  auto fourth = group({late});
  commit(fourth);
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 1") == "o/new");
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 3") == "o/new~3");
  CHECK(db.sql("SELECT count(*) FROM repositories") == "3");
}

TEST_CASE_METHOD(store_fixture, "law 4: every order of an installation's events, alone or in one batch, ends in the same rows") {
  using mentions = std::vector<std::int64_t>;
  const auto event = [](std::string id, int second, const mentions& added, const mentions& removed, bool suspended = false,
                        bool deleted = false) {
    auto x = of(0, std::move(id));
    x.what.repository.reset();
    x.what.name = "installation";
    auto i = github::installation_event{};
    i.id = 77;
    i.account = "account at " + std::to_string(second);
    i.suspended = suspended;
    i.deleted = deleted;
    i.updated_at = at(second);
    for (auto r : added)
      i.added.push_back(*of(r, "").what.repository);
    for (auto r : removed)
      i.removed.push_back(*of(r, "").what.repository);
    x.what.fact = i;
    return x;
  };
  // A snapshot of repository 2 that names an installation, too; a removal at the time of an addition; and an unsuspension at the
  // time of the suspension that it ends.
  auto spoken = push(2, "spoken", 6);
  spoken.what.installation_id = 78;
  const auto told = std::vector<arrival>{event("created", 1, {1, 2}, {}),     event("suspended", 4, {}, {}, true),
                                         event("removed", 5, {3}, {1, 2, 4}), spoken,
                                         event("back", 5, {1, 4}, {}),        event("deleted", 3, {}, {}, false, true)};
  const auto rows = [&] {
    return db.sql(
        "SELECT (SELECT string_agg(concat_ws(' ', account, suspended, deleted, source_updated_at), ',') FROM installations) "
        "|| ' / ' || (SELECT string_agg(github_id || ':' || coalesce(installation_id::text, '-'), ' ' ORDER BY github_id) "
        "FROM repositories)");
  };
  auto order = std::vector<std::size_t>{0, 1, 2, 3, 4, 5};
  auto ends = std::map<std::string, int>{};
  auto in_one_batch = false;
  do {
    db.sql("DELETE FROM pull_requests; DELETE FROM pipeline_runs; DELETE FROM commits; DELETE FROM installations; DELETE FROM "
           "repositories; DELETE FROM delivery_ids; DELETE FROM deliveries; DELETE FROM jobs; DELETE FROM job_lanes");
    arrivals.clear();
    auto groups = std::deque<github::group>{};
    auto batch = std::vector<github::group*>{};
    for (auto i : order) {
      auto& g = groups.emplace_back(group({told[i]}));
      g.keyed = told[i].kept.repository_id != 0;
      batch.push_back(&g);
      if (!in_one_batch)
        commit(g);
    }
    if (in_one_batch)
      store->commit(batch);
    in_one_batch = !in_one_batch;
    ++ends[rows()];
  } while (std::next_permutation(order.begin(), order.end()));
  for (const auto& [end, count] : ends)
    INFO(count << " orders: " << end);
  REQUIRE(ends.size() == 1);
  CHECK(ends.begin()->first.find("account at 5 f t 2023-11-14 22:13:25+00 / 1:- 2:78 3:77 4:-") != std::string::npos);
}

TEST_CASE_METHOD(store_fixture,
                 "a repository leaves its installation although GitHub dates the removal by the installation's creation") {
  auto spoken = push(1, "spoken", 50);
  spoken.what.installation_id = 77;
  auto removed = of(0, "removed");
  removed.kept.received_at = at(60);
  removed.what.repository.reset();
  removed.what.name = "installation_repositories";
  auto i = github::installation_event{};
  i.id = 77;
  i.account = "o";
  i.updated_at = at(1);
  i.lists_by_arrival = true;
  i.removed.push_back(*of(1, "").what.repository);
  removed.what.fact = i;
  for (const auto& order : {std::vector{spoken, removed}, std::vector{removed, spoken}}) {
    db.sql("DELETE FROM pull_requests; DELETE FROM pipeline_runs; DELETE FROM commits; DELETE FROM installations; DELETE FROM "
           "repositories; DELETE FROM delivery_ids; DELETE FROM deliveries; DELETE FROM jobs; DELETE FROM job_lanes");
    for (const auto& x : order) {
      auto g = group({x});
      g.keyed = x.kept.repository_id != 0;
      commit(g);
    }
    CHECK(db.sql("SELECT installation_id FROM repositories WHERE github_id = 1") == "NULL");
  }
}

TEST_CASE_METHOD(store_fixture, "a delivery that fails is kept once, however often it is tried, and not beside its success") {
  const auto x = push(1, "a");
  store->keep_failed(x.kept, "first");
  store->keep_failed(x.kept, "second");
  CHECK(db.sql("SELECT count(*) || ' ' || min(error) FROM deliveries") == "1 first");
  auto done = group({push(1, "b")});
  commit(done);
  store->keep_failed(*done.items[0].kept, "too late");
  CHECK(db.sql("SELECT count(*) FROM deliveries WHERE delivery_id = 'b'") == "1");
}

TEST_CASE_METHOD(store_fixture, "law 12: rows are locked in one order, decided or not, so that two nodes do not deadlock") {
  auto first = group({push(1, "first")}), fourth = group({push(4, "fourth")});
  commit(first);
  commit(fourth);
  auto holder = db.connect();
  auto held = std::make_unique<pqxx::work>(holder->raw());
  held->exec("SELECT FROM repositories WHERE github_id = 1 FOR UPDATE");
  auto decided = group({push(1, "decided", 10)}, first.known), open = group({push(4, "open", 10)});
  decide(decided);
  auto both = std::vector<github::group*>{&open, &decided};
  auto node = std::thread{[&] { store->commit(both); }};
  const auto waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
  while (db.sql(waits) != "1")
    std::this_thread::yield();
  // It waits for the first row and holds none behind it.
  CHECK(db.sql("SELECT count(*) FROM (SELECT FROM repositories WHERE github_id = 4 FOR UPDATE NOWAIT) AS free") == "1");
  held.reset();
  node.join();
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "4");
}

TEST_CASE_METHOD(store_fixture,
                 "a batch in which one repository takes another's name is one transaction, whoever was decided before") {
  auto first = group({push(1, "a")}), second = group({push(2, "b")});
  commit(first);
  commit(second);
  auto taker = push(2, "taken", 50);
  taker.what.repository->full_name = "o/r1";
  taker.what.repository->updated_at = at(50);
  auto takes = group({taker}, second.known), loses = group({push(1, "goes on", 60)}, first.known);
  decide(takes);
  decide(loses);
  auto both = std::vector<github::group*>{&loses, &takes};
  store->commit(both);
  CHECK(takes.known.repository.full_name == "o/r1");
  CHECK(loses.known.repository.full_name == "o/r1~1");
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 2") == "o/r1");
  CHECK(db.sql("SELECT full_name || ' ' || extract(epoch FROM last_activity)::bigint FROM repositories WHERE github_id = 1") ==
        "o/r1~1 1700000060");
  CHECK(db.sql("SELECT count(*) FROM deliveries") == "4");
}

TEST_CASE_METHOD(store_fixture, "a name that was taken is asked for again by every snapshot, until its bearer lets it go") {
  auto bearer = group({push(1, "bearer", 50)});
  bearer.items[0].what = &(arrivals.back().what.repository->updated_at = at(50), arrivals.back().what);
  commit(bearer);
  auto late = push(2, "late");
  late.what.repository->full_name = "o/r1";
  auto waits = group({late});
  commit(waits);
  CHECK(waits.known.repository.full_name == "o/r1~2");
  auto gone = push(1, "gone", 60);
  gone.what.repository->full_name = "o/elsewhere";
  gone.what.repository->updated_at = at(60);
  auto leaves = group({gone}, bearer.known);
  commit(leaves);
  auto again = push(2, "again", 70);
  again.what.repository->full_name = "o/r1";
  again.what.repository->updated_at = at(70);
  auto tries = group({again}, waits.known);
  decide(tries);
  commit(tries);
  CHECK(db.sql("SELECT full_name FROM repositories WHERE github_id = 2") == "o/r1");
}

TEST_CASE_METHOD(store_fixture, "of a repository that was met for the first time nothing has to be loaded") {
  auto first = group({push(1, "a")});
  commit(first);
  CHECK(first.known.complete);
  auto second = group({pull_request(1, "b", "opened", 1)}, first.known);
  decide(second); // would lack the pull request's row
  commit(second);
  CHECK(db.sql("SELECT total_prs FROM repositories") == "1");
  auto elsewhere = group({push(1, "c", 9)});
  commit(elsewhere);
  CHECK_FALSE(elsewhere.known.complete);
}

TEST_CASE_METHOD(store_fixture, "two groups of one repository in one transaction are refused, not merged by chance") {
  auto first = group({push(1, "a")});
  commit(first);
  auto one = group({push(1, "b", 5)}, first.known), two = group({push(1, "c", 6)}, first.known);
  decide(one);
  decide(two);
  auto both = std::vector<github::group*>{&one, &two};
  CHECK_THROWS_AS(store->commit(both), store_error);
}

TEST_CASE_METHOD(store_fixture, "a pull request without a file list asks for one in the same transaction, once for each head") {
  auto first = group({pull_request(1, "a", "opened", 1), pull_request(1, "b", "edited", 2)});
  commit(first);
  CHECK(db.sql("SELECT count(*) || ' ' || min(kind) FROM jobs") == "1 pull_request_files");
  CHECK(db.sql("SELECT cardinality(files_changed) FROM pull_requests") == "0");
}

TEST_CASE_METHOD(store_fixture,
                 "a push orders a sync of every repository that follows its branch, in order and once for each delivery") {
  db.sql("INSERT INTO provider_repositories (id, user_id, provider, name, external_id, branch, default_branch, state) VALUES "
         "(1, 'ada', 'github', 'r1', 1, NULL, 'main', 'active'), (2, 'bob', 'github', 'r1', 1, 'release', 'main', 'active'), "
         "(3, 'eve', 'github', 'r1', 1, 'main', NULL, 'suspended'), (4, 'joe', 'github', 'r2', 2, 'main', NULL, 'active'), "
         "(5, 'sue', 'github', 'r1', 1, NULL, NULL, 'gone')");
  const auto to = [](std::string branch, std::string id) {
    auto x = push(1, std::move(id));
    auto news = contents::push_news{std::move(branch), {}, contents::id_of_blob("after " + x.kept.id), {}};
    std::get<github::repository_event>(x.what.fact).push = std::move(news);
    return x;
  };
  auto first = group({to("main", "a"), to("other", "b"), to("main", "c"), to("main", "a"), push(1, "d")});
  commit(first);
  const auto orders =
      "SELECT string_agg(key || ' ' || (payload ->> 'branch') || ' ' || left(payload ->> 'after', 4) || ' ' || "
      "(payload ->> 'repository') || ' ' || priority, ', ' ORDER BY key, id) FROM jobs WHERE kind = 'content_sync'";
  const auto a = contents::id_of_blob("after a").hex().substr(0, 4), b = contents::id_of_blob("after b").hex().substr(0, 4),
             c = contents::id_of_blob("after c").hex().substr(0, 4);
  CHECK(db.sql(orders) == "contents/1 main " + a + " 1 0, contents/1 main " + c + " 1 0, contents/5 main " + a +
                              " 5 0, contents/5 other " + b + " 5 0, contents/5 main " + c + " 5 0");
  CHECK(db.sql("SELECT string_agg(key || ' ' || jobs, ', ' ORDER BY key) FROM job_lanes") == "contents/1 2, contents/5 3");
  auto again = group({to("main", "c"), to("release", "e")}, first.known);
  decide(again);
  commit(again);
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE key = 'contents/2'") == "1");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE key = 'contents/1'") == "2");
}

#include "actors/content_sync.hpp"
#include "model/contents/blob_store.hpp"
#include "model/contents/sync_order.hpp"
#include "model/contents/tree_hash.hpp"
#include "model/sha256.hpp"
#include "model/signature.hpp"
#include "storage/blob_files.hpp"
#include "storage/job_store.hpp"
#include "storage/write_session.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <random>

using namespace ingot;
using namespace ingot::testing;
using contents::file_mode;
using contents::object_id;

namespace {

struct file {
  std::string content;
  file_mode mode = file_mode::regular;

  bool operator==(const file&) const = default;
};
using tree = std::map<std::string, file>;

std::vector<contents::tree_entry> entries_of(const tree& files) {
  auto out = std::vector<contents::tree_entry>{};
  for (const auto& [path, x] : files)
    out.push_back({path, x.mode, contents::id_of_blob(x.content), x.mode == file_mode::submodule ? 0 : x.content.size()});
  return out;
}

/// A provider without a network: one repository whose commits a test makes.
struct fake_repository {
  std::map<object_id, tree> commits;
  std::map<object_id, object_id> trees; ///< of commits
  std::map<std::string, object_id> branches;
  bool is_empty = true, is_private = false;
  std::vector<std::string> fetched;           ///< ids, in order
  std::map<std::string, std::string> objects; ///< of LFS, by id
  std::uint64_t objects_fetched = 0;
  std::uint64_t observed = 0, not_modified = 0, resolved = 0;
  std::function<void(const std::string& step)> on; ///< may throw

  object_id commit(const tree& files, const std::string& branch = "main") {
    auto hash = contents::tree_hash{};
    for (const auto& x : entries_of(files))
      hash.add(x);
    const auto root = hash.finish();
    const auto id = contents::id_of_blob("commit " + std::to_string(commits.size()) + root.hex());
    commits[id] = files;
    trees[id] = root;
    branches[branch] = id;
    is_empty = false;
    return id;
  }
};

class fake_remote final : public contents::remote {
public:
  fake_remote(fake_repository& of, contents::place where) : of_{of}, where_{std::move(where)} {}

  contents::observation observe(const contents::known_state& known) override {
    step("observe");
    ++of_.observed;
    auto out = contents::observation{};
    out.what = contents::description{77, "octo", "hello", "main", of_.is_private, false};
    if (of_.is_empty) {
      out.state = contents::observation::head::empty;
      return out;
    }
    const auto at = of_.branches.find(where_.branch.empty() ? "main" : where_.branch);
    if (at == of_.branches.end()) {
      out.state = contents::observation::head::absent;
      return out;
    }
    out.etag = "etag-" + at->second.hex();
    out.at = {at->second, of_.trees[at->second], at->first};
    out.state = known.synced && known.synced->commit == at->second ? contents::observation::head::unchanged
                                                                   : contents::observation::head::moved;
    of_.not_modified += known.etag == out.etag ? 1 : 0;
    return out;
  }

  contents::revision resolve(const object_id& commit, const object_id& tree_id) override {
    ++of_.resolved;
    return {commit, tree_id, where_.branch.empty() ? "main" : where_.branch};
  }

  void list(const contents::revision& at, const entry_sink& into) override {
    step("list");
    for (auto& x : entries_of(of_.commits.at(at.commit)))
      into(std::move(x));
  }

  std::vector<unavailable> fetch(const contents::revision& at, std::span<const contents::wanted_blob> wanted, std::uint64_t,
                                 contents::blob_sink& into) override {
    auto out = std::vector<unavailable>{};
    for (const auto& x : wanted) {
      step("fetch");
      const auto& content = of_.commits.at(at.commit).at(x.path).content;
      if (content.starts_with("gone")) {
        out.push_back({x, "gone"});
        continue;
      }
      of_.fetched.push_back(x.id.hex());
      into.begin(x, content.size());
      into.write(std::string_view{content}.substr(0, content.size() / 2));
      into.write(std::string_view{content}.substr(content.size() / 2));
      if (!into.end())
        throw std::logic_error{"a blob of another id"};
    }
    return out;
  }

  std::vector<unavailable_object> fetch_lfs(std::span<const contents::lfs_pointer> wanted, contents::lfs_sink& into) override {
    step("fetch_lfs");
    auto out = std::vector<unavailable_object>{};
    for (const auto& x : wanted) {
      const auto found = of_.objects.find(x.oid);
      if (found == of_.objects.end()) {
        out.push_back({x, "there is none"});
      } else if (into.granted(x)) {
        ++of_.objects_fetched;
        into.begin(x);
        into.write(found->second);
        CHECK(into.end());
      }
    }
    return out;
  }

  void mark_synced(const contents::revision&) override {}
  const contents::sync_cost& cost() const override { return cost_; }

private:
  void step(const std::string& name) const {
    if (of_.on)
      of_.on(name);
  }

  fake_repository& of_;
  contents::place where_;
  contents::sync_cost cost_;
};

struct fake_provider final : contents::provider {
  explicit fake_provider(fake_repository& of_) : of{of_} {}
  std::unique_ptr<contents::remote> open(const contents::place& where, contents::urgency) override {
    return std::make_unique<fake_remote>(of, where);
  }
  fake_repository& of;
};

struct following {
  testing::database db;
  testing::temporary_folder folder;
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;
  fake_repository remote;
  timestamp push_time = *parse_rfc3339("2026-11-22T11:00:00Z"); ///< of the next push
  std::unique_ptr<storage::job_store> jobs = storage::open_job_store(db.url(), db.settings());

  following() {
    context.now = [] { return *parse_rfc3339("2026-11-22T12:00:00Z"); };
    context.chance = [] { return 0.5; };
    context.open_content_store = [this] { return storage::open_content_store(db.url(), db.settings()); };
    context.blobs = storage::open_blob_files(folder.path() / "blobs", 3);
    context.providers["github"] = std::make_shared<fake_provider>(remote);
    db.sql("INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, default_branch) "
           "VALUES ('ada', 'github', 'octo', 'hello', 77, 'main')");
  }

  /// Enqueues the order, claims and runs its job as JOBS would. @returns how it ended
  job_outcome sync(contents::sync_order order = {}) {
    order.repository_id = 1;
    enqueue(order);
    return run();
  }

  void enqueue(const contents::sync_order& order) { context.open_content_store()->enqueue({&order, 1}); }

  job_outcome run() {
    const auto kinds = std::vector<storage::job_quota>{{contents::content_sync_kind, 1}};
    const auto turn = jobs->turn({}, kinds, 1, std::chrono::seconds{30});
    if (turn.claimed.empty())
      return job_failed_for_good{"no job was due"};
    auto end = sync_contents(turn.claimed.front(), context);
    if (!std::holds_alternative<job_completed_already>(end)) {
      const auto judged = judge(turn.claimed.front(), end, job_policy{.attempts_max = 100, .backoff_base = milliseconds{0}}, 1);
      jobs->turn({&judged, 1}, kinds, 0, std::chrono::seconds{30});
    }
    return end;
  }

  contents::sync_order push(const object_id& before, const object_id& after, const std::string& branch = "main") {
    auto x = contents::sync_order{1, contents::urgency::webhook, false, {}};
    x.push =
        contents::push_news{branch, before, after, remote.trees.contains(after) ? remote.trees[after] : object_id{}, push_time};
    push_time += std::chrono::seconds{1};
    return x;
  }

  /// What rows and blobs say the files are.
  tree stored() {
    auto out = tree{};
    auto link = db.connect();
    auto tx = pqxx::work{link->raw()};
    for (const auto& row :
         tx.exec("SELECT f.path, f.mode, COALESCE(b.key, ''), f.skipped, f.sha FROM repository_files f LEFT JOIN "
                 "content_blobs b ON b.sha = f.sha AND f.skipped IS NULL")) {
      auto x = file{{}, static_cast<file_mode>(row[1].as<std::uint32_t>())};
      if (!row[3].is_null())
        x.content = "(" + row[3].as<std::string>() + ")";
      else if (const auto reader = context.blobs->read(row[2].as<std::string>()))
        for (auto piece = reader->read(100); !piece.empty(); piece = reader->read(100))
          x.content += piece;
      if (row[3].is_null() && contents::id_of_blob(x.content).hex() != row[4].as<std::string>())
        x.content = "(other bytes)";
      out[row[0].as<std::string>()] = x;
    }
    return out;
  }

  /// What must hold at any time.
  std::string broken_rule() {
    return db.sql(
        "SELECT string_agg(x, ', ') FROM ("
        "SELECT 'refs of ' || b.sha AS x FROM content_blobs b WHERE b.refs <> (SELECT count(*) FROM repository_files f "
        "WHERE f.sha = b.sha AND f.skipped IS NULL) + (SELECT count(*) FROM repository_lfs_objects o WHERE o.sha = b.sha) "
        "UNION ALL SELECT 'no content of ' || o.oid FROM repository_lfs_objects o WHERE NOT EXISTS (SELECT FROM "
        "content_blobs b WHERE b.sha = o.sha) UNION ALL "
        "SELECT 'no content of ' || f.path FROM repository_files f WHERE f.skipped IS NULL AND NOT EXISTS (SELECT FROM "
        "content_blobs "
        "b WHERE b.sha = f.sha) UNION ALL "
        "SELECT 'unreferenced_at of ' || b.sha FROM content_blobs b WHERE (b.refs = 0) <> (b.unreferenced_at IS NOT "
        "NULL)) rules");
  }
};

const auto first = tree{{"a.txt", {"one\n"}}, {"b/c.txt", {"two\n"}}, {"b/run", {"#!/bin/sh\n", file_mode::executable}}};

const auto whole = contents::sync_order{1, contents::urgency::manual, true, {}};

} // namespace

TEST_CASE_METHOD(following, "a first sync stores every file, and says what it added") {
  const auto head = remote.commit(first);
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(stored() == first);
  CHECK(broken_rule() == "NULL");
  CHECK(remote.fetched.size() == 3);
  CHECK(db.sql("SELECT string_agg(path || ' ' || change || ' ' || processed, ', ' ORDER BY ordinal) FROM content_changes") ==
        "a.txt added false, b/c.txt added false, b/run added false");
  CHECK(db.sql("SELECT state || ' ' || complete || ' ' || added || ' ' || commit_sha || ' ' || feed FROM content_syncs") ==
        "succeeded true 3 " + head.hex() + " 1");
  CHECK(db.sql("SELECT last_commit_sha || ' ' || last_branch || ' ' || etag || ' ' || files || ' ' || complete FROM "
               "provider_repositories") == head.hex() + " main etag-" + head.hex() + " 3 true");
  CHECK(db.sql("SELECT state || ' ' || (result ->> 'outcome') FROM jobs") == "succeeded synced");
}

TEST_CASE_METHOD(following, "an unchanged repository is looked at once, and nothing of it is written anew") {
  remote.commit(first);
  sync();
  const auto rows = "SELECT string_agg(ctid::text || xmin, ',' ORDER BY path) FROM repository_files";
  const auto before = db.sql(rows);
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(remote.not_modified == 1);
  CHECK(db.sql(rows) == before);
  CHECK(db.sql("SELECT count(*) FROM content_syncs") == "1");
  CHECK(db.sql("SELECT result ->> 'outcome' FROM jobs ORDER BY id DESC LIMIT 1") == "unchanged");
}

TEST_CASE_METHOD(following, "a push in order is believed, and only blobs that are missing are fetched") {
  const auto a = remote.commit(first);
  sync();
  auto next = first;
  next["a.txt"].content = "two\n"; // known from b/c.txt
  next["new"].content = "three\n";
  next.erase("b/run");
  const auto b = remote.commit(next);
  remote.fetched.clear();
  remote.observed = 0;
  REQUIRE(std::holds_alternative<job_completed_already>(sync(push(a, b))));
  CHECK(remote.observed == 0);
  CHECK(remote.fetched == std::vector<std::string>{contents::id_of_blob("three\n").hex()});
  CHECK(stored() == next);
  CHECK(broken_rule() == "NULL");
  CHECK(db.sql("SELECT string_agg(path || ' ' || change, ', ' ORDER BY ordinal) FROM content_changes WHERE sync_id = 2") ==
        "a.txt modified, b/run removed, new added");
}

TEST_CASE_METHOD(following, "push after push is believed, and says which branch it was") {
  auto files = first;
  auto head = remote.commit(files);
  sync();
  remote.observed = 0;
  for (auto i = 0; i < 3; ++i) {
    files["n"].content = std::to_string(i);
    const auto next = remote.commit(files);
    sync(push(std::exchange(head, next), next));
    CHECK(db.sql("SELECT last_commit_sha || ' ' || last_branch FROM provider_repositories") == next.hex() + " main");
  }
  CHECK(remote.observed == 0);
}

TEST_CASE_METHOD(following, "law 9: a user's private repository is not read with the node's own token") {
  remote.commit(first);
  remote.is_private = true;
  CHECK(std::holds_alternative<job_succeeded>(sync()));
  CHECK(stored().empty());
  CHECK(db.sql("SELECT state FROM provider_repositories") == "forbidden");
  db.sql("UPDATE provider_repositories SET user_id = ''");
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(stored() == first);
}

TEST_CASE_METHOD(following, "law 4: pushes that arrive in the wrong order, late or twice never bring an older state back") {
  const auto a = remote.commit(first);
  sync();
  auto second = first, third = first;
  second["x"].content = "2";
  third["x"].content = "3";
  const auto b = remote.commit(second);
  const auto c = remote.commit(third);
  for (const auto& order : {push(b, c), push(a, b), push(b, c), push(a, b)}) {
    REQUIRE(std::holds_alternative<job_completed_already>(sync(order)));
    CHECK(stored() == third);
  }
  CHECK(db.sql("SELECT last_commit_sha FROM provider_repositories") == c.hex());
  CHECK(db.sql("SELECT count(*) FROM content_syncs") == "2");
}

TEST_CASE_METHOD(following, "law 4: a push that fits, but was made before one that has been looked at, is not believed") {
  const auto a = remote.commit(first);
  sync();
  auto second = first;
  second["x"].content = "2";
  const auto b = remote.commit(second, "elsewhere");
  const auto there = push(a, b);                                       // lost for now
  sync(push(b, a));                                                    // and back again
  REQUIRE(std::holds_alternative<job_completed_already>(sync(there))); // redelivered
  CHECK(stored() == first);
  CHECK(db.sql("SELECT last_commit_sha FROM provider_repositories") == a.hex());
}

TEST_CASE_METHOD(following, "law 9: what was forbidden for being private stays so, whatever push or look comes") {
  const auto a = remote.commit(first);
  sync();
  remote.is_private = true;
  db.sql("UPDATE provider_repositories SET state = 'forbidden'");
  auto next = first;
  next["secret"].content = "1";
  sync(push(a, remote.commit(next)));
  CHECK(stored() == first);
  sync();
  CHECK(stored() == first);
  CHECK(db.sql("SELECT state FROM provider_repositories") == "forbidden");
  remote.is_private = false;
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(stored() == next);
  CHECK(db.sql("SELECT state FROM provider_repositories") == "active");
}

TEST_CASE_METHOD(following, "a part that is not there is no repository that is gone, and the next attempt asks anew") {
  const auto a = remote.commit(first);
  sync();
  auto next = first;
  next["x"].content = "1";
  const auto b = remote.commit(next);
  remote.on = [&](const std::string& step) {
    if (step == "list")
      throw contents::provider_error{contents::trouble::gone, "no such tree"};
  };
  CHECK(std::holds_alternative<job_failed_for_now>(sync(push(a, b))));
  CHECK(db.sql("SELECT state FROM provider_repositories") == "active");
  remote.on = {};
  remote.observed = 0;
  REQUIRE(std::holds_alternative<job_completed_already>(run()));
  CHECK(remote.observed == 1);
  CHECK(stored() == next);
}

TEST_CASE_METHOD(following, "a push to a branch that waits behind another is not believed: the newest state is asked for once") {
  const auto a = remote.commit(first);
  sync();
  auto next = first;
  next["x"].content = "2";
  const auto b = remote.commit(next);
  next["x"].content = "3";
  const auto c = remote.commit(next);
  enqueue(push(a, b));
  enqueue(push(b, c));
  run();
  CHECK(db.sql("SELECT last_commit_sha FROM provider_repositories") == c.hex());
  CHECK(std::holds_alternative<job_completed_already>(run()));
  CHECK(db.sql("SELECT count(*) FROM content_syncs") == "2");
}

TEST_CASE_METHOD(following, "a forced push, a mode that changes, a link, a submodule and an empty tree are followed") {
  sync(); // nothing there yet
  CHECK(db.sql("SELECT complete || ' ' || files FROM provider_repositories") == "true 0");
  remote.commit(first);
  sync();
  auto other = tree{{"a.txt", {"one\n", file_mode::executable}},
                    {"link", {"a.txt", file_mode::symbolic_link}},
                    {"sub", {"a commit", file_mode::submodule}}};
  remote.commit(other);
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  other["sub"].content = "(submodule)";
  CHECK(stored() == other);
  CHECK(broken_rule() == "NULL");
  remote.commit({});
  sync();
  CHECK(stored().empty());
  CHECK(broken_rule() == "NULL");
}

TEST_CASE_METHOD(following, "patterns, sizes and binary files choose what is stored, and a change of them lists anew") {
  auto all = first;
  all["large"].content = std::string(5'000, 'x');
  all["picture"].content = std::string("\0\1\2", 3);
  remote.commit(all);
  db.sql("UPDATE provider_repositories SET exclude_patterns = '{b/}', file_bytes_max = 4000, skip_binary = TRUE");
  sync();
  CHECK(stored() == tree{{"a.txt", {"one\n"}}, {"large", {"(too_large)"}}, {"picture", {"(binary)"}}});
  CHECK(broken_rule() == "NULL");
  remote.fetched.clear();
  sync(whole);
  CHECK(remote.fetched.empty()); // what was skipped for being binary is known to be so
  db.sql("UPDATE provider_repositories SET exclude_patterns = '{}', file_bytes_max = NULL, skip_binary = FALSE");
  sync();
  CHECK(stored() == all);
  CHECK(broken_rule() == "NULL");
}

TEST_CASE_METHOD(following, "a content that cannot be had leaves the rest stored and the repository incomplete") {
  auto some = first;
  some["lost"].content = "gone for ever";
  remote.commit(some);
  sync();
  some["lost"].content = "(unavailable)";
  CHECK(stored() == some);
  CHECK(db.sql("SELECT complete FROM provider_repositories") == "f");
  CHECK(db.sql("SELECT complete || ' ' || skipped FROM content_syncs") == "false 1");
}

TEST_CASE_METHOD(following, "law 2 and law 6: an attempt that fails halfway is told, and the next one fetches only the rest") {
  auto many = tree{};
  for (auto i = 0; i < 20; ++i)
    many["f" + std::to_string(i)].content = std::to_string(i);
  remote.commit(many);
  auto steps = 0;
  remote.on = [&](const std::string& step) {
    if (step == "fetch" && ++steps == 8)
      throw contents::provider_error{contents::trouble::transient, "cut"};
  };
  CHECK(std::holds_alternative<job_failed_for_now>(sync()));
  CHECK(db.sql("SELECT last_error || ' ' || retry_count FROM provider_repositories") == "cut 1");
  CHECK(db.sql("SELECT state || ' ' || error FROM content_syncs") == "failed cut");
  CHECK(stored().empty());
  remote.on = {};
  REQUIRE(std::holds_alternative<job_completed_already>(run()));
  CHECK(stored() == many);
  CHECK(remote.fetched.size() == 20); // none twice
  CHECK(db.sql("SELECT count(*) || ' ' || min(state) FROM content_syncs") == "1 succeeded");
  CHECK(db.sql("SELECT retry_count || ' ' || COALESCE(last_error, '-') FROM provider_repositories") == "0 -");
}

TEST_CASE_METHOD(following, "a listing that is not the tree is not believed") {
  const auto head = remote.commit(first);
  remote.trees[head] = contents::id_of_tree("something else");
  const auto end = sync();
  REQUIRE(std::holds_alternative<job_failed_for_now>(end));
  CHECK(stored().empty());
}

TEST_CASE_METHOD(following, "GitHub's troubles: gone and forbidden are states, a limit puts the job off, the rest is an error") {
  remote.commit(first);
  sync();
  const auto with = [&](contents::trouble kind, std::optional<timestamp> at = {}) {
    remote.on = [=](const std::string&) { throw contents::provider_error{kind, "said so", at}; };
    return sync();
  };
  CHECK(std::holds_alternative<job_succeeded>(with(contents::trouble::gone)));
  CHECK(db.sql("SELECT state || ' ' || state_reason FROM provider_repositories") == "gone said so");
  CHECK(stored() == first); // what was stored stays
  CHECK(std::holds_alternative<job_succeeded>(with(contents::trouble::forbidden)));
  CHECK(db.sql("SELECT state FROM provider_repositories") == "forbidden");
  CHECK(std::holds_alternative<job_failed_for_good>(with(contents::trouble::permanent)));
  const auto later = context.now() + std::chrono::minutes{20};
  const auto end = with(contents::trouble::rate_limited, later);
  REQUIRE(std::holds_alternative<job_put_off>(end));
  CHECK(std::get<job_put_off>(end).delay == std::chrono::minutes{20});
  CHECK(db.sql("SELECT attempts || ' ' || state FROM jobs ORDER BY id DESC LIMIT 1") == "0 pending");
  CHECK(db.sql("SELECT rate_limit_reset_at = '2026-11-22T12:20:00Z' FROM provider_repositories") == "t");
  remote.on = {};
  db.sql("UPDATE jobs SET run_at = now() WHERE state = 'pending'; UPDATE job_lanes SET run_at = now()");
  REQUIRE(std::holds_alternative<job_completed_already>(run()));
  CHECK(db.sql("SELECT state FROM provider_repositories") == "active");
}

TEST_CASE_METHOD(following, "a branch that is not there keeps what was stored, and a push brings it back") {
  const auto a = remote.commit(first);
  sync();
  remote.branches.erase("main");
  const auto end = sync(push(a, object_id{}));
  REQUIRE(std::holds_alternative<job_succeeded>(end));
  CHECK(stored() == first);
  CHECK(db.sql("SELECT last_error FROM provider_repositories") == "it has no branch main");
  const auto b = remote.commit({{"z", {"back"}}});
  sync(push(object_id{}, b));
  CHECK(stored() == tree{{"z", {"back"}}});
}

TEST_CASE_METHOD(following, "contents that the sweep takes while they are about to be referred to are fetched again") {
  remote.commit(first);
  auto swept = false;
  remote.on = [&](const std::string& step) {
    if (step == "fetch" && !std::exchange(swept, true))
      db.sql("INSERT INTO content_blobs (sha, size, key, mime_type, is_binary) VALUES ('" +
             contents::id_of_blob("later\n").hex() + "', 6, 'nowhere', 'text/plain', FALSE)");
  };
  sync();
  auto next = first;
  next["later"].content = "later\n"; // known, so it is not asked for
  next["more"].content = "more\n";
  remote.commit(next);
  remote.on = [&](const std::string& step) {
    if (step == "fetch")
      db.sql("DELETE FROM content_blobs WHERE refs = 0 AND key = 'nowhere'");
  };
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(stored() == next);
  CHECK(broken_rule() == "NULL");
}

TEST_CASE_METHOD(following, "law 12: a node whose lease was taken over changes nothing") {
  remote.commit(first);
  remote.on = [&](const std::string& step) {
    if (step == "list")
      db.sql("UPDATE jobs SET lease_token = gen_random_uuid()");
  };
  CHECK_FALSE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(stored().empty());
  CHECK(db.sql("SELECT count(*) FROM content_changes") == "0");
}

TEST_CASE_METHOD(following, "any sequence of trees ends in the files of the last one, over failures at any step") {
  auto random = std::mt19937{20261122};
  const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
  remote.on = [&](const std::string&) {
    if (pick(6) == 0)
      throw contents::provider_error{contents::trouble::transient, "now and then"};
  };
  auto files = first;
  for (auto round = 0; round < 25; ++round) {
    for (auto i = pick(5); i < 5; ++i) {
      const auto path = (pick(2) == 0 ? "d" + std::to_string(pick(3)) + "/f" : "g") + std::to_string(pick(8));
      if (pick(3) == 0)
        files.erase(path);
      else
        files[path] = {std::to_string(pick(12)), pick(4) == 0 ? file_mode::executable : file_mode::regular};
    }
    remote.commit(files);
    for (auto end = sync(); !std::holds_alternative<job_completed_already>(end); end = run()) {
    }
    INFO(round);
    REQUIRE(stored() == files);
    REQUIRE(broken_rule() == "NULL");
  }
  CHECK(remote.fetched.size() == std::set<std::string>(remote.fetched.begin(), remote.fetched.end()).size());
  // The changes, applied one after the other, are the files.
  CHECK(db.sql(
            "SELECT count(*) FROM (SELECT DISTINCT ON (path) path, sha, mode FROM content_changes ORDER BY path, sync_id DESC) c "
            "FULL JOIN repository_files f ON f.path = c.path WHERE (c.sha, c.mode) IS DISTINCT FROM (f.sha, f.mode) AND NOT "
            "(c.sha IS NULL AND f.path IS NULL)") == "0");
}

TEST_CASE_METHOD(following, "the fallback looks at repositories that are due, and orders syncs of those that moved") {
  remote.commit(first);
  sync();
  const auto next_check = "SELECT next_check_at > now() + interval '50 minutes' FROM provider_repositories";
  CHECK(db.sql(next_check) == "t");
  CHECK(storage::enqueue_content_checks(db.url(), db.settings(), 20, 50, std::chrono::hours{1}) == 0);
  const auto due = [&] {
    db.sql("UPDATE provider_repositories SET next_check_at = now()");
    CHECK(storage::enqueue_content_checks(db.url(), db.settings(), 20, 50, std::chrono::hours{1}) == 1);
    const auto kinds = std::vector<storage::job_quota>{{contents::content_check_kind, 1}};
    const auto claimed = jobs->turn({}, kinds, 1, std::chrono::seconds{30}).claimed;
    REQUIRE(claimed.size() == 1);
    const auto end = check_contents(claimed.front(), context);
    const auto judged = judge(claimed.front(), end, job_policy{}, 1);
    jobs->turn({&judged, 1}, kinds, 0, std::chrono::seconds{30});
    return std::holds_alternative<job_succeeded>(end) ? std::get<job_succeeded>(end).result : "not done";
  };
  CHECK(due() == R"({"unchanged":1,"moved":0,"failed":0,"requests":0})");
  CHECK(remote.not_modified == 1);
  CHECK(db.sql(next_check) == "t");
  auto next = first;
  next["x"].content = "1";
  remote.commit(next);
  CHECK(due() == R"({"unchanged":0,"moved":1,"failed":0,"requests":0})");
  run();
  CHECK(stored() == next);
  remote.on = [](const std::string&) { throw contents::provider_error{contents::trouble::transient, "no answer"}; };
  CHECK(due() == R"({"unchanged":0,"moved":0,"failed":1,"requests":0})");
  CHECK(db.sql("SELECT next_retry_at > now() FROM provider_repositories") == "t");
  db.sql("UPDATE provider_repositories SET next_check_at = now()");
  CHECK(storage::enqueue_content_checks(db.url(), db.settings(), 20, 50, std::chrono::hours{1}) == 0);
}

namespace {

/// A pointer file to `content`, which the remote has.
std::string pointer_to(fake_repository& remote, const std::string& content) {
  const auto oid = to_hex(sha256(content));
  remote.objects[oid] = content;
  return "version https://git-lfs.github.com/spec/v1\noid sha256:" + oid + "\nsize " + std::to_string(content.size()) + "\n";
}

} // namespace

TEST_CASE_METHOD(following, "what LFS pointers name is fetched where it is configured, once, and goes with the last pointer") {
  auto files = first;
  files["film.mp4"].content = files["copy.mp4"].content = pointer_to(remote, "moving pictures");
  files["absent.mp4"].content = pointer_to(remote, "lost");
  remote.objects.erase(to_hex(sha256("lost")));
  remote.commit(files);
  sync();
  CHECK(remote.objects_fetched == 0);
  CHECK(db.sql("SELECT complete FROM provider_repositories") == "t");

  db.sql("UPDATE provider_repositories SET fetch_lfs = TRUE");
  REQUIRE(std::holds_alternative<job_completed_already>(sync()));
  CHECK(remote.objects_fetched == 1);
  CHECK(broken_rule() == "NULL");
  CHECK(stored() == files);
  CHECK(db.sql("SELECT oid || ' ' || (sha = '" + contents::id_of_blob("moving pictures").hex() +
               "') FROM repository_lfs_objects") == to_hex(sha256("moving pictures")) + " true");
  CHECK(db.sql("SELECT complete FROM provider_repositories") == "f"); // one could not be had
  sync();
  CHECK(remote.objects_fetched == 1);

  files.erase("absent.mp4");
  files.erase("copy.mp4");
  remote.commit(files);
  sync();
  CHECK(db.sql("SELECT complete FROM provider_repositories") == "t");
  CHECK(db.sql("SELECT count(*) FROM repository_lfs_objects") == "1");
  files.erase("film.mp4");
  remote.commit(files);
  sync();
  CHECK(db.sql("SELECT count(*) FROM repository_lfs_objects") == "0");
  CHECK(broken_rule() == "NULL");
}

TEST_CASE_METHOD(following, "an LFS object that another repository has is nobody's until the provider grants it") {
  auto files = tree{{"film.mp4", {pointer_to(remote, "moving pictures")}}};
  remote.commit(files);
  db.sql("UPDATE provider_repositories SET fetch_lfs = TRUE");
  sync();
  REQUIRE(remote.objects_fetched == 1);
  db.sql("INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, default_branch, fetch_lfs) "
         "VALUES ('eve', 'github', 'eve', 'hello', 78, 'main', TRUE)");
  const auto theirs = [&] {
    auto order = contents::sync_order{};
    order.repository_id = 2;
    order.full = true;
    enqueue(order);
    REQUIRE(std::holds_alternative<job_completed_already>(run()));
    return db.sql("SELECT count(*) FROM repository_lfs_objects WHERE repository_id = 2");
  };
  const auto held = std::exchange(remote.objects, {});
  CHECK(theirs() == "0");
  remote.objects = held;
  CHECK(theirs() == "1");
  CHECK(remote.objects_fetched == 1); // granted, and not fetched again
  CHECK(broken_rule() == "NULL");
}

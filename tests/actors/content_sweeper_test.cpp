#include "actors/content_sweeper.hpp"
#include "storage/blob_files.hpp"
#include "storage/content_sweep.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <filesystem>
#include <thread>

using namespace ingot;
using namespace ingot::testing;

namespace fs = std::filesystem;

namespace {

std::string sha_of(int i) {
  auto digits = std::to_string(i);
  return std::string(40 - digits.size(), 'a') + digits;
}

struct sweeping {
  testing::database db;
  testing::temporary_folder folder;
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;

  sweeping() {
    context.config.blobs.grace = std::chrono::hours{24};
    context.now = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); };
    context.open_connection = [this] { return db.connect(); };
    context.blobs = storage::open_blob_files(folder.path() / "blobs", 3);
  }

  static std::string key_of(int i) { return sha_of(i) + "." + std::to_string(i); }

  void object(const std::string& key, std::chrono::hours age = std::chrono::hours{48}) {
    const auto writer = context.blobs->write();
    writer->write("bytes of " + key);
    writer->commit(key);
    fs::last_write_time(folder.path() / "blobs" / key.substr(0, 2) / key, fs::file_time_type::clock::now() - age);
  }

  /// A content, stored, that nobody has referred to for so many hours; with `refs` it is referred to.
  void content(int i, int hours, int refs = 0) {
    object(key_of(i));
    db.sql("INSERT INTO content_blobs (sha, size, key, mime_type, is_binary, refs, unreferenced_at) VALUES ('" + sha_of(i) +
           "', 1, '" + key_of(i) + "', 'text/plain', FALSE, " + std::to_string(refs) + ", " +
           (refs > 0 ? "NULL" : "now() - interval '" + std::to_string(hours) + " hours'") + ")");
  }

  std::string repository(int id, const std::string& state = "active") {
    return db.sql("INSERT INTO provider_repositories (id, user_id, provider, owner, name, external_id, state) VALUES (" +
                  std::to_string(id) + ", 'ada', 'github', 'octo', 'r" + std::to_string(id) + "', " + std::to_string(id) + ", '" +
                  state + "')");
  }

  void file(int repository_id, const std::string& path, int of) {
    db.sql("INSERT INTO repository_files VALUES (" + std::to_string(repository_id) + ", '" + path + "', '" + sha_of(of) +
           "', 33188, 1, NULL, 1); UPDATE content_blobs SET refs = refs + 1, unreferenced_at = NULL WHERE sha = '" + sha_of(of) +
           "'");
  }

  /// @returns what the sweep came to, as its job shows it
  std::string sweep(bool orphans = false) {
    const auto job = claimed_job{{1, "token", storage::blob_sweep_kind},
                                 storage::blob_sweep_kind,
                                 orphans ? R"({"orphans":true})" : R"({"orphans":false})",
                                 "",
                                 1};
    const auto end = sweep_contents(job, context);
    const auto* done = std::get_if<job_succeeded>(&end);
    return done != nullptr ? done->result : std::get<job_failed_for_now>(end).error;
  }

  bool has(int i) const { return context.blobs->read(key_of(i)) != nullptr; }
  std::string known() { return db.sql("SELECT COALESCE(string_agg(right(sha, 1), '' ORDER BY sha), '') FROM content_blobs"); }
};

} // namespace

TEST_CASE_METHOD(sweeping, "a content that nobody has referred to for the grace is swept, row and object") {
  content(1, 25);
  content(2, 23);
  content(3, 0, 1);
  CHECK(sweep() == R"({"files":0,"contents":1,"objects":1,"orphans":0,"syncs":0})");
  CHECK(known() == "23");
  CHECK_FALSE(has(1));
  CHECK(has(2));
  CHECK(has(3));
  CHECK(db.sql("SELECT count(*) FROM content_garbage") == "0");
  CHECK(sweep() == R"({"files":0,"contents":0,"objects":0,"orphans":0,"syncs":0})");
}

TEST_CASE_METHOD(sweeping, "a sweep that ended between its steps is gone on with") {
  content(1, 25);
  content(2, 25);
  auto link = db.connect();
  // Killed before the objects went, and once more after one of them went.
  CHECK(storage::sweep_unreferenced(*link, std::chrono::hours{24}, 10) == 2);
  context.blobs->remove(key_of(1));
  CHECK(sweep() == R"({"files":0,"contents":0,"objects":2,"orphans":0,"syncs":0})");
  CHECK_FALSE(has(2));
  CHECK(db.sql("SELECT count(*) FROM content_garbage") == "0");
}

TEST_CASE_METHOD(sweeping, "a content that is stored anew while a sweep is paused keeps its new object") {
  content(1, 25);
  auto link = db.connect();
  CHECK(storage::sweep_unreferenced(*link, std::chrono::hours{24}, 10) == 1);
  const auto again = sha_of(1) + ".77";
  object(again);
  db.sql("INSERT INTO content_blobs (sha, size, key, mime_type, is_binary, refs, unreferenced_at) VALUES ('" + sha_of(1) +
         "', 1, '" + again + "', 'text/plain', FALSE, 1, NULL)");
  sweep(true);
  CHECK(context.blobs->read(again) != nullptr);
  CHECK_FALSE(has(1));
}

TEST_CASE_METHOD(sweeping, "a sweep passes over a content that a sync has in hand, and over one that it refers to again") {
  content(1, 25);
  content(2, 25);
  auto sync = db.connect();
  {
    auto tx = pqxx::work{sync->raw()};
    tx.exec("SELECT FROM content_blobs WHERE sha = '" + sha_of(1) + "' FOR UPDATE");
    CHECK(sweep() == R"({"files":0,"contents":1,"objects":1,"orphans":0,"syncs":0})");
    tx.exec("UPDATE content_blobs SET refs = 1, unreferenced_at = NULL WHERE sha = '" + sha_of(1) + "'");
    tx.commit();
  }
  CHECK(sweep() == R"({"files":0,"contents":0,"objects":0,"orphans":0,"syncs":0})");
  CHECK(has(1));
  CHECK(known() == "1");
}

TEST_CASE_METHOD(sweeping, "objects that no row names are removed once they are old, and no others") {
  content(1, 0, 1);
  object(sha_of(5) + ".5");
  object(sha_of(6) + ".6", std::chrono::hours{23});
  object(sha_of(1) + ".99"); // a second object of a content that another sync was faster to keep
  CHECK(sweep() == R"({"files":0,"contents":0,"objects":0,"orphans":0,"syncs":0})");
  CHECK(sweep(true) == R"({"files":0,"contents":0,"objects":0,"orphans":2,"syncs":0})");
  CHECK(has(1));
  CHECK(context.blobs->read(sha_of(6) + ".6") != nullptr);
  CHECK(context.blobs->read(sha_of(5) + ".5") == nullptr);
  // However short the grace, an object of a sync that runs is none.
  context.config.blobs.grace = milliseconds{0};
  object(sha_of(7) + ".7", std::chrono::hours{0});
  CHECK(sweep(true) == R"({"files":0,"contents":0,"objects":0,"orphans":1,"syncs":0})");
  CHECK(context.blobs->read(sha_of(7) + ".7") != nullptr);
}

TEST_CASE_METHOD(sweeping, "files of a repository that was given up go with their references, then its row") {
  repository(1, "removed");
  repository(2);
  for (auto i = 1; i <= 3; ++i)
    content(i, 0);
  file(1, "a", 1);
  file(1, "b", 1);
  file(1, "c", 2);
  file(2, "c", 2);
  file(2, "d", 3);
  db.sql("INSERT INTO repository_files VALUES (1, 'sub', 'commit', 57344, 0, 'submodule', 1)");
  for (const auto i : {1, 2, 3}) // an object of Git LFS each, one shared with the other repository's file
    db.sql("INSERT INTO repository_lfs_objects VALUES (1, 'oid" + std::to_string(i) + "', '" + sha_of(i) +
           "'); UPDATE content_blobs SET refs = refs + 1, unreferenced_at = NULL WHERE sha = '" + sha_of(i) + "'");
  auto link = db.connect();
  // In steps, of which each leaves the references right.
  auto steps = 0;
  for (auto step = storage::sweep_removed_repository(*link, 2); step.more;
       step = storage::sweep_removed_repository(*link, 2), ++steps)
    CHECK(db.sql("SELECT count(*) FROM content_blobs b WHERE b.refs <> (SELECT count(*) FROM repository_files f WHERE f.sha = "
                 "b.sha AND "
                 "f.skipped IS NULL) + (SELECT count(*) FROM repository_lfs_objects o WHERE o.sha = b.sha)") == "0");
  CHECK(steps == 4); // files twice, objects twice
  CHECK(db.sql("SELECT string_agg(right(sha, 1) || ':' || refs || ':' || (unreferenced_at IS NULL), ' ' ORDER BY sha) FROM "
               "content_blobs") == "1:0:false 2:1:true 3:1:true");
  CHECK(db.sql("SELECT string_agg(id::text, ',') FROM provider_repositories") == "2");
  CHECK(db.sql("SELECT count(*) FROM repository_files") == "2");
  CHECK(db.sql("SELECT count(*) FROM repository_lfs_objects") == "0");
  CHECK(sweep() == R"({"files":0,"contents":0,"objects":0,"orphans":0,"syncs":0})");
}

TEST_CASE_METHOD(sweeping, "old syncs go with their changes, but for the newest of each repository") {
  repository(1);
  repository(2);
  db.sql("INSERT INTO content_syncs (id, repository_id, job_id, trigger, state, finished_at, feed) VALUES "
         "(1, 1, 1, 'manual', 'succeeded', now() - interval '100 days', 1), (2, 1, 2, 'manual', 'succeeded', now() - interval "
         "'95 days', 2), "
         "(3, 1, 3, 'manual', 'failed', now() - interval '91 days', NULL), (4, 2, 4, 'manual', 'succeeded', now() - interval '99 "
         "days', 3), "
         "(5, 3, 5, 'manual', 'succeeded', now() - interval '99 days', 4), (6, 2, 6, 'manual', 'running', NULL, NULL);"
         "INSERT INTO content_changes (sync_id, ordinal, repository_id, path, change) "
         "SELECT s, i, 1, 'p' || i, 'added' FROM generate_series(1, 5) s, generate_series(1, 700) i");
  CHECK(sweep().ends_with(R"("syncs":2804})")); // 2,800 changes and, in a step of its own, 4 syncs
  CHECK(db.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM content_syncs") == "3,6");
  CHECK(db.sql("SELECT string_agg(DISTINCT sync_id::text, ',') FROM content_changes") == "3");
}

TEST_CASE_METHOD(sweeping, "sweeps and syncs at the same time lose no content that is referred to") {
  for (auto i = 1; i <= 9; ++i)
    content(i, 25);
  auto wrong = std::string{};
  {
    const auto syncing = std::jthread{[&] {
      try {
        auto link = db.connect();
        for (auto round = 0; round < 200; ++round) {
          // As a sync does: locks in the order of ids, refers to what is still there.
          auto tx = pqxx::work{link->raw()};
          const auto sha = sha_of(1 + round % 9);
          tx.exec("SELECT FROM content_blobs WHERE sha = '" + sha + "' FOR UPDATE");
          tx.exec("UPDATE content_blobs SET refs = 1, unreferenced_at = NULL WHERE sha = '" + sha + "'");
          tx.exec("INSERT INTO repository_files SELECT 1, sha, sha, 33188, 1, NULL, 1 FROM content_blobs WHERE sha = '" + sha +
                  "' ON CONFLICT DO NOTHING");
          tx.commit();
        }
      } catch (const std::exception& e) {
        wrong = e.what();
      }
    }};
    for (auto i = 0; i < 20; ++i)
      sweep(true);
  }
  CHECK(wrong == "");
  CHECK(db.sql("SELECT count(*) FROM repository_files f WHERE NOT EXISTS (SELECT FROM content_blobs b WHERE b.sha = f.sha)") ==
        "0");
  for (auto i = 1; i <= 9; ++i)
    CHECK(has(i) == (db.sql("SELECT count(*) FROM content_blobs WHERE sha = '" + sha_of(i) + "'") == "1"));
}

TEST_CASE_METHOD(sweeping, "a blob store that fails fails the attempt, and nothing is forgotten") {
  struct failing final : contents::blob_store {
    std::unique_ptr<contents::blob_writer> write() override { return nullptr; }
    void flush() override {}
    std::unique_ptr<contents::blob_reader> read(const std::string&, std::uint64_t) override { return nullptr; }
    void remove(const std::string&) override { throw contents::blob_store_error{"the disk is gone"}; }
    std::vector<stored> list(const std::string&, std::size_t) override { return {}; }
  };
  content(1, 25);
  context.blobs = std::make_shared<failing>();
  CHECK(sweep().find("the disk is gone") != std::string::npos);
  CHECK(db.sql("SELECT key FROM content_garbage") == key_of(1));
}

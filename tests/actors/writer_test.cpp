#include "actors/reader.hpp"
#include "actors/spool.hpp"
#include "actors/writer.hpp"
#include "storage/sqlite.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/storage/memory_disk.hpp"
#include "tests/telemetry/captured_stderr.hpp"

#include <set>

using namespace ingot;
using namespace ingot::test;

namespace {

/// WRITER, SPOOL (a real file) and READER, driven by hand.
struct writer_fixture : actor_fixture {
  reader_actor prober = sys.spawn(reader, context, false);
  spool_actor spool_handle;
  writer_actor aut;

  void start(bool through_spool = false) {
    spool_handle = sys.spawn(spool, context, prober);
    aut = sys.spawn(writer, context, 0u, spool_handle, through_spool);
    settle();
    self->send(spool_handle, writers_atom_v, std::vector<spool_client>{{"github", aut}});
    settle();
    advance(context->config.database.probe_interval);
  }

  ~writer_fixture() {
    for (auto& x :
         {caf::actor_cast<caf::actor>(aut), caf::actor_cast<caf::actor>(spool_handle), caf::actor_cast<caf::actor>(prober)})
      end(x);
  }

  void commit(const std::string& id, std::int64_t repository = 1) {
    auto group = std::make_shared<repository_group>();
    group->add(push(id, repository));
    group->claim.emplace(context->groups_waiting, 1);
    caf::anon_send(aut, commit_atom_v, std::move(group));
  }

  std::vector<std::string> in_order() const {
    auto ids = std::vector<std::string>{};
    for (const auto& batch : store->commits)
      ids.insert(ids.end(), batch.begin(), batch.end());
    return ids;
  }
};

struct disk_under_spool {
  ingot::testing::memory_disk disk;
};

/// Its disk outlives the actors.
struct failing_disk_fixture : disk_under_spool, writer_fixture {};

} // namespace

TEST_CASE_METHOD(writer_fixture, "what has arrived before the flush is one transaction") {
  start();
  commit("a");
  commit("b", 2);
  commit("c", 3);
  settle();
  CHECK(store->commits == std::vector<std::vector<std::string>>{{"a", "b", "c"}});
  CHECK(answered == answers{"a stored", "b stored", "c stored"});
}

TEST_CASE_METHOD(writer_fixture, "law 1: nobody is answered before the commit has returned") {
  start();
  auto commits = 0;
  store->on_commit = [&] {
    ++commits;
    CHECK(answered.empty());
  };
  commit("a");
  settle();
  CHECK(commits == 1);
  CHECK(answered == answers{"a stored"});
}

TEST_CASE_METHOD(writer_fixture, "a group waits until it is committed, refused or spooled, or falls with the WRITER") {
  start();
  auto waiting = std::vector<std::size_t>{};
  store->on_commit = [&] { waiting.push_back(context->groups_waiting); };
  commit("a");
  commit("b", 2);
  settle();
  CHECK(waiting == std::vector<std::size_t>{2});
  CHECK(context->groups_waiting == 0);
  store->poison = {"bad"};
  commit("bad");
  settle();
  CHECK(waiting.back() == 1);
  CHECK(context->groups_waiting == 0);
  store->away = true;
  commit("c");
  settle();
  CHECK(waiting.back() == 1);
  CHECK(context->groups_waiting == 0);
  commit("d");
  CHECK(context->groups_waiting == 1);
  self->send_exit(aut, caf::exit_reason::kill);
  settle();
  CHECK(context->groups_waiting == 0);
  CHECK(answered == answers{"a stored", "b stored", "bad refused_by_database", "c stored", "d lost"});
}

TEST_CASE_METHOD(writer_fixture, "JOBS is told of syncs that a commit ordered, and of nothing else") {
  start();
  auto handles = std::make_shared<actor_handles>();
  handles->jobs = caf::actor_cast<jobs_actor>(self);
  context->handles.store(handles);
  commit("a");
  settle();
  CHECK(self->mailbox().empty());
  store->orders_syncs = true;
  commit("b");
  settle();
  REQUIRE_FALSE(self->mailbox().empty());
  self->receive([](hint_atom) {},
                caf::others >> [](caf::message_view&) -> caf::result<caf::message> {
                  FAIL("something else than a hint");
                  return caf::sec::unexpected_message;
                });
  CHECK(self->mailbox().empty());
  context->handles.store(nullptr);
}

TEST_CASE_METHOD(writer_fixture, "law 5: a batch is never larger than its limits") {
  context->config.database.batch_items_max = 3;
  start();
  for (auto i = 0; i < 8; ++i)
    commit(std::to_string(i), i);
  settle();
  CHECK(answered.size() == 8);
  for (const auto& batch : store->commits)
    CHECK(batch.size() <= 3);
}

TEST_CASE_METHOD(writer_fixture, "law 6: one delivery that the database refuses is kept apart, and its batch is stored") {
  start();
  store->poison = {"bad"};
  for (const auto* id : {"a", "b", "bad", "c", "d"})
    commit(id, id[0]);
  settle();
  CHECK(store->failed == std::vector<std::string>{"bad"});
  auto ids = in_order();
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(std::count(answered.begin(), answered.end(), "bad refused_by_database") == 1);
  CHECK(answered.size() == 5);
}

TEST_CASE_METHOD(writer_fixture, "law 6: a refused delivery inside a decided group does not take the group with it") {
  start();
  store->poison = {"bad"};
  auto group = std::make_shared<repository_group>();
  for (const auto* id : {"a", "bad", "b"})
    group->add(push(id, 1));
  group->decided = true;
  caf::anon_send(aut, commit_atom_v, std::move(group));
  settle();
  CHECK(in_order() == std::vector<std::string>{"a", "b"});
  CHECK(store->failed == std::vector<std::string>{"bad"});
}

TEST_CASE_METHOD(writer_fixture,
                 "law 1: while the database is away senders are answered from the spool, and it drains in order") {
  start();
  commit("a");
  settle();
  store->away = true;
  for (const auto* id : {"b", "c"})
    commit(id);
  settle();
  commit("d");
  settle();
  CHECK(answered == answers{"a stored", "b stored", "c stored", "d stored"});
  CHECK(context->database == database_state::away);
  CHECK(context->spool_depth == 3);
  store->away = false;
  advance(context->config.database.probe_interval);
  CHECK(in_order() == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(context->spool_depth == 0);
  CHECK(context->database == database_state::direct);
  commit("e");
  settle();
  CHECK(in_order().back() == "e");
  CHECK(context->spool_depth == 0);
}

TEST_CASE_METHOD(writer_fixture, "law 3: what comes while the spool drains goes behind it") {
  start();
  store->away = true;
  commit("a");
  settle();
  store->away = false;
  sched.advance_time(context->config.database.probe_interval);
  for (auto i = 0; i < 20; ++i) {
    commit("x" + std::to_string(i));
    sched.try_run_once();
  }
  settle();
  const auto ids = in_order();
  REQUIRE(ids.size() == 21);
  CHECK(ids[0] == "a");
  for (auto i = 0; i < 20; ++i)
    CHECK(ids[static_cast<std::size_t>(i) + 1] == "x" + std::to_string(i));
  CHECK(answered.size() == 21);
  CHECK(context->database == database_state::direct);
}

TEST_CASE_METHOD(writer_fixture, "a redelivery that finds its first in the spool is a duplicate") {
  start();
  store->away = true;
  commit("a");
  commit("a");
  settle();
  CHECK(answered == answers{"a stored", "a duplicate"});
  CHECK(context->spool_depth == 1);
}

TEST_CASE_METHOD(writer_fixture, "law 1: when neither database nor spool can take it the sender is refused") {
  context->config.spool.bytes_max = 1;
  start();
  store->away = true;
  commit("a");
  settle();
  CHECK(answered == answers{"a storage_unavailable"});
}

TEST_CASE_METHOD(writer_fixture, "a database that goes away again while the spool drains loses nothing") {
  context->config.spool.drain_items = 1;
  start();
  store->away = true;
  for (const auto* id : {"a", "b", "c"})
    commit(id);
  settle();
  store->away = false;
  sched.advance_time(context->config.database.probe_interval);
  while (store->commits.empty())
    REQUIRE(sched.try_run_once());
  store->away = true;
  settle();
  CHECK(context->database == database_state::away);
  store->away = false;
  advance(context->config.database.probe_interval);
  CHECK(in_order() == std::vector<std::string>{"a", "b", "c"});
  CHECK(context->database == database_state::direct);
}

TEST_CASE_METHOD(writer_fixture, "a node that starts on a spool that is not empty drains it before anything else") {
  {
    auto file = context->open_spool();
    const auto left = push("left", 1);
    file->append({&left->kept});
  }
  answered.clear();
  context->spool_depth = 1;
  start(true);
  commit("new");
  settle();
  CHECK(in_order() == std::vector<std::string>{"left", "new"});
}

TEST_CASE_METHOD(writer_fixture, "law 6: a spooled delivery that the database refuses is kept as failed, and the rest drains") {
  start();
  store->away = true;
  for (const auto* id : {"a", "bad", "b"})
    commit(id, id[0]);
  settle();
  store->poison = {"bad"};
  store->away = false;
  advance(context->config.database.probe_interval);
  auto ids = in_order();
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<std::string>{"a", "b"});
  CHECK(store->failed == std::vector<std::string>{"bad"});
  CHECK(context->spool_depth == 0);
}

TEST_CASE_METHOD(writer_fixture, "law 1: a spooled delivery that the database takes in no form is set aside, not forgotten") {
  start();
  store->away = true;
  for (const auto* id : {"a", "b", "bad", "c", "d"})
    commit(id, id[0]);
  settle();
  store->poison = store->unkeepable = {"bad"};
  store->away = false;
  advance(context->config.database.probe_interval);
  settle();
  const auto ids = in_order();
  CHECK(std::set<std::string>(ids.begin(), ids.end()) == std::set<std::string>{"a", "b", "c", "d"});
  CHECK(store->failed.empty());
  CHECK(context->spool_depth == 0);
  CHECK(context->database == database_state::direct);
  end(spool_handle);
  auto file = storage::sqlite::file{folder / "spool.sqlite"};
  CHECK(file.text("SELECT group_concat(id) FROM damaged") == "bad");
}

TEST_CASE_METHOD(writer_fixture, "a spooled delivery that is not understood any more is kept as failed, with the reason") {
  {
    auto file = context->open_spool();
    auto left = std::make_shared<delivery_in_hand>(*push("left", 1));
    left->kept.body = "{\"no\": \"repository\"}";
    const auto sound = push("sound", 2);
    auto body = sound->kept;
    body.event = "unheard_of"; // understood: it is ignored
    file->append({&left->kept, &body});
  }
  answered.clear();
  context->spool_depth = 2;
  start(true);
  CHECK(store->failed == std::vector<std::string>{"left"});
  CHECK(in_order() == std::vector<std::string>{"sound"});
  CHECK(context->spool_depth == 0);
}

TEST_CASE_METHOD(failing_disk_fixture,
                 "law 5: a spool whose disk fails is not read through for each sender, and what waits in it is told") {
  auto openings = 0;
  context->open_spool = [&openings, open = context->open_spool] {
    ++openings;
    return open();
  };
  start();
  store->away = true;
  commit("a");
  settle();
  disk.sync_code = SQLITE_IOERR_FSYNC;
  for (const auto* id : {"b", "c", "d", "e"}) {
    commit(id);
    settle();
  }
  CHECK(answered ==
        answers{"a stored", "b storage_unavailable", "c storage_unavailable", "d storage_unavailable", "e storage_unavailable"});
  CHECK(openings == 2);
  CHECK(context->spool_depth >= 1);
  disk.sync_code = SQLITE_OK;
  advance(context->config.database.probe_interval);
  commit("f");
  settle();
  CHECK(answered.back() == "f stored");
  CHECK(openings == 3);
}

TEST_CASE_METHOD(writer_fixture, "law 6: a row of the spool that is not what was written is told of in the log") {
  {
    auto file = context->open_spool();
    const auto changed = push("changed", 1), sound = push("sound", 2);
    file->append({&changed->kept, &sound->kept});
  }
  {
    auto file = storage::sqlite::file{folder / "spool.sqlite"};
    file.exec("UPDATE waiting SET checksum = checksum + 1 WHERE id = 'changed'");
  }
  answered.clear();
  context->spool_depth = 2;
  const auto capture = captured_stderr{};
  log::configure({"error", log_format::json});
  start(true);
  log::configure({"off", log_format::json});
  CHECK(in_order() == std::vector<std::string>{"sound"});
  const auto lines = capture.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("spool was damaged") != std::string::npos);
  CHECK(lines[0].find("are not what was written, from number 1") != std::string::npos);
}

TEST_CASE_METHOD(writer_fixture, "groups that wait for the drain are spooled when the database goes away meanwhile") {
  context->config.spool.drain_items = 1;
  start();
  store->away = true;
  for (const auto* id : {"a", "b"})
    commit(id);
  settle();
  store->away = false;
  sched.advance_time(context->config.database.probe_interval);
  while (store->commits.empty())
    REQUIRE(sched.try_run_once());
  commit("late");
  store->away = true;
  settle();
  CHECK(answered.back() == "late stored");
  CHECK(context->groups_waiting == 0);
  store->away = false;
  advance(context->config.database.probe_interval);
  CHECK(in_order() == std::vector<std::string>{"a", "b", "late"});
}

TEST_CASE_METHOD(writer_fixture, "a batch that is too much for the database at once is drained in smaller ones") {
  context->config.spool.drain_items = 8;
  start();
  store->away = true;
  for (auto i = 0; i < 8; ++i)
    commit(std::to_string(i));
  settle();
  store->away = false;
  store->items_max = 3; // more than that hang, and look like a database that is away
  for (auto i = 0; i < 8 && context->spool_depth > 0; ++i)
    advance(context->config.database.probe_interval);
  CHECK(in_order() == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7"});
}

#include "actors/repositories.hpp"
#include "actors/writer.hpp"
#include "tests/actors/fixture.hpp"

using namespace ingot;
using namespace ingot::test;

namespace {

spool_actor::behavior_type silent_spool(spool_actor::pointer) {
  return {
      [](keep_atom, std::uint32_t, std::vector<delivery_ptr>&) {},
      [](away_atom) {},
      [](writers_atom, std::vector<spool_client>) {},
      [](flush_atom) {},
      [](tick_atom) {},
  };
}

/// A WRITER that is in a COMMIT which does not end: it takes nothing out of its mailbox but to keep it.
writer_actor::behavior_type busy_writer(writer_actor::pointer, std::vector<group_ptr>* held) {
  return {
      [held](commit_atom, group_ptr x) { held->push_back(std::move(x)); },
      [](drain_atom, const std::vector<delivery_ptr>& xs) { return static_cast<std::uint64_t>(xs.size()); },
      [](drained_atom, std::uint64_t) {},
      [](away_atom) {},
      [](flush_atom) {},
  };
}

struct repositories_fixture : actor_fixture {
  spool_actor spool_handle = sys.spawn(silent_spool);
  writer_actor writer_handle = sys.spawn(writer, context, 0u, spool_handle, false);
  repositories_actor aut;

  void start() {
    aut = sys.spawn(repositories, context, std::vector<writer_actor>{writer_handle});
    settle();
  }

  ~repositories_fixture() {
    for (auto& x : {caf::actor_cast<caf::actor>(aut), caf::actor_cast<caf::actor>(writer_handle),
                    caf::actor_cast<caf::actor>(spool_handle)})
      end(x);
  }

  void deliver(const std::string& id, std::int64_t repository) {
    self->send(aut, deliver_atom_v, std::vector<delivery_ptr>{push(id, repository)});
  }

  std::uint64_t live() {
    auto count = std::uint64_t{0};
    auto request = self->request(aut, caf::infinite, collect_atom_v);
    settle();
    request.receive([&](std::uint64_t x) { count = x; }, [&](caf::error& e) { FAIL(sys.render(e)); });
    return count;
  }
};

} // namespace

TEST_CASE_METHOD(repositories_fixture, "deliveries of many repositories reach one commit, each repository's in order") {
  start();
  for (auto i = 0; i < 10; ++i)
    deliver("d" + std::to_string(i), i % 3 + 1);
  settle();
  CHECK(answered.size() == 10);
  CHECK(live() == 3);
  auto order = std::vector<std::string>{};
  for (const auto& batch : store->commits)
    for (const auto& id : batch)
      if ((id.back() - '0') % 3 == 0)
        order.push_back(id);
  CHECK(order == std::vector<std::string>{"d0", "d3", "d6", "d9"});
}

TEST_CASE_METHOD(repositories_fixture, "groups pile up before a WRITER whose COMMIT does not end, and each is counted") {
  auto held = std::vector<group_ptr>{};
  const auto busy = sys.spawn(busy_writer, &held);
  aut = sys.spawn(repositories, context, std::vector<writer_actor>{busy});
  for (auto i = 0; i < 10; ++i)
    deliver("d" + std::to_string(i), i % 3 + 1);
  auto ignored = std::const_pointer_cast<delivery_in_hand>(push("star", 4));
  ignored->event.fact = std::monostate{};
  self->send(aut, deliver_atom_v, std::vector<delivery_ptr>{std::move(ignored)});
  settle();
  CHECK(held.size() == 4); // one of each repository; the others wait behind it
  CHECK(context->groups_waiting == 4);
  held.clear();
  CHECK(context->groups_waiting == 0);
  end(busy);
}

TEST_CASE_METHOD(repositories_fixture, "repositories that idle are let go, and come back with their next delivery") {
  start();
  deliver("a", 1);
  settle();
  CHECK(live() == 1);
  advance(context->config.actors.repository_idle + std::chrono::seconds{10});
  advance(std::chrono::seconds{10});
  CHECK(live() == 0);
  deliver("b", 1);
  settle();
  CHECK(live() == 1);
  CHECK(answered == answers{"a stored", "b stored"});
}

TEST_CASE_METHOD(repositories_fixture,
                 "law 5: no more repositories live than the setting allows, and none of their deliveries is lost") {
  context->config.actors.repositories_max = 4;
  start();
  for (auto i = 0; i < 100; ++i) {
    deliver("d" + std::to_string(i), i + 1);
    settle();
    CHECK(live() <= 5);
  }
  CHECK(answered.size() == 100);
  CHECK(std::all_of(answered.begin(), answered.end(), [](const auto& x) { return x.ends_with(" stored"); }));
}

TEST_CASE_METHOD(repositories_fixture, "repositories do not outlive the one that keeps them") {
  start();
  const auto before = sys.registry().running();
  deliver("a", 1);
  deliver("b", 2);
  settle();
  end(aut);
  settle();
  CHECK(answered.size() == 2);
  CHECK(sys.registry().running() < before);
}

TEST_CASE_METHOD(repositories_fixture, "an ignored event needs no repository actor and is kept all the same") {
  start();
  auto x = push("star", 1);
  auto ignored = std::const_pointer_cast<delivery_in_hand>(x);
  ignored->event.fact = std::monostate{};
  self->send(aut, deliver_atom_v, std::vector<delivery_ptr>{ignored});
  ignored = nullptr;
  x = nullptr;
  settle();
  CHECK(live() == 0);
  CHECK(answered.size() == 1);
}

TEST_CASE_METHOD(repositories_fixture, "new writers make all repositories start anew") {
  start();
  deliver("a", 1);
  settle();
  self->send(aut, writers_atom_v, std::vector<writer_actor>{writer_handle});
  settle();
  CHECK(live() == 0);
  deliver("b", 1);
  settle();
  CHECK(answered == answers{"a stored", "b stored"});
}

TEST_CASE("neighbouring repositories are spread over the writers") {
  auto counts = std::vector<int>(4);
  for (auto id = 1'000'000; id < 1'000'400; ++id)
    ++counts[writer_of(id, counts.size())];
  for (auto x : counts)
    CHECK(x > 50);
}

#include "actors/repository.hpp"
#include "tests/actors/fixture.hpp"

using namespace ingot;
using namespace ingot::test;

namespace {

/// A WRITER that keeps the groups until the test ends them.
writer_actor::behavior_type holding_writer(writer_actor::pointer self, std::vector<group_ptr>* held) {
  return {
      [held](commit_atom, group_ptr x) { held->push_back(std::move(x)); },
      [](drain_atom, const std::vector<delivery_ptr>& xs) { return static_cast<std::uint64_t>(xs.size()); },
      [](drained_atom, std::uint64_t) {},
      [](away_atom) {},
      [self](flush_atom) { self->quit(); },
  };
}

repositories_actor::behavior_type silent_parent(repositories_actor::pointer, std::vector<bool>* left) {
  return {
      [](deliver_atom, const std::vector<delivery_ptr>&) {},
      [left](left_atom, std::int64_t, bool idle) { left->push_back(idle); },
      [](writers_atom, std::vector<writer_actor>) {},
      [](collect_atom) { return std::uint64_t{0}; },
      [](tick_atom) {},
  };
}

struct repository_fixture : actor_fixture {
  std::vector<group_ptr> groups;
  std::vector<bool> left;
  writer_actor writer = sys.spawn(holding_writer, &groups);
  repositories_actor parent = sys.spawn(silent_parent, &left);
  repository_actor aut = sys.spawn(repository, context, 7, writer, parent);

  ~repository_fixture() {
    groups.clear();
    for (auto& x : {caf::actor_cast<caf::actor>(aut), caf::actor_cast<caf::actor>(parent), caf::actor_cast<caf::actor>(writer)})
      end(x);
  }

  void deliver(const std::string& id) { self->send(aut, deliver_atom_v, push(id, 7)); }

  std::vector<std::string> ids_of(const group_ptr& x) {
    auto ids = std::vector<std::string>{};
    for (const auto& item : x->items)
      ids.push_back(item.kept->id);
    return ids;
  }

  void commit(const group_ptr& x) {
    x->known.loaded = true;
    x->known.repository_id = 7;
    x->known.repository.exists = true;
    self->send(aut, committed_atom_v, x);
    settle();
  }
};

} // namespace

TEST_CASE_METHOD(repository_fixture, "law 3: a repository has at most one group on its way, and what waits follows in order") {
  settle();
  for (const auto* id : {"a", "b", "c"})
    deliver(id);
  settle();
  REQUIRE(groups.size() == 1);
  CHECK(ids_of(groups[0]) == std::vector<std::string>{"a"});
  commit(groups[0]);
  REQUIRE(groups.size() == 2);
  CHECK(ids_of(groups[1]) == std::vector<std::string>{"b", "c"});
}

TEST_CASE_METHOD(repository_fixture, "a repository decides by itself once a commit has told what the rows hold") {
  settle();
  deliver("a");
  settle();
  CHECK_FALSE(groups.at(0)->decided);
  commit(groups[0]);
  deliver("b");
  settle();
  CHECK(groups.at(1)->decided);
}

TEST_CASE_METHOD(repository_fixture, "a group that did not reach the rows leaves its repository without knowledge") {
  settle();
  deliver("a");
  settle();
  commit(groups.at(0));
  deliver("b");
  settle();
  groups.at(1)->known = {};
  self->send(aut, committed_atom_v, groups[1]);
  deliver("c");
  settle();
  CHECK_FALSE(groups.at(2)->decided);
}

TEST_CASE_METHOD(repository_fixture,
                 "law 5: what was loaded is forgotten at once as far as it is more than a repository may cache") {
  settle();
  deliver("a");
  settle();
  auto& known = groups.at(0)->known;
  for (auto number = 1; number <= 20; ++number)
    known.pull_requests[number].heads.assign(github::pull_request_heads_max, {timestamp{}, std::string(40, 'a')});
  const auto bytes_max = context->config.actors.knowledge_bytes_max;
  REQUIRE(github::bytes_of(known) > bytes_max);
  commit(groups[0]);
  deliver("b");
  settle();
  CHECK(groups.at(1)->decided);
  CHECK(github::bytes_of(groups[1]->known) <= bytes_max);
}

TEST_CASE_METHOD(repository_fixture, "a busy repository does not leave, an idle one does") {
  settle();
  deliver("a");
  self->send(aut, leave_atom_v);
  settle();
  CHECK(left == std::vector<bool>{false});
  commit(groups.at(0));
  self->send(aut, leave_atom_v);
  settle();
  CHECK(left == std::vector<bool>{false, true});
}

TEST_CASE_METHOD(repository_fixture, "law 1: whoever waits for a repository that falls is answered lost, never stored") {
  settle();
  deliver("a");
  deliver("b");
  settle();
  self->send_exit(aut, caf::exit_reason::kill);
  settle();
  CHECK(answered == answers{"b lost"}); // a is with the WRITER
  groups.clear();
  CHECK(answered == answers{"b lost", "a lost"});
}

#include "tests/end_to_end/contents_history.hpp"
#include "tests/end_to_end/contents_world.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace ingot::testing;

namespace {

/// Shows that no content was sent more often than it was missing. @param lost how often what was sent may have been lost: kills
void check_fetched_once(const contents_world& world, std::uint64_t lost = 0) {
  const auto counts = world.standin.counts();
  for (const auto& [id, times] : counts.blobs) {
    INFO("blob " << id);
    CHECK(times <= 1 + lost);
  }
  CHECK(counts.over_primary == 0);
  CHECK(counts.over_secondary == 0);
  CHECK(counts.tokens_leaked == 0);
  CHECK(counts.without_user_agent == 0);
  CHECK(counts.bad_credentials == 0);
}

constexpr auto kinds_of_faults = {fault_kind::server_error, fault_kind::stall,  fault_kind::cut,
                                  fault_kind::reset,        fault_kind::damage, fault_kind::too_many};

} // namespace

TEST_CASE("law 4: whatever is pushed, the stored files are those of the branch, and each content is fetched once") {
  const auto seed = GENERATE(1u, 2u);
  contents_world world;
  auto x = world.host("history");
  auto history = random_history{*x.repository, seed};
  history.step();
  world.follow(x);
  REQUIRE(world.synced(x));
  world.check_equal(x);
  for (auto i = 0; i < 12; ++i) {
    const auto before = history.step();
    if (history.below(6) == 0)
      world.ask(x); // GitHub has told nobody
    else
      world.push(x, before);
    INFO("seed " << seed << ", step " << i);
    REQUIRE(world.synced(x));
    world.check_equal(x);
  }
  check_fetched_once(world);
}

TEST_CASE("law 2: with faults all the time and the node killed in between, the stored files are those of the branch") {
  const auto seed = GENERATE(11u, 12u);
  contents_world world;
  auto x = world.host("history");
  auto history = random_history{*x.repository, seed};
  history.step();
  world.follow(x);
  auto kills = std::uint64_t{0};
  for (auto i = 0; i < 8; ++i) {
    world.standin.set_faults({.seed = seed + static_cast<unsigned>(i), .rate = 0.25, .kinds = kinds_of_faults});
    const auto before = history.step();
    world.push(x, before);
    if (history.below(3) == 0) {
      nap(std::chrono::milliseconds{history.below(120)});
      world.running.kill();
      ++kills;
      world.running.start();
    }
    if (i % 2 == 1) {
      INFO("seed " << seed << ", step " << i);
      const auto came = world.synced(x);
      for (const auto& job : world.db().rows("SELECT left(row_to_json(j)::text, 900) FROM jobs j WHERE state <> 'succeeded'"))
        UNSCOPED_INFO(*job[0]);
      REQUIRE(came);
      world.check_equal(x);
    }
  }
  CHECK(world.standin.counts().faults > 0);
  check_fetched_once(world, kills);
}

TEST_CASE("law 4: a repository that is renamed while it is pushed to is followed under its new name") {
  contents_world world;
  auto x = world.follow_new("before", {{"a.txt", "100644", "a"}, {"b.txt", "100644", "b"}});
  world.standin.rename(x.github_id, "octo", "after");
  x.name = "after";
  const auto before = *x.repository->head();
  x.repository->commit({{"c.txt", "100644", "c"}});
  world.push(x, before);
  REQUIRE(world.synced(x));
  world.check_equal(x);
  // By hand, nobody has told of the new name but GitHub's redirect.
  world.standin.rename(x.github_id, "elsewhere", "again");
  x.repository->commit({{"d.txt", "100644", "d"}});
  world.ask(x);
  REQUIRE(world.synced(x));
  world.check_equal(x);
  CHECK(world.db().text("SELECT owner || '/' || name FROM provider_repositories") == "elsewhere/again");
}

TEST_CASE(
    "law 6: an empty repository, a deleted branch and a repository that is gone are told apart, and nothing stored is lost") {
  contents_world world;
  auto x = world.host("empty");
  world.follow(x);
  REQUIRE(world.synced(x));
  world.check_equal(x);
  x.repository->commit({{"a.txt", "100644", "a"}});
  world.push(x, "");
  REQUIRE(world.synced(x));
  world.check_equal(x);
  const auto head = *x.repository->head();
  x.repository->commit({}, "other");
  x.repository->set_branch("main", "");
  world.push(x, head);
  const auto state = [&](const char* column) {
    return world.db().text(std::string{"SELECT coalesce("} + column + ", '') FROM provider_repositories");
  };
  CHECK(eventually([&] { return state("last_error").find("branch") != std::string::npos; }));
  CHECK(world.db().number("SELECT count(*) FROM repository_files") == 1);
  x.repository->set_branch("main", head);
  world.standin.change(x.github_id, [](hosted_repository& of) { of.deleted = true; });
  world.ask(x);
  CHECK(eventually([&] { return state("state") == "gone"; }));
  CHECK(world.db().number("SELECT count(*) FROM repository_files") == 1);
}

TEST_CASE("law 9: nothing secret is in the log of a run with failures, at the finest level") {
  contents_world world{{{"LOG_LEVEL", "trace"}}};
  auto x = world.follow_new("quiet", {{"a.txt", "100644", "a"}});
  world.standin.set_faults({.seed = 3, .rate = 0.6, .kinds = kinds_of_faults});
  for (auto i = 0; i < 4; ++i) {
    const auto before = *x.repository->head();
    x.repository->commit({{"a.txt", "100644", std::to_string(i)}});
    world.push(x, before);
  }
  world.standin.change(x.github_id, [](hosted_repository& of) { of.is_private = true; });
  world.ask(x, true);
  REQUIRE(world.synced(x));
  world.standin.revoke_token(std::string{contents_token});
  world.ask(x, true);
  CHECK(eventually([&] { return world.running.log().find("repository not synced") != std::string::npos; }));
  const auto log = world.running.log();
  for (const auto& secret : {std::string{contents_token}, std::string{webhook_secret}, std::string{admin_token},
                             std::string{"link_standin"}, std::string{"Bearer "}}) {
    INFO(secret);
    CHECK(log.find(secret) == std::string::npos);
  }
}

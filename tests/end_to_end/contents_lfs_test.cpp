#include "tests/end_to_end/contents_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/http_client.hpp"

using namespace ingot::testing;

TEST_CASE("an LFS object is fetched where it is configured, and stands for its file") {
  contents_world world;
  auto x = world.host("films");
  auto film = std::string{};
  for (auto i = 0; film.size() < 300'000; ++i)
    film += std::to_string(i) + '\n';
  const auto oid = world.standin.add_lfs_object(x.github_id, film);
  const auto pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + oid + "\nsize " + std::to_string(film.size()) + "\n";
  x.repository->commit({{"film.txt", "100644", pointer}, {"a.txt", "100644", "a"}});
  world.follow(x);
  REQUIRE(world.synced(x));
  const auto ask = [&](const std::string& method, const std::string& below, const std::string& body = "") {
    return http_client{world.running.port()}.request(
        method, "/api/v1/repositories/" + std::to_string(x.id) + below,
        {{"Authorization", "Bearer " + std::string{admin_token}}, {"Content-Type", "application/json"}}, body);
  };
  CHECK(ask("GET", "/files/film.txt/content").body == pointer);
  CHECK(world.standin.counts().lfs_questions == 0);

  REQUIRE(ask("PATCH", "", R"({"fetchLfs":true})").status == 200);
  world.ask(x);
  REQUIRE(eventually([&] { return ask("GET", "/files/film.txt/content").body == film; }));
  CHECK(ask("GET", "/files/film.txt/content?lfs=pointer").body == pointer);
  CHECK(ask("GET", "/files").body.find(R"("stored":true)") != std::string::npos);
  CHECK(ask("GET", "/files/a.txt/content").body == "a");
  REQUIRE(world.synced(x));
  world.check_equal(x);
  const auto counts = world.standin.counts();
  CHECK(counts.lfs_questions == 1);
  CHECK(counts.lfs_objects == 1);
  CHECK(counts.tokens_leaked == 0);
}

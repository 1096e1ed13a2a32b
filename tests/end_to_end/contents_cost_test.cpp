#include "tests/end_to_end/contents_world.hpp"
#include "tests/support/catch.hpp"

#include <fstream>
#include <random>

using namespace ingot::testing;

namespace {

/// `count` files of about 1,400 bytes in folders of a hundred.
std::vector<file_edit> many_files(std::size_t count, std::uint64_t seed) {
  auto chance = std::mt19937_64{seed};
  std::vector<file_edit> out;
  for (auto i = std::size_t{0}; i < count; ++i) {
    std::string content;
    for (auto size = 200 + chance() % 2'400; content.size() < size;)
      content += std::to_string(chance()) + '\n';
    out.push_back({"dir" + std::to_string(i / 100) + "/file" + std::to_string(i) + ".txt", "100644", content, {}});
  }
  return out;
}

std::int64_t resident_kib(pid_t of, const std::string& what) {
  std::ifstream in{"/proc/" + std::to_string(of) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(what + ':'))
      return std::stoll(line.substr(what.size() + 1));
  return 0;
}

/// So that VmHWM counts from now on.
void forget_peak(pid_t of) {
  std::ofstream{"/proc/" + std::to_string(of) + "/clear_refs"} << "5";
}

/// Requests for permission to ask are not among what the issue counts: the personal token needs none.
std::uint64_t api_requests(contents_world& world) {
  return world.standin.counts().requests;
}

} // namespace

TEST_CASE("a first sync of 10,000 files takes at most 5 requests") {
  contents_world world;
  auto x = world.host("large");
  x.repository->commit(many_files(10'000, 1));
  world.follow(x);
  const auto for_following = api_requests(world);
  REQUIRE(world.synced(x));
  INFO("requests to add it: " << for_following);
  CHECK(api_requests(world) - for_following <= 5);
  CHECK(world.db().number("SELECT requests FROM content_syncs ORDER BY id DESC LIMIT 1") <= 5);
  world.check_equal(x);
}

TEST_CASE("a push that changes k files takes one request for the tree and one for each hundred of them") {
  contents_world world;
  auto x = world.follow_new("pushed", many_files(1'500, 2));
  for (const auto changed : {1u, 3u, 30u, 300u}) {
    world.standin.reset_counts();
    const auto before = *x.repository->head();
    auto edits = many_files(changed, 100 + changed);
    x.repository->commit(edits);
    world.push(x, before);
    REQUIRE(world.synced(x));
    INFO(changed << " files: " << world.db().text("SELECT plan FROM content_syncs ORDER BY id DESC LIMIT 1"));
    CHECK(api_requests(world) <= 1 + (changed + 99) / 100);
    world.check_equal(x);
  }
}

TEST_CASE("an unchanged repository costs one conditional request and nothing of the limit") {
  contents_world world;
  auto x = world.follow_new("still", many_files(20, 3));
  world.ask(x); // learns the ETag, if the first sync did not
  REQUIRE(world.synced(x));
  for (auto i = 0; i < 3; ++i) {
    world.standin.reset_counts();
    world.ask(x);
    REQUIRE(eventually([&] { return api_requests(world) == 1 && world.synced(x); }));
    const auto counts = world.standin.counts();
    CHECK(counts.requests == 1);
    CHECK(counts.not_modified == 1);
    CHECK(counts.metered == 0);
  }
}

TEST_CASE("a second repository that shares 90% of its files costs the 10%") {
  contents_world world;
  auto files = many_files(1'000, 4);
  world.follow_new("one", files);
  const auto stored = world.known_blobs().size();
  const auto others = many_files(100, 5);
  for (auto i = std::size_t{0}; i < others.size(); ++i)
    files[i * 10].content = others[i].content;
  world.standin.reset_counts();
  auto second = world.follow_new("two", files);
  world.check_equal(second);
  CHECK(world.known_blobs().size() == stored + 100);
  const auto counts = world.standin.counts();
  CHECK(counts.blobs.size() <= 100);
  CHECK(counts.requests <= 8);
  CHECK(world.db().number("SELECT bytes FROM content_syncs ORDER BY id DESC LIMIT 1") <
        world.db().number("SELECT bytes FROM content_syncs ORDER BY id LIMIT 1") / 2);
}

TEST_CASE("20,000 files and a file of 90 MB are synced within 64 MB of memory") {
#ifdef __SANITIZE_ADDRESS__
  WARN("passed over: AddressSanitizer holds freed memory back, and its own hides the node's");
  return;
#endif
  contents_world world;
  auto x = world.host("huge");
  x.repository->commit(many_files(20'000, 6));
  auto noise = std::string{};
  for (auto chance = std::mt19937_64{7}; noise.size() < 90'000'000;) {
    const auto word = chance();
    noise.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  x.repository->commit({{"large.bin", "100644", noise}});
  auto warm = world.follow_new("warm", many_files(200, 8));
  forget_peak(world.running.pid());
  const auto idle = resident_kib(world.running.pid(), "VmRSS");
  world.follow(x);
  REQUIRE(world.synced(x, "main", std::chrono::seconds{240}));
  const auto peak = resident_kib(world.running.pid(), "VmHWM");
  INFO("idle " << idle << " KiB, peak " << peak << " KiB");
  CHECK(peak - idle <= 64 * 1024);
  world.check_equal(x);
}

#include "net/git/cache.hpp"
#include "net/git/fetching.hpp"
#include "net/git/provider.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/github_standin/temporary_folder.hpp"
#include "tests/support/local_http_server.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

using namespace ingot;
using namespace ingot::testing;
using contents::observation;
using contents::provider_error;
using contents::trouble;

namespace {

/// Keeps what it is given, checked by its id.
class kept_blobs final : public contents::blob_sink {
public:
  std::map<std::string, std::string> by_id;

  void begin(const contents::wanted_blob& x, std::uint64_t) override {
    expected_ = x.id;
    bytes_.clear();
  }
  void write(std::string_view bytes) override { bytes_ += bytes; }
  bool end() override {
    const auto good = contents::id_of_blob(bytes_) == expected_;
    if (good)
      by_id[expected_.hex()] = bytes_;
    return good;
  }
  void abandon() noexcept override { bytes_.clear(); }

private:
  contents::object_id expected_;
  std::string bytes_;
};

struct provider_fixture {
  temporary_folder folder;
  bare_repository repository{folder.path() / "one.git"};
  github_standin standin;
  settings config;
  std::shared_ptr<contents::provider> provider;

  provider_fixture() {
    standin.add({.owner = "octo", .name = "one", .path = repository.path()});
    config.data_dir = folder.path() / "data";
    config.contents.private_addresses = true;
    config.contents.git_local_paths = true;
    provider = git::git_provider(config);
  }

  contents::place place(const std::string& url, const std::string& branch = {}) const {
    return {.provider = "git", .owner = "", .name = "one", .url = url, .branch = branch};
  }
  contents::place http(const std::string& branch = {}) const { return place(standin.web_url() + "/octo/one.git", branch); }
  contents::place path(const std::string& branch = {}) const { return place(repository.path(), branch); }

  std::unique_ptr<contents::remote> open(const contents::place& where) const {
    return provider->open(where, contents::urgency::manual);
  }
};

/// As a sync looks at it.
observation look(contents::remote& at, const contents::known_state& known = {}) {
  auto out = at.observe(known);
  if (out.state == observation::head::moved && !out.at.tree)
    out.at.tree = at.resolve(out.at.commit, {}).tree;
  return out;
}

std::map<std::string, git_file> listed(contents::remote& from, const contents::revision& at) {
  std::map<std::string, git_file> out;
  from.list(at, [&](contents::tree_entry&& x) { out[x.path] = {std::string{contents::to_string(x.mode)}, x.id.hex(), x.size}; });
  return out;
}

/// Everything of `at`, by id.
std::map<std::string, std::string> fetched(contents::remote& from, const contents::revision& at) {
  std::vector<contents::wanted_blob> wanted;
  from.list(at, [&](contents::tree_entry&& x) {
    if (x.mode != contents::file_mode::submodule)
      wanted.push_back({x.id, x.size, x.path});
  });
  kept_blobs out;
  CHECK(from.fetch(at, wanted, 0, out).empty());
  return out.by_id;
}

/// Shows that what the remote gives is what git has.
void check_equal(contents::remote& from, const contents::revision& at, const bare_repository& repository) {
  const auto files = repository.files(at.commit.hex());
  CHECK(listed(from, at) == files);
  std::vector<std::string> ids;
  for (const auto& [path, x] : files)
    if (x.mode != "160000")
      ids.push_back(x.id);
  CHECK(fetched(from, at) == repository.contents(ids));
}

trouble trouble_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const provider_error& e) {
    INFO(e.what());
    return e.kind();
  }
  FAIL("nothing went wrong");
  return {};
}

const std::vector<file_edit> first_files{{"README.md", "100644", "# one\n"},
                                         {"bin/run", "100755", "#!/bin/sh\n"},
                                         {"link", "120000", "README.md"},
                                         {"module", "160000", "6ca3721222109997540bd6d9ccd396902e0ad2f9"},
                                         {"empty", "100644", ""},
                                         {"caf\xe9", "100644", std::string("a\0b", 3)},
                                         {"deep/er/still/\"quoted\"", "100644", "x"}};

} // namespace

TEST_CASE_METHOD(provider_fixture, "a git remote gives what git has, over HTTP and from a path") {
  const auto commit = repository.commit(first_files);
  for (const auto& where : {http(), path(), place("file://" + repository.path())}) {
    const auto remote = open(where);
    const auto seen = look(*remote);
    REQUIRE(seen.state == observation::head::moved);
    CHECK(seen.at.commit.hex() == commit);
    CHECK(seen.at.branch == "main");
    check_equal(*remote, seen.at, repository);
    remote->mark_synced(seen.at);
    CHECK(open(where)->observe({seen.at, ""}).state == observation::head::unchanged);
    CHECK(remote->cost().requests == 0);
  }
}

TEST_CASE_METHOD(provider_fixture, "a git remote is followed through pushes, forced ones and other branches") {
  auto chance = std::mt19937{20261122};
  const auto first = repository.commit(first_files);
  auto known = contents::known_state{};
  for (auto i = 0; i < 12; ++i) {
    const auto name = "file" + std::to_string(chance() % 5);
    const auto forced = chance() % 3 == 0;
    repository.commit({{name, "100644", std::to_string(chance())}}, "main", forced ? std::optional{first} : std::nullopt);
    repository.commit({{"other", "100644", std::to_string(i)}}, "other");
    const auto remote = open(http());
    const auto seen = look(*remote, known);
    REQUIRE(seen.state == observation::head::moved);
    CHECK(seen.at.commit.hex() == *repository.head());
    check_equal(*remote, seen.at, repository);
    remote->mark_synced(seen.at);
    known.synced = seen.at;
  }
  const auto remote = open(http("other"));
  const auto seen = look(*remote);
  CHECK(seen.at.commit.hex() == *repository.head("other"));
  check_equal(*remote, seen.at, repository);
}

TEST_CASE_METHOD(provider_fixture, "what a clone has is not fetched again") {
  std::string noise;
  for (auto chance = std::mt19937_64{1}; noise.size() < 1'000'000;)
    noise += std::to_string(chance());
  repository.commit({{"large", "100644", noise}});
  look(*open(http()));
  repository.commit({{"small", "100644", "x"}});
  const auto remote = open(http());
  const auto seen = look(*remote);
  check_equal(*remote, seen.at, repository);
  CHECK(remote->cost().bytes < 10'000);
}

TEST_CASE_METHOD(provider_fixture, "a clone that is gone or damaged is fetched anew") {
  repository.commit(first_files);
  contents::revision at;
  {
    const auto remote = open(http());
    at = look(*remote).at;
  }
  std::filesystem::remove_all(config.data_dir / "git");
  check_equal(*open(http()), at, repository);
  for (const auto& x : std::filesystem::recursive_directory_iterator{config.data_dir / "git"})
    if (x.path().extension() == ".pack") {
      std::filesystem::permissions(x.path(), std::filesystem::perms::owner_all);
      std::ofstream{x.path(), std::ios::trunc} << "no pack";
    }
  CHECK(trouble_of([&] { fetched(*open(http()), at); }) == trouble::transient);
  check_equal(*open(http()), at, repository);
}

TEST_CASE_METHOD(provider_fixture, "an empty git remote, one without the branch and one that is gone are told apart") {
  for (const auto& where : {http(), path()})
    CHECK(open(where)->observe({}).state == observation::head::empty);
  repository.commit(first_files);
  for (const auto& where : {http("none"), path("none")})
    CHECK(open(where)->observe({}).state == observation::head::absent);
  CHECK(trouble_of([&] { open(place(standin.web_url() + "/octo/none.git"))->observe({}); }) == trouble::gone);
  CHECK(trouble_of([&] { open(place(folder.path() / "none"))->observe({}); }) == trouble::gone);
  CHECK(trouble_of([&] { open(http("no..name"))->observe({}); }) == trouble::permanent);
}

TEST_CASE_METHOD(provider_fixture, "git remotes stay out of what is not allowed") {
  repository.commit(first_files);
  config.contents.private_addresses = config.contents.git_local_paths = false;
  provider = git::git_provider(config);
  CHECK(trouble_of([&] { open(http())->observe({}); }) == trouble::permanent);
  CHECK(trouble_of([&] { open(path())->observe({}); }) == trouble::permanent);
  CHECK(trouble_of([&] { open(place("ssh://git@example.org/one.git"))->observe({}); }) == trouble::permanent);
  CHECK(trouble_of([&] { open(place("http://user:secret@127.0.0.1/one.git"))->observe({}); }) == trouble::permanent);
  CHECK(standin.counts().git_requests == 0);
}

TEST_CASE_METHOD(provider_fixture, "what is no git server is told from one that fails") {
  const auto observe = [&](const std::string& answer) {
    local_http_server server{[&](const std::string&) { return answer; }};
    return trouble_of([&] { open(place(server.url() + "/one.git"))->observe({}); });
  };
  CHECK(observe(http_answer_text(200, "<html>hello</html>", "Content-Type: text/html\r\n")) == trouble::permanent);
  CHECK(observe(http_answer_text(503, "later")) == trouble::transient);
  CHECK(observe(http_answer_text(401, "who?")) == trouble::forbidden);
  CHECK(observe(http_answer_text(429, "slower", "Retry-After: 7\r\n")) == trouble::rate_limited);
  CHECK(
      observe(
          "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nContent-Length: 1000\r\n\r\n001e#") ==
      trouble::transient);
  CHECK(observe(http_answer_text(200, "garbage that is no pkt-line",
                                 "Content-Type: application/x-git-upload-pack-advertisement\r\n")) == trouble::transient);
}

TEST_CASE_METHOD(provider_fixture, "a git remote that falls silent is given up") {
  repository.commit(first_files);
  web_server silent{0, [](const web_request&) {
                      web_answer out;
                      out.stall = std::chrono::hours{1};
                      return out;
                    }};
  auto rules = git::traffic_rules{.private_addresses = true, .silence_max = std::chrono::milliseconds{50}};
  CHECK(trouble_of([&] { git::fetching{silent.url() + "/one.git", nullptr, rules}; }) == trouble::transient);
  rules = {.private_addresses = true, .end = std::chrono::steady_clock::now()};
  CHECK(trouble_of([&] { git::fetching{silent.url() + "/one.git", nullptr, rules}; }) == trouble::transient);
  rules = {.private_addresses = true, .advertisement_bytes_max = 10};
  CHECK(trouble_of([&] { git::fetching{standin.web_url() + "/octo/one.git", nullptr, rules}; }) == trouble::permanent);
}

TEST_CASE_METHOD(provider_fixture, "redirects of a git remote are followed when the list is asked for, not beyond the allowed") {
  repository.commit(first_files);
  local_http_server server{[&](const std::string& request) {
    const auto target = request.substr(4, request.find(' ', 4) - 4);
    return http_answer_text(301, "", "Location: " + standin.web_url() + "/octo" + target + "\r\n");
  }};
  const auto remote = open(place(server.url() + "/one.git"));
  const auto seen = look(*remote);
  check_equal(*remote, seen.at, repository);
  local_http_server loop{[&](const std::string&) { return http_answer_text(302, "", "Location: /again\r\n"); }};
  CHECK(trouble_of([&] { open(place(loop.url() + "/one.git"))->observe({}); }) == trouble::permanent);
}

TEST_CASE_METHOD(provider_fixture, "clones are removed, the longest unused first, until they take no more than they may") {
  repository.commit(first_files);
  git::cache clones{config.data_dir / "git"};
  const auto make = [&](const std::string& url, std::size_t bytes, int age) {
    auto lease = clones.take(url, std::chrono::milliseconds{0});
    std::filesystem::create_directories(lease->path() / "objects" / "pack");
    std::ofstream{lease->path() / "objects" / "pack" / "x.pack"} << std::string(bytes, 'x');
    std::filesystem::last_write_time(lease->path(), std::filesystem::file_time_type::clock::now() - std::chrono::hours{age});
    return lease;
  };
  const auto old = make("old", 1'000, 3)->path(), older = make("older", 1'000, 4)->path();
  auto newest = make("newest", 1'000, 0);
  CHECK(trouble_of([&] { clones.take("newest", std::chrono::milliseconds{0}); }) == trouble::transient);
  clones.trim(*newest, 2'500, 50);
  CHECK(std::filesystem::exists(old));
  CHECK(!std::filesystem::exists(older));
  clones.trim(*newest, 500, 50); // what is in use stays
  CHECK(std::filesystem::exists(newest->path()));
  clones.trim(*newest, 500, 0);
  CHECK(!std::filesystem::exists(newest->path()));
}

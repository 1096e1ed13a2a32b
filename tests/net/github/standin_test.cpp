#include "net/github/api.hpp"
#include "tests/net/github/app_key.hpp"
#include "tests/net/github/permits_at_hand.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/github_standin/temporary_folder.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace ingot;
using namespace ingot::github;
using namespace ingot::testing;
using ingot::contents::object_id;
using ingot::contents::provider_error;
using ingot::contents::trouble;
using ingot::contents::urgency;

// The typed API against a server that behaves as GitHub does, over a real git repository.

namespace {

const std::vector<file_edit> files{{"README.md", "100644", "# hello\n"},
                                   {"bin/run", "100755", "#!/bin/sh\n"},
                                   {"link", "120000", "README.md"},
                                   {"module", "160000", "6ca3721222109997540bd6d9ccd396902e0ad2f9"},
                                   {"a folder/gr\xc3\xbc\xc3\x9f.bin", "100644", std::string("a\0b", 3)}};

struct with_standin {
  with_standin() {
    auto hosted = hosted_repository{};
    hosted.owner = "octo";
    hosted.name = "hello";
    hosted.path = repository.path();
    hosted.is_private = true;
    id = standin.add(hosted);
    auto app = hosted_app{};
    app.id = 77;
    app.slug = "ingot";
    app.name = "Ingot";
    app.client_id = "Iv1.client";
    app.client_secret = "secret";
    app.public_key = key().public_pem();
    standin.set_app(app);
    auto installed = hosted_installation{};
    installed.id = 5;
    installed.account = "octo";
    installed.account_id = 9;
    standin.add(installed);
    auto settings = github_api_settings{};
    settings.url = standin.api_url();
    settings.web_url = standin.web_url();
    settings.app_id = "77";
    settings.app_private_key = key().pem();
    transport.emplace(settings);
    auto book = credential_book{[](std::int64_t of) {
                                  auto x = credential{};
                                  x.id = of;
                                  x.kind = credential_kind::installation;
                                  x.installation_id = 5;
                                  return std::optional{x};
                                },
                                [](const credential&) { return true; }, [](std::int64_t, const std::string&) {}};
    credentials.emplace(settings, *transport, limiter, book,
                        [] { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); });
  }

  static const app_key& key() {
    static const auto one = app_key{};
    return one;
  }
  api_session session(bool as_app = false) {
    return {*transport, *credentials, limiter, caller{as_app ? 0 : 1, as_app, urgency::manual, "octo/hello"}};
  }

  temporary_folder folder;
  git_repository repository{folder.path() / "hello.git"};
  github_standin standin;
  permits_at_hand limiter;
  std::optional<client> transport;
  std::optional<tokens> credentials;
  std::int64_t id = 0;
};

} // namespace

TEST_CASE_METHOD(with_standin, "a private repository's tree and blobs are those of git, by an installation's token") {
  const auto head = repository.commit(files);
  auto api = session();
  CHECK(api.repository("octo", "hello").value->id == id);
  const auto commit = api.commit(id, "heads/main");
  REQUIRE(commit.value);
  CHECK(commit.value->id.hex() == head);
  const auto tree = api.tree(id, commit.value->tree, true);
  CHECK_FALSE(tree.truncated);
  auto listed = std::map<std::string, git_file>{};
  for (const auto& x : tree.items)
    if (!x.is_tree)
      listed[x.entry.path] = {std::string{contents::to_string(x.entry.mode)}, x.entry.id.hex(), x.entry.size};
  CHECK(listed == repository.files(head));
  auto ids = std::vector<object_id>{};
  for (const auto& [path, file] : repository.files(head)) {
    if (file.mode == "160000")
      continue;
    ids.push_back(*object_id::parse(file.id));
    auto got = std::string{};
    api.blob(id, ids.back(), [&](std::string_view piece) { got += piece; });
    CHECK(got == repository.content(file.id));
  }
  const auto batch = api.blobs("octo", "hello", ids);
  REQUIRE(batch.size() == ids.size());
  for (const auto& x : batch) {
    CHECK(x.found);
    CHECK(x.is_binary == !x.text);
    if (x.text)
      CHECK(*x.text == repository.content(x.id.hex()));
  }
  CHECK(standin.counts().installation_tokens == 1);
  CHECK(standin.counts().bad_credentials == 0);
  CHECK(standin.counts().requests == limiter.orders().size()); // law 8
}

TEST_CASE_METHOD(with_standin, "law 9: an archive comes from codeload, and no token goes there") {
  const auto head = repository.commit(files);
  auto api = session();
  auto got = std::string{};
  api.tarball(id, *object_id::parse(head), [&](std::string_view piece) { got += piece; });
  CHECK(got.starts_with("\x1f\x8b"));
  CHECK(api.cost().requests == 1);
  CHECK(standin.counts().tarballs == 1);
  CHECK(standin.counts().tokens_leaked == 0);
}

TEST_CASE_METHOD(with_standin, "an unmoved branch costs nothing, not even for another token") {
  repository.commit(files);
  const auto first = session().commit(id, "heads/main");
  const auto old = credentials->of(1, urgency::manual).token;
  credentials->forget(1, old);
  CHECK(credentials->of(1, urgency::manual).token != old);
  const auto metered = standin.counts().metered;
  auto again = session();
  CHECK_FALSE(again.commit(id, "heads/main", first.etag).value);
  CHECK(again.cost().not_modified == 1);
  CHECK(standin.counts().not_modified == 1);
  CHECK(standin.counts().metered == metered);
  const auto next = repository.commit({{"more", "100644", "x"}});
  const auto moved = again.commit(id, "heads/main", first.etag);
  REQUIRE(moved.value);
  CHECK(moved.value->id.hex() == next);
}

TEST_CASE_METHOD(with_standin, "a comparison, a rename, a branch that is not there and an empty repository") {
  auto api = session();
  CHECK_FALSE(api.commit(id, "heads/main").value);
  const auto first = repository.commit(files);
  const auto second =
      repository.commit({{"README.md", "100644", "changed\n"}, file_edit::removed("link"), {"new", "100644", "x"}});
  const auto changes = api.compare(id, *object_id::parse(first), *object_id::parse(second));
  CHECK(changes.complete);
  CHECK(changes.head_commit.hex() == second);
  CHECK(changes.files.size() == 3);
  standin.rename(id, "octo", "renamed");
  const auto renamed = api.repository("octo", "hello");
  REQUIRE(renamed.value);
  CHECK(renamed.value->name == "renamed");
  try {
    api.commit(id, "heads/other");
    FAIL("there was one");
  } catch (const provider_error& e) {
    CHECK(e.kind() == trouble::gone);
  }
}

TEST_CASE_METHOD(with_standin, "the App asks for itself, its installations and their repositories, page by page") {
  auto app = session(true);
  CHECK(app.app().slug == "ingot");
  const auto installations = app.installations();
  REQUIRE(installations.items.size() == 1);
  CHECK(installations.items[0].account == "octo");
  CHECK(app.installation(5).id == 5);
  for (auto i = 0; i < 150; ++i) {
    auto x = hosted_delivery{};
    x.guid = "guid-" + std::to_string(i);
    x.event = "push";
    standin.add(x);
  }
  auto seen = std::size_t{0};
  auto next = std::string{};
  do {
    auto page = app.deliveries("", next);
    seen += page.items.size();
    next = page.next;
    if (!page.items.empty() && seen <= page.items.size())
      app.redeliver("", page.items[0].id);
  } while (!next.empty() && seen < 1'000);
  CHECK(seen >= 150);
  CHECK(standin.redelivered().size() == 1);
  auto by_installation = session();
  CHECK(by_installation.installation_repositories().items.at(0).id == id);
}

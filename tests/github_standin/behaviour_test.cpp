#include "tests/github_standin/standin_fixture.hpp"

#include "model/base64.hpp"
#include "model/contents/object_id.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/github_standin/subprocess.hpp"

#include <algorithm>

using namespace ingot;
using namespace ingot::testing;

namespace {

const std::vector<file_edit> first_files{{"README.md", "100644", "# hello\n"},
                                         {"bin/run", "100755", "#!/bin/sh\n"},
                                         {"link", "120000", "README.md"},
                                         {"module", "160000", "6ca3721222109997540bd6d9ccd396902e0ad2f9"},
                                         {"binary", "100644", std::string("a\0b", 3)}};

} // namespace

TEST_CASE_METHOD(standin_fixture, "the stand-in lists a tree as git does, submodules and links too") {
  const auto commit = repository.commit(first_files);
  const parsed tree{get("/repos/octo/hello/git/trees/main?recursive=1").body};
  CHECK(bool{tree["/truncated"]} == false);
  std::map<std::string, git_file> listed;
  for (const auto x : simdjson::dom::array{tree["/tree"]}) {
    std::uint64_t size = 0;
    if (x["size"].get(size) != simdjson::SUCCESS)
      size = 0;
    if (std::string_view{x["type"]} != "tree")
      listed[std::string{std::string_view{x["path"]}}] = {std::string{std::string_view{x["mode"]}},
                                                          std::string{std::string_view{x["sha"]}}, size};
  }
  CHECK(listed == repository.files(commit));
}

TEST_CASE_METHOD(standin_fixture, "the stand-in gives a blob as JSON and as bytes") {
  const auto commit = repository.commit(first_files);
  const auto blob = repository.files(commit).at("binary").id;
  const auto path = "/repositories/" + std::to_string(id) + "/git/blobs/" + blob;
  CHECK(from_base64(parsed{get(path).body}.text("/content").substr(0, 4)) == std::string("a\0b", 3));
  const auto raw = get(path, {{"accept", "application/vnd.github.raw"}});
  CHECK(raw.body == std::string("a\0b", 3));
  CHECK(standin.counts().blobs.at(blob) == 2);
  CHECK(get("/repos/octo/hello/git/blobs/" + std::string(40, '1')).status == 404);
}

TEST_CASE_METHOD(standin_fixture, "an unchanged answer of the stand-in is 304 and costs nothing") {
  repository.commit(first_files);
  const auto first = get("/repos/octo/hello/commits/main");
  CHECK(first["x-ratelimit-used"] == "1");
  const auto second = get("/repos/octo/hello/commits/main", {{"if-none-match", first["etag"]}});
  CHECK(second.status == 304);
  CHECK(second["x-ratelimit-used"] == "1");
  repository.commit({{"README.md", "100644", "changed"}});
  CHECK(get("/repos/octo/hello/commits/main", {{"if-none-match", first["etag"]}}).status == 200);
  // An ETag of JSON is the token's; that of the bare id is everybody's.
  standin.add_token("token-2", {"other", 2});
  const auto again = get("/repos/octo/hello/commits/main");
  CHECK(get("/repos/octo/hello/commits/main", {{"authorization", "Bearer token-2"}, {"if-none-match", again["etag"]}}).status ==
        200);
  const auto head = *repository.head();
  CHECK(get("/repos/octo/hello/commits/main",
            {{"authorization", "Bearer token-2"}, {"accept", "application/vnd.github.sha"}, {"if-none-match", '"' + head + '"'}})
            .status == 304);
}

TEST_CASE_METHOD(standin_fixture, "the stand-in compares from the merge base and finds renames") {
  const auto base = repository.commit(first_files);
  const auto side = repository.commit({{"side", "100644", "side"}});
  const auto head = repository.commit(
      {{"docs/README.md", "", "", "README.md"}, file_edit::removed("binary"), {"new", "100644", "new"}}, "main", base);
  const parsed x{get("/repos/octo/hello/compare/" + side + "..." + head).body};
  CHECK(x.text("/status") == "diverged");
  CHECK(x.number("/ahead_by") == 1);
  CHECK(x.number("/behind_by") == 1);
  CHECK(x.text("/merge_base_commit/sha") == base);
  std::map<std::string, std::string> files;
  for (const auto each : simdjson::dom::array{x["/files"]})
    files[std::string{std::string_view{each["filename"]}}] = std::string_view{each["status"]};
  CHECK(files == std::map<std::string, std::string>{{"binary", "removed"}, {"docs/README.md", "renamed"}, {"new", "added"}});
}

TEST_CASE_METHOD(standin_fixture, "the stand-in cuts trees and comparisons at its limits") {
  std::vector<file_edit> many;
  for (auto i = 0; i < 400; ++i)
    many.push_back({"file" + std::to_string(i), "100644", std::to_string(i)});
  const auto base = repository.commit(first_files), head = repository.commit(many);
  standin_limits limits;
  limits.tree_entries_max = 100;
  standin.set_limits(limits);
  const parsed tree{get("/repos/octo/hello/git/trees/" + head + "?recursive=1").body};
  CHECK(bool{tree["/truncated"]});
  CHECK(simdjson::dom::array{tree["/tree"]}.size() == 100);
  const parsed compared{get("/repos/octo/hello/compare/" + base + "..." + head).body};
  CHECK(simdjson::dom::array{compared["/files"]}.size() == 300);
}

TEST_CASE_METHOD(standin_fixture, "a renamed repository's old name leads to its id") {
  repository.commit(first_files);
  standin.rename(id, "octo", "world");
  const auto moved = get("/repos/octo/hello/commits/main?per_page=1");
  CHECK(moved.status == 301);
  CHECK(moved["location"] == standin.api_url() + "/repositories/" + std::to_string(id) + "/commits/main?per_page=1");
  CHECK(get("/repositories/" + std::to_string(id)).status == 200);
  CHECK(parsed{get("/repos/octo/world").body}.text("/full_name") == "octo/world");
}

TEST_CASE_METHOD(standin_fixture, "what may not be seen is absent, blocked or empty, as at GitHub") {
  CHECK(get("/repos/octo/hello/commits/main").status == 409);
  CHECK(get("/repos/octo/hello").status == 200);
  repository.commit(first_files);
  CHECK(get("/repos/octo/hello/commits/none").status == 422);
  standin.change(id, [](hosted_repository& x) { x.is_private = true; });
  CHECK(get("/repos/octo/hello").status == 200);
  standin.add_token("stranger", {"stranger", 2, 0, std::set<std::int64_t>{}});
  CHECK(get("/repos/octo/hello", {{"authorization", "Bearer stranger"}}).status == 404);
  CHECK(get("/repos/octo/hello", {{"authorization", "Bearer nobody"}}).status == 401);
  standin.change(id, [](hosted_repository& x) { x.taken_down = true; });
  CHECK(get("/repos/octo/hello").status == 451);
  CHECK(http_client{standin.api_port()}.get("/repos/octo/hello").status == 403); // no User-Agent
  CHECK(standin.counts().without_user_agent == 1);
}

TEST_CASE_METHOD(standin_fixture, "a tarball is a redirect to another origin, and is what git archive makes") {
  const auto commit = repository.commit(first_files);
  const auto redirect = get("/repos/octo/hello/tarball/" + commit);
  REQUIRE(redirect.status == 302);
  const auto url = redirect["location"];
  REQUIRE(url.starts_with(standin.web_url() + "/codeload/octo/hello/legacy.tar.gz/"));
  const auto port = static_cast<std::uint16_t>(std::stoi(standin.web_url().substr(standin.web_url().rfind(':') + 1)));
  const auto archive = http_client{port}.get(url.substr(standin.web_url().size()));
  const auto listing = output_of({{"tar", "tz"}, {}, archive.body});
  CHECK(listing.find("octo-hello-" + commit.substr(0, 7) + "/bin/run\n") != std::string::npos);
  CHECK(standin.counts().tarballs == 1);
  CHECK(standin.counts().tokens_leaked == 0);
}

TEST_CASE_METHOD(standin_fixture, "git clones from the stand-in") {
  const auto commit = repository.commit(first_files);
  output_of(
      {{"git", "clone", "--quiet", "--bare", "--depth", "1", standin.web_url() + "/octo/hello.git", folder.path() / "clone"}});
  CHECK(bare_repository{folder.path() / "clone"}.files(commit) == repository.files(commit));
}

TEST_CASE_METHOD(standin_fixture, "GraphQL gives a batch of blobs, cut and binary ones without their bytes") {
  const auto commit = repository.commit({{"text", "100644", "text \"with\" quotes\n"},
                                         {"binary", "100644", std::string("a\0b", 3)},
                                         {"large", "100644", std::string(600'000, 'x')},
                                         {"latin", "100644", "caf\xe9"}});
  const auto files = repository.files(commit);
  std::string query = "query($owner:String!,$name:String!){repository(owner:$owner,name:$name){";
  for (const auto& [path, x] : files)
    query += path + ":object(oid:\\\"" + x.id + "\\\"){... on Blob{oid text byteSize isBinary isTruncated}} ";
  query += "none:object(oid:\\\"" + std::string(40, '1') + "\\\"){... on Blob{oid}}} rateLimit{cost remaining}}";
  const parsed x{post("/graphql", R"({"query":")" + query + R"(","variables":{"owner":"octo","name":"hello"}})").body};
  CHECK(x.text("/data/repository/text/text") == "text \"with\" quotes\n");
  CHECK(x["/data/repository/binary/text"].is_null());
  CHECK(bool{x["/data/repository/large/isTruncated"]});
  CHECK(x.text("/data/repository/large/text").size() == 512'000);
  CHECK(contents::id_of_blob(x.text("/data/repository/latin/text")).hex() != files.at("latin").id);
  CHECK(x["/data/repository/none"].is_null());
  CHECK(x.number("/data/rateLimit/cost") == 1);
}

TEST_CASE_METHOD(standin_fixture, "the stand-in enforces its budgets and counts who goes past them") {
  repository.commit(first_files);
  budget_rules rules;
  rules.core = 3;
  rules.graphql = 0;
  standin.set_budget(rules);
  for (auto i = 0; i < 3; ++i)
    CHECK(get("/repos/octo/hello").status == 200);
  const auto refused = get("/repos/octo/hello");
  CHECK(refused.status == 403);
  CHECK(refused["x-ratelimit-remaining"] == "0");
  CHECK(get("/rate_limit").status == 200);
  CHECK(post("/graphql", R"({"query":"{rateLimit{cost}}"})").body.find("RATE_LIMITED") != std::string::npos);
  CHECK(standin.counts().over_primary == 2);
  rules = {};
  rules.points_per_minute = 4; // those of this minute count already
  standin.set_budget(rules);
  const auto secondary = get("/repos/octo/hello");
  CHECK((secondary.status == 403 || secondary.status == 429));
  CHECK(secondary["retry-after"] == "60");
  CHECK(standin.counts().over_secondary == 1);
}

TEST_CASE_METHOD(standin_fixture, "the same seed of faults gives the same faults") {
  repository.commit(first_files);
  const auto statuses = [&] {
    standin.set_faults({.seed = 7, .rate = 0.5, .kinds = {fault_kind::server_error, fault_kind::too_many, fault_kind::reset}});
    std::vector<int> out;
    for (auto i = 0; i < 20; ++i) {
      try {
        out.push_back(get("/repos/octo/hello").status);
      } catch (const http_error&) {
        out.push_back(0);
      }
    }
    return out;
  };
  const auto first = statuses();
  CHECK(first == statuses());
  CHECK(std::count(first.begin(), first.end(), 200) > 3);
  CHECK(std::count(first.begin(), first.end(), 0) > 0);
}

TEST_CASE_METHOD(standin_fixture, "the delivery log has pages, and a redelivery is a new attempt of its guid") {
  for (auto i = 0; i < 5; ++i) {
    hosted_delivery x;
    x.hook = "octo/hello/7";
    x.guid = "guid-" + std::to_string(i);
    x.event = "push";
    x.status = i == 2 ? "failed to connect" : "OK";
    x.status_code = i == 2 ? 502 : 200;
    standin.add(x);
  }
  const auto path = "/repos/octo/hello/hooks/7/deliveries";
  const auto page = get(path + std::string{"?per_page=3"});
  const parsed items{page.body};
  CHECK(items.text("/0/guid") == "guid-4");
  REQUIRE(page["link"].find("rel=\"next\"") != std::string::npos);
  const auto next = page["link"].substr(1, page["link"].find('>') - 1).substr(standin.api_url().size());
  CHECK(parsed{get(next).body}.text("/0/guid") == "guid-1");
  const auto failed = items.number("/2/id");
  CHECK(post(path + ('/' + std::to_string(failed)) + "/attempts", "").status == 202);
  CHECK(standin.redelivered() == std::vector{failed});
  CHECK(parsed{get(path).body}.text("/0/guid") == "guid-2");
}

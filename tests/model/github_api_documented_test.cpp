#include "model/github/api/answer.hpp"
#include "model/github/api/parse.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"

#include <simdjson.h>

#include <string>
#include <variant>
#include <vector>

using namespace ingot;
using namespace ingot::github;

namespace {

/// One of GitHub's own examples (OpenAPI, components/examples), as an answer's body; empty, with a warning, when it is not there.
std::string example(const std::string& name) {
  const auto file = testing::shared_data() / "github/rest/openapi-subset.json";
  if (!std::filesystem::exists(file)) {
    WARN("not found, so not shown here: GitHub's documented answers (shared/data/github/rest)");
    return {};
  }
  static auto parser = simdjson::dom::parser{};
  const auto text = simdjson::padded_string{testing::bytes_of(file)};
  const auto document = simdjson::dom::element{parser.parse(text)};
  return simdjson::minify(simdjson::dom::element{document["components"]["examples"][name]["value"]});
}

/// The bodies of one file of recorded answers, with what came with them.
struct recorded_answer {
  std::string path, body;
  unsigned status;
  api::header_list headers;
};
std::vector<recorded_answer> recorded_answers(const std::string& name) {
  const auto file = testing::shared_data() / "github/rest/recorded" / (name + ".normalized.json");
  auto out = std::vector<recorded_answer>{};
  if (!std::filesystem::exists(file)) {
    WARN("not found, so not shown here: GitHub's recorded answers (shared/data/github/rest)");
    return out;
  }
  auto parser = simdjson::dom::parser{};
  const auto text = simdjson::padded_string{testing::bytes_of(file)};
  for (const auto x : simdjson::dom::array{parser.parse(text)}) {
    auto each =
        recorded_answer{std::string{std::string_view{x["path"]}}, {}, static_cast<unsigned>(std::uint64_t{x["status"]}), {}};
    auto plain = std::string_view{};
    each.body = x["response"].get_string().get(plain) == simdjson::SUCCESS ? std::string{plain}
                                                                           : std::string{simdjson::minify(x["response"].value())};
    for (const auto [key, value] : simdjson::dom::object{x["headers"]})
      each.headers.emplace_back(key,
                                value.is_string() ? std::string{std::string_view{value}} : std::string{simdjson::minify(value)});
    out.push_back(std::move(each));
  }
  return out;
}

template <class Value>
Value read(const api::parsed<Value>& x) {
  if (const auto* wrong = std::get_if<failure>(&x)) {
    FAIL(wrong->message << (wrong->details.empty() ? "" : " " + wrong->details[0].pointer + " " + wrong->details[0].message));
  }
  return std::get<Value>(x);
}

} // namespace

TEST_CASE("GitHub's documented answers are read") {
  if (example("commit").empty())
    return;
  const auto commit = read(api::parse_commit(example("commit")));
  CHECK(commit.id.hex() == "6dcb09b5b57875f334f61aebed695e2e4193db5e");
  CHECK(commit.tree.hex() == "6dcb09b5b57875f334f61aebed695e2e4193db5e");
  CHECK(read(api::parse_commit(example("branch-get"))).id);
  const auto comparison = read(api::parse_comparison(example("commit-comparison")));
  CHECK(comparison.status == "behind");
  CHECK(comparison.total_commits == 1);
  CHECK(comparison.complete);
  REQUIRE(comparison.files.size() == 1);
  CHECK(comparison.files[0].path == "file1.txt");
  CHECK(comparison.files[0].status == "added");
  CHECK(comparison.files[0].changes == 124);
  const auto tree = read(api::parse_tree(example("git-tree-default-response")));
  CHECK(tree.id.hex() == "9fb037999f264ba9a7fc6274d15fa3ae2ab98312");
  CHECK(tree.items.at(0).entry.path == "file.rb");
  CHECK_FALSE(read(api::parse_tree(example("git-tree-response-recursively-retrieving-a-tree"))).truncated);
  const auto repository = read(api::parse_repository(example("full-repository-default-response")));
  CHECK(repository.id == 1296269);
  CHECK(repository.owner == "octocat");
  CHECK(repository.name == "Hello-World");
  CHECK(repository.default_branch == "master");
  CHECK_FALSE(repository.is_private);
  CHECK(repository.size_kib == 108);
}

TEST_CASE("GitHub's documented answers to an App are read") {
  if (example("commit").empty())
    return;
  const auto token = read(api::parse_installation_token(example("installation-token")));
  CHECK(token.token == "ghs_16C7e42F292c6912E7710c838347Ae178B4a");
  CHECK(token.expires_at == parse_rfc3339("2016-07-11T22:14:10Z"));
  const auto installations = read(api::parse_installations(example("base-installation-items")));
  REQUIRE(installations.size() == 1);
  CHECK(installations[0].account == "octocat");
  CHECK(installations[0].repository_selection == "selected");
  CHECK_FALSE(installations[0].suspended);
  CHECK(read(api::parse_installation(example("installation"))).id == 1);
  const auto deliveries = read(api::parse_hook_deliveries(example("hook-delivery-items")));
  REQUIRE(deliveries.size() == 2);
  CHECK(deliveries[0].guid == "0b989ba4-242f-11e5-81e1-c7b6966d2516");
  CHECK(deliveries[0].status == "OK");
  CHECK(deliveries[0].status_code == 200);
  CHECK(deliveries[1].redelivery);
  CHECK(read(api::parse_app(example("integration"))).slug == "octoapp");
  CHECK(read(api::parse_installation_repositories(example("repository-paginated-2"))).size() == 1);
  const auto rates = read(api::parse_rate_limit(example("rate-limit-overview")));
  CHECK(rates.at(0).resource == "core");
  CHECK(rates.at(0).limit == 5000);
  CHECK(rates.at(0).remaining == 4999);
}

TEST_CASE("GitHub's documented contents are read") {
  if (example("commit").empty())
    return;
  // The example's base64 is broken into lines by the two characters `\\n`; GitHub's answers have line feeds.
  auto body = example("content-file-response-if-content-is-a-file");
  for (auto at = body.find(R"(\\n)"); at != body.npos; at = body.find(R"(\\n)"))
    body.erase(at, 1);
  const auto file = read(api::parse_content(body));
  CHECK(file.path == "README.md");
  CHECK(file.type == "file");
  REQUIRE(file.text);
  CHECK(file.text->starts_with("# Yoga"));
  CHECK(read(api::parse_content(example("content-file-response-if-content-is-a-directory"))).items.size() == 2);
  CHECK(read(api::parse_content(example("content-file-response-if-content-is-a-directory-object"))).items.size() == 2);
  CHECK(read(api::parse_content(example("content-file-response-if-content-is-a-symlink"))).type == "symlink");
  CHECK(read(api::parse_content(example("content-file-response-if-content-is-a-submodule"))).type == "submodule");
}

TEST_CASE("GitHub's recorded answers are read and judged") {
  const auto now = parse_rfc3339("2017-10-10T16:00:00Z").value();
  const auto judged = [&](const recorded_answer& x) { return api::judge(x.status, x.headers, x.body, resource::core, now); };
  for (const auto& x : recorded_answers("get-repository")) {
    CHECK(read(api::parse_repository(x.body)).id == 1000);
    CHECK_FALSE(judged(x).problem);
    CHECK(judged(x).news.remaining == 4999);
    CHECK(judged(x).news.used == 1);
  }
  for (const auto& x : recorded_answers("rename-repository"))
    if (x.status == 301) {
      CHECK_FALSE(judged(x).problem);
      CHECK(api::find_header(x.headers, "location") == "https://api.github.com/repositories/1000");
    }
  for (const auto& x : recorded_answers("paginate-issues"))
    CHECK(api::next_link(api::find_header(x.headers, "link")).ends_with("page=5") == x.path.ends_with("page=4"));
  for (const auto& x : recorded_answers("branch-protection"))
    if (x.status == 404) {
      CHECK(judged(x).problem == contents::trouble::gone);
      CHECK(judged(x).reason == "Branch not protected");
    }
  for (const auto& x : recorded_answers("errors")) {
    CHECK(judged(x).problem == contents::trouble::permanent);
    CHECK(judged(x).reason == "Validation Failed");
  }
  for (const auto& x : recorded_answers("get-content"))
    if (x.path.ends_with("/contents/"))
      CHECK(read(api::parse_content(x.body)).items.at(0).path == "README.md");
}

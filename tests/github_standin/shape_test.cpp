#include "tests/github_standin/app_key.hpp"
#include "tests/github_standin/openapi_schema.hpp"
#include "tests/github_standin/standin_fixture.hpp"
#include "tests/model/recorded.hpp"

#include <ctime>
#include <set>

using namespace ingot;
using namespace ingot::testing;

namespace {

/// GitHub's description and recorded answers lie beside the tree.
std::string github_rest(const std::string& name) {
  const auto file = shared_data() / "github/rest" / name;
  if (std::filesystem::exists(file))
    return bytes_of(file);
  WARN("not found, so not shown here: GitHub's " << name << " (shared/data/github/rest)");
  return {};
}

std::set<std::string> members(simdjson::dom::element of) {
  std::set<std::string> out;
  for (const auto& [name, value] : simdjson::dom::object{of})
    out.emplace(name);
  return out;
}

struct shape_fixture : standin_fixture {
  app_key key;
  std::string head, blob, previous;

  shape_fixture() {
    previous = repository.commit({{"README.md", "100644", "# hello\n"}, {"module", "160000", std::string(40, 'a')}});
    head = repository.commit({{"docs/a.txt", "100644", "a\n"}, {"link", "120000", "README.md"}});
    blob = repository.files(head).at("docs/a.txt").id;
    standin.change(id, [&](hosted_repository& x) { x.pulls[1] = {{"a.txt", "added", "", blob, 1, 0}}; });
    standin.set_app({7, "Iv1.client", "client-secret", "an-app", "An App", key.public_pem});
    hosted_installation x;
    x.id = 70;
    x.account = "octo";
    standin.add(x);
    hosted_delivery delivery;
    delivery.guid = "guid-1";
    delivery.event = "push";
    standin.add(delivery);
  }

  std::string jwt() const { return "Bearer " + key.jwt(7, std::time(nullptr)); }
};

} // namespace

TEST_CASE_METHOD(shape_fixture, "the stand-in's answers have the shape that GitHub's description gives them") {
  const auto text = github_rest("openapi-subset.json");
  if (text.empty())
    return;
  const openapi_description github{text};
  const auto check = [&](const std::string& operation, const http_answer& answer) {
    INFO(operation << ": " << answer.status << ' ' << answer.body.substr(0, 400));
    CHECK(answer.status / 100 == 2);
    for (const auto& wrong : github.judge(operation, static_cast<unsigned>(answer.status), answer.body)) {
      INFO(wrong);
      // There the description says that an account is a user and an enterprise at once; its own example is no such thing.
      CHECK(wrong.starts_with("GET /app/installations/0/account"));
    }
  };
  const std::string repo = "/repos/octo/hello";
  check("GET /repos/{owner}/{repo}", get(repo));
  check("GET /repos/{owner}/{repo}/commits/{ref}", get(repo + "/commits/main"));
  check("GET /repos/{owner}/{repo}/branches/{branch}", get(repo + "/branches/main"));
  check("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", get(repo + "/git/commits/" + head));
  check("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", get(repo + "/git/trees/main?recursive=1"));
  check("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", get(repo + "/git/blobs/" + blob));
  check("GET /repos/{owner}/{repo}/compare/{basehead}", get(repo + "/compare/" + previous + "..." + head));
  check("GET /repos/{owner}/{repo}/contents/{path}", get(repo + "/contents/docs/a.txt"));
  check("GET /repos/{owner}/{repo}/contents/{path}", get(repo + "/contents/docs"));
  check("GET /repos/{owner}/{repo}/contents/{path}", get(repo + "/contents/link"));
  check("GET /repos/{owner}/{repo}/contents/{path}", get(repo + "/contents/module"));
  check("GET /rate_limit", get("/rate_limit"));
  const std::vector<header> as_app{{"authorization", jwt()}};
  check("GET /app", get("/app", as_app));
  check("GET /app/installations", get("/app/installations", as_app));
  check("GET /app/installations/{installation_id}", get("/app/installations/70", as_app));
  check("GET /repos/{owner}/{repo}/installation", get(repo + "/installation", as_app));
  check("GET /app/hook/deliveries", get("/app/hook/deliveries", as_app));
  const auto token = http_client{standin.api_port()}.request("POST", "/app/installations/70/access_tokens",
                                                             {{"user-agent", "a-test"}, {"authorization", jwt()}});
  check("POST /app/installations/{installation_id}/access_tokens", token);
  check("GET /installation/repositories",
        get("/installation/repositories", {{"authorization", "Bearer " + parsed{token.body}.text("/token")}}));
}

TEST_CASE_METHOD(shape_fixture, "the stand-in's answers have the members of recorded ones") {
  for (const auto& [file, path] : std::vector<std::pair<std::string, std::string>>{
           {"recorded/get-repository.normalized.json", "/repos/octo/hello"},
           {"recorded/get-content.normalized.json", "/repos/octo/hello/contents/"}}) {
    const auto text = github_rest(file);
    if (text.empty())
      return;
    const parsed recorded{text};
    const auto answer = get(path);
    const parsed ours{answer.body};
    const auto theirs = recorded["/0/response"];
    const auto is_list = theirs.is_array();
    const auto expected = members(is_list ? theirs.at(0) : theirs), shown = members(is_list ? ours.root.at(0) : ours.root);
    for (const auto& name : expected) {
      INFO(path << ": " << name);
      // What GitHub has only for members of an organization, or no longer.
      const auto optional = name == "organization" || name.starts_with("allow_") || name.ends_with("_merge") ||
                            name == "permissions" || name.find("squash") != std::string::npos ||
                            name.find("merge") != std::string::npos;
      CHECK((optional || shown.contains(name)));
    }
    for (const auto& [name, value] : simdjson::dom::object{recorded["/0/headers"]}) {
      INFO(path << ": header " << name);
      if (name.starts_with("x-ratelimit") || name == "etag")
        CHECK(!answer[name].empty());
    }
  }
}

TEST_CASE_METHOD(shape_fixture, "an App's token is refused when it is signed by another key, and when its time is over") {
  CHECK(get("/app", {{"authorization", "Bearer " + app_key{}.jwt(7, std::time(nullptr))}}).status == 401);
  CHECK(get("/app", {{"authorization", "Bearer " + key.jwt(7, std::time(nullptr) - 3'600)}}).status == 401);
  CHECK(get("/app", {{"authorization", "Bearer " + key.jwt(8, std::time(nullptr))}}).status == 401);
  CHECK(get("/app", {{"authorization", jwt()}}).status == 200);
}

#include "bench/histogram.hpp"
#include "bench/load.hpp"
#include "bench/plan.hpp"
#include "tests/support/catch.hpp"

#include <cmath>
#include <set>

#include <simdjson.h>

using namespace ingot::bench;

namespace {

constexpr auto repository =
    R"({"id":186853002,"name":"Hello-World","full_name":"octo-org/Hello-World","owner":{"login":"octo-org"},)"
    R"("url":"https://api.github.com/repos/octo-org/Hello-World","updated_at":"2019-05-15T15:20:41Z","pushed_at":1557933657})";

example pull_request(const std::string& action) {
  return {"pull_request", action,
          R"({"action":")" + action +
              R"(","number":2,"pull_request":{"id":279147437,"number":2,"title":"Mend it","state":"open",)" +
              R"("url":"https://api.github.com/repos/octo-org/Hello-World/pulls/2","other":25,)" +
              R"("head":{"sha":"ec26c3e57ca3a959ca5aad62de7213c562f8c821"},"updated_at":"2019-05-15T15:20:33Z"},"repository":)" +
              repository + '}'};
}

example workflow_run(const std::string& action) {
  return {"workflow_run", action,
          R"({"action":")" + action +
              R"(","workflow_run":{"id":1589141559,"head_sha":"5779607b49aab1200488439f02372c57b4f75444",)" +
              R"("status":"queued","conclusion":null,"pull_requests":[],"updated_at":"2021-12-16T19:37:22Z"},"repository":)" +
              repository + '}'};
}

example push() {
  return {"push", "", R"({"ref":"refs/heads/main","repository":)" + std::string{repository} + '}'};
}

plan small_plan(std::uint64_t seed = 1, std::uint32_t pull_life = 0) {
  plan_settings x;
  x.pull_life = pull_life;
  x.seed = seed;
  x.repositories = 3;
  x.pulls_per_repository = 2;
  x.clock = 1'700'000'000;
  x.mix = {{"push", 20}, {"pull_request", 40}, {"workflow_run", 40}};
  return {x, make_templates({push(), pull_request("synchronize"), pull_request("edited"), workflow_run("completed"),
                             workflow_run("requested")},
                            "127.0.0.1:1")};
}

std::string patched(const plan& p, std::uint64_t n, const step& x, std::uint32_t version) {
  slot_values values{};
  p.values(n, x, version, values);
  std::string out(x.what->size(), '\0');
  x.what->patch(values, out.data());
  return out;
}

} // namespace

TEST_CASE("a patched request is whole JSON of one length that names its repository, pull request, commit and time everywhere") {
  const auto p = small_plan();
  for (const auto& what : p.templates()) {
    const step x{&what, 2, 1};
    const auto text = patched(p, 77, x, 5);
    REQUIRE(text.size() == what.size());
    const simdjson::padded_string body{text.substr(what.body_offset)};
    CHECK(text.find("Content-Length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
    simdjson::dom::parser parser;
    const auto root = parser.parse(body).value();
    CHECK(root["repository"]["id"].get_int64().value() == p.repository_id(2));
    CHECK(root["repository"]["full_name"].get_string().value() == "Codertocat/repo-" + std::to_string(p.repository_id(2)));
    CHECK(root["repository"]["updated_at"].get_string().value() == "2023-11-14T22:14:37Z");
    CHECK(root["repository"]["pushed_at"].get_int64().value() == 1'700'000'077);
    CHECK(text.find("Hello-World") == std::string::npos);
    std::string head(40, ' ');
    p.head(p.key(x), 5, head.data());
    if (what.is_pull_request) {
      const auto pull = root["pull_request"].value();
      CHECK(pull["number"].get_int64().value() == 1001);
      CHECK(pull["other"].get_int64().value() == 25);
      CHECK(pull["url"].get_string().value().ends_with("/pulls/1001"));
      CHECK(pull["head"]["sha"].get_string().value() == head);
      CHECK(pull["title"].get_string().value() == "Mend it #" + std::to_string(plan::serial(77)));
      CHECK(pull["updated_at"].get_string().value() == "2023-11-14T22:14:37Z");
    }
    if (!what.build.empty()) {
      const auto run = root["workflow_run"].value();
      CHECK(run["head_sha"].get_string().value() == head);
      CHECK(run["pull_requests"].at(0)["number"].get_int64().value() == 1001);
      CHECK(run["pull_requests"].at(0)["head"]["sha"].get_string().value() == head);
    }
  }
}

TEST_CASE("a workflow run's status and conclusion agree with its action and with the build that is expected of it") {
  const auto templates = make_templates({workflow_run("completed"), workflow_run("requested")}, "h");
  REQUIRE(templates.size() == 3);
  CHECK(templates[0].build == "buildPassed");
  CHECK(templates[0].text.find(R"("status":"completed","conclusion":"success")") != std::string::npos);
  CHECK(templates[1].build == "buildFailed");
  CHECK(templates[1].text.find(R"("status":"completed","conclusion":"failure")") != std::string::npos);
  CHECK(templates[2].build == "building");
  CHECK(templates[2].text.find(R"("status":"queued","conclusion":null)") != std::string::npos);
}

TEST_CASE("delivery ids look like UUIDs, never repeat, and tell their run") {
  const auto p = small_plan(1), other = small_plan(2);
  std::set<std::string> seen;
  for (std::uint64_t n = 0; n != 20'000; ++n) {
    const auto id = p.delivery_id(n);
    CHECK(id.size() == 36);
    seen.insert(id);
  }
  CHECK(seen.size() == 20'000);
  CHECK(seen.begin()->ends_with(p.run_suffix()));
  CHECK(p.run_suffix() != other.run_suffix());
  CHECK(p.repository_id(0) != other.repository_id(0));
}

TEST_CASE("the mix is kept, and one that does not sum to 100 is refused") {
  const auto p = small_plan();
  std::map<std::string, int> count;
  for (std::uint64_t n = 0; n != 10'000; ++n)
    ++count[p.at(n).what->event];
  CHECK(std::abs(count["push"] - 2000) < 200);
  CHECK(std::abs(count["pull_request"] - 4000) < 250);
  CHECK(parse_mix("push=100").at("push") == 100);
  CHECK_THROWS(parse_mix("push=50,check_run=49"));
  CHECK_THROWS(parse_mix("push"));
}

TEST_CASE("pull requests come and go when that is asked for, each after as many requests") {
  constexpr auto life = 50u;
  const auto p = small_plan(1, life);
  auto requests_of = std::map<std::size_t, unsigned>{};
  constexpr auto slides = std::uint64_t{100};
  for (std::uint64_t n = 0; n != slides * 3 * life; ++n) {
    const auto x = p.at(n);
    const auto oldest = n / (3 * life);
    CHECK((x.pull >= oldest && x.pull < oldest + 2));
    CHECK(p.key(x) < p.keys());
    ++requests_of[p.key(x)];
  }
  CHECK(requests_of.size() == 3 * (slides + 1));
  CHECK(requests_of.at(p.key(step{nullptr, 2, 50})) > life / 2);
  CHECK(requests_of.at(p.key(step{nullptr, 2, 50})) < life * 2);
}

TEST_CASE("the rows that are expected follow from what was acknowledged, in the order in which it was sent") {
  const auto p = small_plan();
  const std::size_t sent = 200;
  const auto all = expectations(p, std::vector<bool>(sent, true));
  heads current{p};
  std::map<std::size_t, std::uint64_t> last_title;
  std::map<std::size_t, std::uint32_t> version;
  std::map<std::size_t, std::pair<std::uint32_t, std::string>> last_build;
  for (std::uint64_t n = 0; n != sent; ++n) {
    const auto x = p.at(n);
    if (x.what->event == "push")
      continue;
    version[p.key(x)] = current.advance(n, x, p.key(x));
    if (x.what->is_pull_request)
      last_title[p.key(x)] = n;
    else
      last_build[p.key(x)] = {version[p.key(x)], x.what->build};
  }
  REQUIRE(all.size() == version.size());
  for (const auto& [key, row] : all) {
    CHECK(row.certain);
    CHECK(row.version == version[key]);
    CHECK(row.title == last_title[key]);
    const bool of_last_head = last_build.count(key) != 0 && last_build[key].first == version[key];
    CHECK((row.build ? *row.build : "") == (of_last_head ? last_build[key].second : ""));
  }

  // One refusal makes what it would have said uncertain, and nothing else.
  std::uint64_t refused = 0;
  while (!p.at(refused).what->is_pull_request)
    ++refused;
  std::vector<bool> acked(sent, true);
  acked[refused] = false;
  for (const auto& [key, row] : expectations(p, acked))
    CHECK(row.certain == (key != p.key(p.at(refused))));
}

TEST_CASE("a histogram's quantiles are right to a sixty-fourth") {
  histogram h;
  CHECK(h.quantile_ms(0.5) == 0);
  for (std::uint64_t i = 1; i <= 100'000; ++i)
    h.add(i * 1000);
  CHECK(std::abs(h.quantile_ms(0.5) - 50) < 50.0 / 64);
  CHECK(std::abs(h.quantile_ms(0.99) - 99) < 99.0 / 64);
  CHECK(h.quantile_ms(1) == h.max_ms());
  CHECK(h.max_ms() == 100);
}

TEST_CASE("an address that cannot be loaded is refused") {
  load_settings x;
  parse_url("http://localhost:8787/webhook", x);
  CHECK(x.host == "127.0.0.1");
  CHECK(x.port == 8787);
  CHECK_THROWS(parse_url("https://127.0.0.1", x));
  CHECK_THROWS(parse_url("http://example.org:80", x));
}

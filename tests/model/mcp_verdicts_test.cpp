#include "model/mcp/json_schema.hpp"
#include "model/mcp/published_schemas.hpp"
#include "tests/model/mcp_manifests.hpp"
#include "tests/support/catch.hpp"

#include <functional>
#include <map>
#include <set>
#include <sstream>

using namespace ingot;
using namespace ingot::testing;
using simdjson::dom::element;

namespace {

const mcp::manifest_validator& validator() {
  static const auto it = mcp::manifest_validator{};
  return it;
}

parsed_json rule_cases() {
  return parsed_json{bytes_of(std::filesystem::path(INGOT_SOURCE_DIR) / "tests/model/data/manifest-rule-cases.json")};
}

std::string minified(element x) {
  auto out = std::ostringstream{};
  out << simdjson::minify(x);
  return out.str();
}

/// Every value of a document but the top: its pointer and whether it may be dropped.
void each_place(element x, const std::string& at, const std::function<void(const std::string&)>& visit) {
  if (!at.empty())
    visit(at);
  if (x.is_object())
    for (const auto member : x.get_object())
      each_place(member.value, at + '/' + std::string{member.key}, visit);
  else if (x.is_array()) {
    auto index = std::size_t{0};
    for (const auto each : x.get_array())
      each_place(each, at + '/' + std::to_string(index++), visit);
  }
}

/// `x` with another text in place of the value at `target`; an empty text drops it.
std::string changed(element x, const std::string& at, const std::string& target, const std::string& to) {
  if (at == target)
    return to;
  if (!target.starts_with(at))
    return minified(x);
  auto out = std::string{};
  if (x.is_object()) {
    for (const auto member : x.get_object()) {
      const auto value = changed(member.value, at + '/' + std::string{member.key}, target, to);
      if (!value.empty())
        out += (out.empty() ? "\"" : ",\"") + std::string{member.key} + "\":" + value;
    }
    return '{' + out + '}';
  }
  if (!x.is_array())
    return minified(x);
  auto index = std::size_t{0};
  for (const auto each : x.get_array()) {
    const auto value = changed(each, at + '/' + std::to_string(index++), target, to);
    if (!value.empty())
      out += (out.empty() ? "" : ",") + value;
  }
  return '[' + out + ']';
}

/// The official schemas by version; none, with a warning, when they are not beside the tree.
std::map<std::string, mcp::json_schema> official_schemas() {
  auto out = std::map<std::string, mcp::json_schema>{};
  for (const auto& each : mcp::published_schemas()) {
    const auto file = shared_data() / "mcp/schemas" / (std::string{each.version} + ".server.schema.json");
    if (std::filesystem::exists(file))
      out.emplace(each.version, mcp::json_schema{bytes_of(file)});
  }
  if (out.empty())
    WARN("not found, so not shown here: the official schemas (shared/data/mcp/schemas)");
  return out;
}

/// Real manifests, and those of the rule cases.
std::vector<std::string> all_manifests() {
  auto out = std::vector<std::string>{};
  const auto folder = shared_data() / "mcp/manifests";
  if (std::filesystem::is_directory(folder))
    for (const auto& each : std::filesystem::directory_iterator(folder))
      if (each.path().string().ends_with(".server.json"))
        out.push_back(bytes_of(each.path()));
  std::sort(out.begin(), out.end());
  const auto cases = rule_cases();
  for (const auto each : cases.root.get_array())
    out.push_back(minified(each["manifest"]));
  return out;
}

} // namespace

TEST_CASE("every rule case gets the schema's verdict, at the places that ajv names") {
  const auto cases = rule_cases();
  for (const auto each : cases.root.get_array()) {
    INFO(text_at(each, "id"));
    const auto report = validator().validate(minified(each["manifest"]));
    CHECK(report.is_json);
    CHECK(report.schema_valid == bool(each["schemaValid"]));
    auto named = std::set<std::string>{};
    for (const auto problem : each["schemaErrors"].get_array())
      named.insert(text_at(problem, "path"));
    for (const auto& problem : report.problems)
      if (problem.source == mcp::problem_source::schema) {
        INFO(problem.pointer << ": " << problem.message);
        CHECK(named.contains(problem.pointer));
      }
  }
}

TEST_CASE("every rule case gets the registry's verdict, for its own reason") {
  // By the beginning of the case's id: where the rule speaks.
  static const std::map<std::string, std::string> places{{"website", "/websiteUrl"},
                                                         {"package-http-template", "/packages/0/transport/url"},
                                                         {"subfolder-bad", "/repository/subfolder"},
                                                         {"schema-unknown", "/$schema"},
                                                         {"remote-url", "/remotes/0/url"},
                                                         {"package-version", "/packages/0/version"},
                                                         {"named-arg-name", "/packages/0/runtimeArguments/0/name"},
                                                         {"repo-bitbucket", "/repository/url"},
                                                         {"remote-template", "/remotes/0/url"},
                                                         {"registry-type", "/packages/0/registryType"},
                                                         {"version-range", "/version"},
                                                         {"mcpb-no-hash", "/packages/0"},
                                                         {"second-package", "/packages/1/identifier"},
                                                         {"package-name", "/packages/0/identifier"}};
  const auto cases = rule_cases();
  for (const auto each : cases.root.get_array()) {
    const auto id = text_at(each, "id");
    INFO(id);
    auto said = element{};
    if (each["registryError"].get(said) != simdjson::SUCCESS)
      continue;
    const auto report = validator().validate(minified(each["manifest"]));
    for (const auto& problem : report.problems)
      UNSCOPED_INFO(problem.pointer << ": " << problem.message);
    CHECK(report.valid == said.is_null());
    if (said.is_null() || !report.schema_valid)
      continue;
    const auto place = std::find_if(places.begin(), places.end(), [&](const auto& x) { return id.starts_with(x.first); });
    REQUIRE(place != places.end());
    const auto* found = find_problem(report, place->second);
    REQUIRE(found != nullptr);
    CHECK(found->source == mcp::problem_source::rule);
    CHECK(report.problems.size() == 1);
  }
}

TEST_CASE("every real manifest gets the verdict that is recorded, and breaks no rule when a registry took it") {
  const auto folder = shared_data() / "mcp/manifests";
  if (!std::filesystem::exists(folder / "expected.json")) {
    WARN("not found, so not shown here: the real manifests (shared/data/mcp/manifests)");
    return;
  }
  const auto expected = parsed_json{bytes_of(folder / "expected.json")};
  auto count = 0;
  for (const auto each : expected.root.get_array()) {
    INFO(text_at(each, "file"));
    const auto report = validator().validate(bytes_of(folder / text_at(each, "file")));
    CHECK(report.schema == text_at(each, "schemaVersion"));
    CHECK(report.schema_valid == bool(each["schemaValid"]));
    for (const auto& problem : report.problems) {
      UNSCOPED_INFO(problem.pointer << ": " << problem.message);
      CHECK((problem.source == mcp::problem_source::schema || !report.schema_valid));
    }
    ++count;
  }
  CHECK(count == 50);
}

TEST_CASE("our schemas judge every manifest, and every one with a change, as the official ones do") {
  const auto official = official_schemas();
  if (official.empty())
    return;
  const std::vector<std::string> changes{"",
                                         "null",
                                         "1",
                                         "true",
                                         "\"\"",
                                         "{}",
                                         "[]",
                                         "\"latest\"",
                                         "\"a b\"",
                                         "[\"x\"]",
                                         "{\"type\":\"sse\"}",
                                         '"' + std::string(300, 'x') + '"',
                                         "\"https://host.example/\""};
  auto judged = std::size_t{0}, refused = std::size_t{0};
  auto number = std::size_t{0};
  for (const auto& text : all_manifests()) {
    const auto whole = parsed_json{text};
    auto variants = std::vector<std::string>{text};
    each_place(whole.root, "", [&](const std::string& place) {
      for (const auto& to : changes)
        if (number++ % 61 == 0) // so many combinations that it stays quick; others for each manifest
          variants.push_back(changed(whole.root, "", place, to));
    });
    for (const auto& variant : variants) {
      const auto document = parsed_json{variant};
      for (const auto& ours : mcp::published_schemas()) {
        static std::map<std::string, mcp::json_schema> compiled;
        const auto version = std::string{ours.version};
        const auto own = compiled.try_emplace(version, ours.text).first->second.check(document.root, 1).empty();
        const auto theirs = official.at(version).check(document.root, 1).empty();
        if (own != theirs)
          FAIL_CHECK(version << " differs on " << variant);
        ++judged;
        refused += theirs ? 0 : 1;
      }
    }
  }
  CHECK(judged > 10'000);
  CHECK(refused > judged / 10);
  CHECK(refused < judged * 9 / 10);
}

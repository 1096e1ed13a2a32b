#include "model/json_position.hpp"
#include "model/mcp/json_schema.hpp"
#include "model/mcp/manifest_guide.hpp"
#include "model/mcp/manifest_rules.hpp"
#include "tests/model/mcp_manifests.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <thread>

using namespace ingot;
using namespace ingot::testing;

namespace {

const mcp::manifest_validator& validator() {
  static const auto it = mcp::manifest_validator{};
  return it;
}

const mcp::manifest_origin origin{"octo-org", "weather"};

std::string package(const std::string& more) {
  return R"(, "packages": [{"registryType": "npm", "identifier": "weather", "version": "1.0.2", "transport": {"type": "stdio"})" +
         more + "}]";
}

std::string remote(const std::string& url, const std::string& more = {}) {
  return R"(, "remotes": [{"type": "sse", "url": ")" + url + "\"" + more + "}]";
}

} // namespace

TEST_CASE("a good manifest is valid, and its report says so") {
  const auto report = validator().validate(good_manifest(), origin);
  CHECK(report.is_json);
  CHECK(report.valid);
  CHECK(report.schema == "2025-12-11");
  CHECK(to_json(report) == R"({"valid":true,"schema_valid":true,"schema":"2025-12-11","errors":[]})");
}

TEST_CASE("a problem tells its place in the file, what was found, what is expected and how to mend it") {
  const auto text = std::string{
      "{\n  \"name\": \"io.github.octo-org/weather\",\n  \"description\": \"W\xC3\xA4rme\", \"version\": \"latest\",\n"
      "  \"remotes\": [\n    {\"type\": \"websocket\", \"url\": \"https://x.example\"}]\n}"};
  const auto report = validator().validate(text);
  REQUIRE(report.problems.size() == 2);
  const auto* type = find_problem(report, "/remotes/0/type");
  REQUIRE(type != nullptr);
  CHECK(type->message == R"(found "websocket", expected one of "streamable-http" or "sse")");
  CHECK_FALSE(type->hint.empty());
  CHECK(type->line == 5);
  CHECK(type->column == 14);
  const auto* version = find_problem(report, "/version");
  REQUIRE(version != nullptr);
  CHECK(version->source == mcp::problem_source::rule);
  CHECK(version->line == 3);
  CHECK(version->column == 38); // in characters, not bytes
  CHECK(to_json(report).find(R"({"source":"schema","pointer":"/remotes/0/type","message":"found \"websocket\)") !=
        std::string::npos);
}

TEST_CASE("a report is read back as it was written") {
  const auto report = validator().validate(good_manifest(R"(, "websiteUrl": "http://x.example", "title": "")"));
  auto read = mcp::manifest_report{};
  REQUIRE(from_json(to_json(report), read));
  CHECK(to_json(read) == to_json(report));
  CHECK(read.problems.size() == 2);
  CHECK_FALSE(from_json("[]", read));
  CHECK_FALSE(from_json(R"({"valid": true})", read));
}

TEST_CASE("of alternatives the one is told that was meant") {
  const auto message = [](const std::string& more, const char* pointer) {
    const auto report = validator().validate(good_manifest(more));
    const auto* found = find_problem(report, pointer);
    return found == nullptr || report.problems.size() != 1 ? to_json(report) : found->message;
  };
  CHECK(message(R"(, "remotes": [{"type": "sse"}])", "/remotes/0") == "the member `url` is absent, and expected");
  CHECK(message(package(R"(, "packageArguments": [{"type": "positional"}])"), "/packages/0/packageArguments/0") ==
        "the member `valueHint` or `value` is absent, and expected");
  CHECK(message(package(R"(, "packageArguments": [{"type": "named"}])"), "/packages/0/packageArguments/0") ==
        "the member `name` is absent, and expected");
  CHECK(message(package(R"(, "packageArguments": ["--port"])"), "/packages/0/packageArguments/0") ==
        R"(found "--port", expected an object)");
  CHECK(message(R"(, "title": 7)", "/title") == "found a number, expected a string");
}

TEST_CASE("a text that is no JSON says where it breaks") {
  const auto report = validator().validate("{\n  \"name\": \"a/b\",\n  oops\n}");
  CHECK_FALSE(report.is_json);
  CHECK_FALSE(report.valid);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].line == 3);
  CHECK(report.problems[0].column == 3);
  for (const auto* text : {"", " ", "{", "\xEF\xBB\xBF{}", "{\"a\": \"\xFF\"}", "nul"}) {
    INFO(text);
    CHECK_FALSE(validator().validate(text).is_json);
  }
}

TEST_CASE("JSON that cannot be kept, or that readers read differently, is refused at its place") {
  CHECK(find_problem(validator().validate(good_manifest(R"(, "title": "a\u0000b")")), "/title") != nullptr);
  CHECK(find_problem(validator().validate(good_manifest(R"(, "title": "\ud800")")), "/title") != nullptr);
  CHECK(find_problem(validator().validate(good_manifest(R"(, "_meta": {"x": 1e999})")), "/_meta/x") != nullptr);
  const auto twice = validator().validate(good_manifest(R"(, "_meta": {"x": {"a": 1, "b": 2, "a": 3}})"));
  REQUIRE(twice.problems.size() == 1);
  CHECK(twice.problems[0].pointer == "/_meta/x/a");
  const auto deep =
      validator().validate(good_manifest(", \"_meta\": {\"x\": " + std::string(100, '[') + std::string(100, ']') + "}"));
  CHECK(deep.is_json);
  CHECK_FALSE(deep.valid);
}

TEST_CASE("law 5: a hostile manifest costs no more than its bytes, and its report stays small") {
  const auto large = std::string(mcp::manifest_validator::text_bytes_max + 1, ' ');
  CHECK(validator().validate(large).problems.size() == 1);
  auto many = std::string{};
  for (auto i = 0; i < 20'000; ++i)
    many += "{},";
  CHECK(validator().validate(good_manifest(", \"remotes\": [" + many + "{}]")).problems.size() ==
        mcp::manifest_report::problems_max);
  const auto key = std::string(100'000, 'k');
  const auto long_key = validator().validate(
      good_manifest(", \"remotes\": [{\"type\": \"sse\", \"url\": \"https://x.example\", \"variables\": {\"" + key + "\": 7}}]"));
  REQUIRE(long_key.problems.size() == 1);
  CHECK(long_key.problems[0].pointer.size() < 300);
  auto items = std::string{"1"};
  for (auto i = 0; i < 50'000; ++i)
    items += ",1";
  CHECK(validator().validate(good_manifest(", \"title\": 1, \"_meta\": {\"" + key + "\": [" + items + "]}")).problems.size() ==
        1);
  // std::regex would have no stack left for it.
  CHECK(validator().validate(good_manifest(remote("https://" + std::string(200'000, 'a') + ".example"))).schema_valid);
  CHECK_FALSE(validator().validate(good_manifest({}, std::string(150, 'a') + "/" + std::string(200'000, '-'))).schema_valid);
}

TEST_CASE("law 5: of an address no more variables are read than it may name, whatever its size") {
  auto url = std::string{"https://x.example/"};
  for (auto i = 0; url.size() < 250'000; ++i)
    url += '{' + std::to_string(i) + '}';
  CHECK(mcp::template_variables(url).size() == mcp::template_variables_max + 1);
  CHECK(mcp::template_variables("{a}{b}{a}{}{c{d}") == std::vector<std::string>{"a", "b", "d"});
  const auto report = validator().validate(good_manifest(remote(url)));
  const auto* found = find_problem(report, "/remotes/0/url");
  REQUIRE(found != nullptr);
  CHECK(found->message == "found more than 100 variables, expected at most 100");
}

TEST_CASE("a version of the schema that is not accepted is told, and the default one counts") {
  const auto strict = mcp::manifest_validator{"2025-10-17", {"2025-10-17"}};
  const auto report = strict.validate(good_manifest());
  CHECK(report.schema == "2025-10-17");
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].pointer == "/$schema");
  CHECK_THROWS_AS(mcp::manifest_validator("2025-12-11", {"2025-10-17"}), std::invalid_argument);
  CHECK_THROWS_AS(mcp::manifest_validator("2025-12-11", {"2025-12-11", "1999-01-01"}), std::invalid_argument);
  CHECK(mcp::known_schema_versions().size() == 6);
}

TEST_CASE("the first version's members have underscores, for the rules too") {
  const auto text = std::string{R"({"$schema": "https://static.modelcontextprotocol.io/schemas/2025-07-09/server.schema.json",
    "name": "io.github.octo-org/weather", "description": "x", "version": "1.0.0", "website_url": "http://x.example",
    "packages": [{"registry_type": "flatpak", "identifier": "x", "version": "1", "transport": {"type": "stdio"}}]})"};
  const auto report = validator().validate(text);
  CHECK(report.schema_valid);
  CHECK(find_problem(report, "/packages/0/registry_type") != nullptr);
  CHECK(find_problem(report, "/website_url") != nullptr);
}

TEST_CASE("a name below io.github belongs to the owner of the repository where it was found") {
  CHECK(validator().validate(good_manifest({}, "io.github.octo-org/weather"), origin).valid);
  CHECK(validator().validate(good_manifest({}, "com.example/weather"), origin).valid);
  const auto stolen = validator().validate(good_manifest({}, "io.github.somebody/weather"), origin);
  REQUIRE(stolen.problems.size() == 1);
  CHECK(stolen.problems[0].pointer == "/name");
  const auto other_case = validator().validate(good_manifest({}, "io.github.Octo-Org/weather"), origin);
  REQUIRE(other_case.problems.size() == 1);
  CHECK(other_case.problems[0].hint.find("case") != std::string::npos);
  CHECK(validator().validate(good_manifest({}, "io.github.somebody/weather")).valid); // nobody knows where it was found
  for (const auto* other :
       {"IO.GitHub.octo-org/weather", "io.GITHUB.octo-org/weather", "Io.Github/weather", "io.github/weather"}) {
    INFO(other);
    CHECK(find_problem(validator().validate(good_manifest({}, other), origin), "/name") != nullptr);
    CHECK(find_problem(validator().validate(good_manifest({}, other)), "/name") != nullptr);
  }
  CHECK(validator().validate(good_manifest({}, "io.githubber.somebody/weather"), origin).valid);
  CHECK_FALSE(validator().validate(good_manifest({}, "weather/server")).valid);
  CHECK_FALSE(validator().validate(good_manifest({}, "com..example/server")).valid);
}

TEST_CASE("a manifest names the repository where it was found") {
  const auto with = [](const std::string& url) {
    return validator().validate(good_manifest(R"(, "repository": {"source": "github", "url": ")" + url + "\"}"), origin);
  };
  for (const auto* url : {"https://github.com/octo-org/weather", "https://github.com/Octo-Org/Weather.git",
                          "https://www.github.com/octo-org/weather/"})
    CHECK(with(url).valid);
  for (const auto* url : {"https://github.com/octo-org/weather2", "https://github.com/somebody/weather",
                          "https://github.com/octo-org/weather/tree/main", "https://evil.example/?github.com/octo-org/weather",
                          "https://github.com/octo-org"}) {
    INFO(url);
    CHECK(find_problem(with(url), "/repository/url") != nullptr);
  }
}

TEST_CASE("versions are exact") {
  for (const auto* fine :
       {"1.0.2", "v1.2", "1.0.0-alpha.1+build.5", "2025.09", "snapshot - 2025.09", "main", "1.0.132", "2.7.1-1", "0.7.10.dev5"}) {
    INFO(fine);
    CHECK_FALSE(mcp::inexact(fine));
  }
  for (const auto* range :
       {"^1.2.3", "~1.2",          ">=1.0.0",    "<2",       "=1.0",      ">= 1.0 <2.0", "1.x",   "1.2.X",  "1.*",    "*",
        "x",      "1.0.0 - 2.0.0", "1.0 || 2.0", "latest",   "Latest",    " latest ",    "~=1.4", "==1.0",  "===1.0", "!=1.0",
        "~>1.2",  "1.0,<2",        "1.0, 2.0",   ">=1.0,<2", "[1.0,2.0)", "(,2]",        "[1.0]", "1.0 <2", "1.0\n<2"}) {
    INFO(range);
    CHECK(mcp::inexact(range));
  }
}

TEST_CASE("what others are to call is https and public") {
  for (const auto* fine :
       {"https://mcp.example.com/sse", "https://mcp.example.com:8443/{tenant}/mcp", "https://{tenant}.example.com/mcp",
        "https://8.8.8.8/mcp", "https://[2606:4700::1111]/mcp", "HTTPS://mcp.example.com"}) {
    INFO(fine);
    CHECK(mcp::unlisted_address(fine) == std::nullopt);
  }
  for (const auto* wrong : {"http://mcp.example.com",
                            "ftp://mcp.example.com",
                            "https://localhost/mcp",
                            "https://a.localhost",
                            "https://127.0.0.1",
                            "https://127.1",
                            "https://2130706433",
                            "https://0x7f.1",
                            "https://10.1.2.3/mcp",
                            "https://192.168.1.1",
                            "https://169.254.169.254/latest",
                            "https://[::1]/",
                            "https://[fd00::1]",
                            "https://[::ffff:127.0.0.1]/",
                            "https://user:secret@mcp.example.com",
                            "https://db.internal",
                            "https://printer.local.",
                            "https://host.localdomain/",
                            "https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/",
                            "https://b\xC3\xBC"
                            "cher.example/",
                            "https://intranet",
                            "https://host/mcp",
                            "https://",
                            "https:///x",
                            "javascript:alert(1)",
                            "https://exa mple.com",
                            ""}) {
    INFO(wrong);
    CHECK(mcp::unlisted_address(wrong));
  }
}

TEST_CASE("identifiers fit to the type of the registry") {
  const auto fits = [](const char* type, const std::string& name) { return mcp::unfit_identifier(type, name) == std::nullopt; };
  CHECK(fits("npm", "@scope/weather-server"));
  CHECK_FALSE(fits("npm", "@scope/a/b"));
  CHECK_FALSE(fits("npm", "../etc"));
  CHECK(fits("pypi", "Weather.Server_1"));
  CHECK_FALSE(fits("pypi", "-weather"));
  CHECK(fits("nuget", "Weather.Mcp.Server"));
  CHECK_FALSE(fits("nuget", "Weather..Server"));
  CHECK(fits("oci", "registry.example:5000/owner/image:1.0@sha256:" + std::string(64, 'a')));
  CHECK_FALSE(fits("oci", "Owner/Image:"));
  CHECK(fits("mcpb", "https://github.com/o/r/releases/download/v1/x.mcpb"));
  CHECK_FALSE(fits("mcpb", "http://github.com/o/r/x.mcpb"));
}

TEST_CASE("arguments, headers and variables stand once, and what an address names is described") {
  const auto at = [](const std::string& more, const char* pointer) {
    const auto report = validator().validate(good_manifest(more));
    return find_problem(report, pointer) != nullptr && report.problems.size() == 1;
  };
  CHECK(at(package(R"(, "packageArguments": [{"type": "named", "name": "--a"}, {"type": "named", "name": "--a"}])"),
           "/packages/0/packageArguments/1/name"));
  CHECK(
      validator()
          .validate(good_manifest(package(
              R"(, "packageArguments": [{"type": "named", "name": "--a", "isRepeated": true}, {"type": "named", "name": "--a", "isRepeated": true}])")))
          .valid);
  CHECK(at(remote("https://x.example", R"(, "headers": [{"name": "X-Key"}, {"name": "x-key"}])"), "/remotes/0/headers/1/name"));
  CHECK(at(package(R"(, "environmentVariables": [{"name": "A_KEY", "value": "1"}, {"name": "a_key"}, {"name": "A_KEY"}])"),
           "/packages/0/environmentVariables/2/name"));
  CHECK(
      validator().validate(good_manifest(package(R"(, "environmentVariables": [{"name": "A_KEY"}, {"name": "A_KEY"}])"))).valid);
  CHECK(at(remote("https://x.example/{tenant}"), "/remotes/0/url"));
  CHECK(validator().validate(good_manifest(remote("https://x.example/{tenant}", R"(, "variables": {"tenant": {}})"))).valid);
}

TEST_CASE("URIs are those of RFC 3986") {
  for (const auto* fine : {"https://a.example/b?c=d#e", "http://[::1]:80/", "urn:isbn:0451450523", "mailto:a@b.example",
                           "a:", "https://user@host", "http://127.0.0.1:8080", "x://%41"}) {
    INFO(fine);
    CHECK(mcp::is_uri(fine));
  }
  for (const auto* wrong : {"", "a", "/a", "://x", "1a://x", "http://a b", "http://{port}/", "http://[zz]/", "http://a:b/",
                            "http://x/%4", "http://x/\xC3\xA4", "http://x/#a#b", "http://x\n"}) {
    INFO(wrong);
    CHECK_FALSE(mcp::is_uri(wrong));
  }
}

TEST_CASE("a schema with a keyword that is not implemented is refused, not passed over") {
  CHECK_THROWS_AS(mcp::json_schema(R"({"type": "object", "minProperties": 1})"), std::invalid_argument);
  CHECK_THROWS_AS(mcp::json_schema(R"({"type": "integer"})"), std::invalid_argument);
  CHECK_THROWS_AS(mcp::json_schema(R"({"pattern": "(?=a)b"})"), std::invalid_argument);
  CHECK_THROWS_AS(mcp::json_schema(R"({"$ref": "https://elsewhere.example/x"})"), std::invalid_argument);
  CHECK_THROWS_AS(mcp::json_schema("{"), std::invalid_argument);
}

TEST_CASE("positions are found in one pass, by pointer") {
  const auto text = std::string{"{\"a\\u0062\": [1,\n {\"~/\": \"x\"}], \"c\": null}"};
  const auto found = positions_of(text, std::vector<std::string>{"/c", "/ab/1/~0~1", "", "/ab/0", "/none", "/c"});
  CHECK(found[0] == text_position{2, 21});
  CHECK(found[1] == text_position{2, 9});
  CHECK(found[2] == text_position{1, 1});
  CHECK(found[3] == text_position{1, 14});
  CHECK(found[4] == text_position{1, 1});
  CHECK(found[5] == found[0]);
}

TEST_CASE("several threads validate with one validator") {
  const auto texts = std::vector<std::string>{good_manifest(), good_manifest(R"(, "title": "")"), "{"};
  auto expected = std::vector<std::string>{};
  for (const auto& each : texts)
    expected.push_back(to_json(validator().validate(each)));
  auto wrong = std::atomic<int>{0};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (auto k = std::size_t{0}; k < 300; ++k)
        if (to_json(validator().validate(texts[k % 3])) != expected[k % 3])
          ++wrong;
    });
  for (auto& each : threads)
    each.join();
  CHECK(wrong == 0);
}

TEST_CASE("the page for authors of manifests says what the schemas say") {
  // Made by: ingot manifest guide > docs/manifest.md
  const auto page = std::filesystem::path(INGOT_SOURCE_DIR) / "docs/manifest.md";
  CHECK(bytes_of(page) == mcp::manifest_guide());
}

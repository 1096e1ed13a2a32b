#include "commands/check_config.hpp"
#include "config/setting_table.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"

#include <simdjson.h>

#include <iterator>
#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

struct ran {
  int code;
  std::string out;
  std::string err;
};

ran check(const loaded_config& config, bool json = false) {
  std::ostringstream out;
  std::ostringstream err;
  auto code = check_config(config, {out, err, json, false});
  return {code, out.str(), err.str()};
}

std::string text_of_source(const std::string& path) {
  std::ifstream in{std::filesystem::path{INGOT_SOURCE_DIR} / path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("check-config names every mistake with its line and exits with 2") {
  scratch_folder folder;
  auto file = folder.write("ingot.toml", "[server]\nport = 70000\nprot = 1\n");
  auto x = check(load_config({file, {}}));
  CHECK(x.code == misconfigured);
  CHECK(x.out.empty());
  CHECK(x.err == file.string() + ":2:8: server.port: must be 0 to 65535, not 70000\n" + file.string() +
                     ":3:1: server.prot: there is no such setting; did you mean server.port?\n2 mistakes in the configuration\n");
}

TEST_CASE("check-config shows what is in effect and where it comes from") {
  scratch_folder folder;
  auto file = folder.write("ingot.toml", "[server]\nhead_timeout_ms = \"2s\"\n");
  auto x = check(load_config({file, {{"PORT", "9000"}}}));
  CHECK(x.code == done);
  CHECK(x.err.empty());
  auto has = [&](const std::string& part) { return x.out.find(part) != std::string::npos; };
  CHECK(has("environment PORT"));
  CHECK(has("\"2s\""));
  CHECK(has(file.string() + ":2"));
  CHECK(has("No webhook secret is set"));
}

TEST_CASE("law 9: check-config masks secrets, in tables and in JSON") {
  scratch_folder folder;
  auto file = folder.write("ingot.toml", "[[github.endpoint]]\nname = \"org\"\nsecret = \"endpoint-secret\"\n");
  auto config = load_config({file,
                             {{"GITHUB_WEBHOOK_SECRET", "hook-secret"},
                              {"GITHUB_WEBHOOK_SECRET_PREVIOUS", "older-secret"},
                              {"INGOT_ADMIN_TOKEN", "admin-token-0123456"},
                              {"DATABASE_URL", "postgresql://user:pa55word@db/ingot"}}});
  for (bool json : {false, true}) {
    auto x = check(config, json);
    CHECK(x.code == done);
    for (const auto* secret : {"endpoint-secret", "hook-secret", "older-secret", "admin-token-0123456", "pa55word"})
      CHECK(x.out.find(secret) == std::string::npos);
    CHECK(x.out.find("postgresql://user:***@db/ingot") != std::string::npos);
  }
}

TEST_CASE("check-config --json is JSON with the problems' places") {
  scratch_folder folder;
  auto x = check(load_config({folder.write("ingot.toml", "[log]\nlevel = \"loud\\u0001\"\n"), {}}), true);
  CHECK(x.code == misconfigured);
  simdjson::dom::parser parser;
  auto document = parser.parse(x.out);
  CHECK_FALSE(bool{document["ok"]});
  CHECK(std::int64_t{document["problems"].at(0)["line"]} == 2);
  CHECK(std::string_view{document["problems"].at(0)["key"]} == "log.level");
  CHECK(document["settings"].get_array().size() == all_settings().size());
}

TEST_CASE("the settings table of the documentation is the program's own") {
  CHECK(text_of_source("docs/operating.md").find(explain_settings()) != std::string::npos);
}

TEST_CASE("the example file is the program's own, and loads without a mistake, commented out or not") {
  CHECK(text_of_source("docs/ingot.example.toml") == example_toml());
  scratch_folder folder;
  CHECK(load_config({folder.write("as-it-is.toml", example_toml()), {}}).problems.empty());
  std::string live;
  std::istringstream lines{example_toml()};
  for (std::string line; std::getline(lines, line);)
    // `# text` is a comment, `#name = value` a setting.
    live += (line.starts_with("#") && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
  // Empty secrets of endpoints are replaced by something.
  auto loaded = load_config({folder.write("live.toml", live), {}});
  for (const auto& x : loaded.problems)
    UNSCOPED_INFO(to_string(x));
  CHECK(loaded.problems.empty());
  CHECK(loaded.origins.size() > all_settings().size() - 1);
}

#include "tests/house_rules/source_tree.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace {

std::string text_of(const std::vector<house_rules::source>& tree, const std::string& path) {
  const auto found = std::find_if(tree.begin(), tree.end(), [&](const auto& x) { return x.path == path; });
  return found == tree.end() ? "" : found->text;
}

} // namespace

TEST_CASE("test switches: every file that asks for one is compiled with them, and no preset of a release has them") {
  const auto tree = house_rules::read_tree();
  const auto build = text_of(tree, "CMakeLists.txt");
  const auto begin = build.find("set_source_files_properties(config/test_switches.cpp");
  REQUIRE(begin != std::string::npos);
  const auto list = build.substr(begin, build.find("PROPERTIES", begin) - begin);
  std::size_t asking = 0;
  for (const auto& x : tree) {
    if (!house_rules::is_cpp(x) || x.path.starts_with("tests/") || x.path.starts_with("config/test_switches"))
      continue;
    const auto code = house_rules::lex(x.text).code;
    if (code.find("is_off(") == std::string::npos && code.find("test_switches_off(") == std::string::npos)
      continue;
    ++asking;
    CAPTURE(x.path);
    CHECK(list.find(x.path) != std::string::npos);
  }
  CHECK(asking == 3);
  // They follow from the build type `Test`, which release and debug are not.
  const auto presets = text_of(tree, "CMakePresets.json");
  CHECK(presets.find("\"release\", \"inherits\": \"base\", \"cacheVariables\": {\"CMAKE_BUILD_TYPE\": \"Release\"") !=
        std::string::npos);
  CHECK(presets.find("INGOT_TEST_SWITCHES") == std::string::npos);
}

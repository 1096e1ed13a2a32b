#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Where the call whose arguments begin at `at` ends.
std::size_t end_of_call(const std::string& text, std::size_t at) {
  for (auto depth = 1; at < text.size() && depth > 0; ++at)
    depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
  return at;
}

/// The names of fields that the sources log, each with a file that does.
std::map<std::string, std::string> logged_fields() {
  static const std::regex call{"log::(trace|debug|info|warn|error)\\("}, field{"\\{\"([a-z_]+)\","};
  std::map<std::string, std::string> out;
  const auto look = [&](const fs::path& file) {
    const auto text = text_of(file);
    for (auto at = std::sregex_iterator{text.begin(), text.end(), call}; at != std::sregex_iterator{}; ++at) {
      const auto from = static_cast<std::size_t>(at->position() + at->length());
      const auto arguments = text.substr(from, end_of_call(text, from) - from);
      for (auto x = std::sregex_iterator{arguments.begin(), arguments.end(), field}; x != std::sregex_iterator{}; ++x)
        out.emplace((*x)[1].str(), file.filename().string());
    }
  };
  const fs::path root{INGOT_SOURCE_DIR};
  look(root / "main.cpp");
  for (const auto* folder : {"actors", "commands", "config", "net", "storage", "telemetry"})
    for (const auto& entry : fs::recursive_directory_iterator{root / folder})
      if (entry.path().extension() == ".cpp")
        look(entry.path());
  return out;
}

} // namespace

TEST_CASE("every field of the log is explained in docs/operating.md") {
  const auto manual = text_of(fs::path{INGOT_SOURCE_DIR} / "docs/operating.md");
  const auto from = manual.find("\n## The log\n");
  REQUIRE(from != std::string::npos);
  const auto table = manual.substr(from, manual.find("\n## ", from + 1) - from);
  const auto fields = logged_fields();
  CHECK(fields.size() > 30);
  for (const auto& [name, file] : fields) {
    INFO(file << " logs the field " << name);
    CHECK(table.find("`" + name + "`") != std::string::npos);
  }
}

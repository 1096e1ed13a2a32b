#include "commands/command_line.hpp"
#include "commands/terminal.hpp"
#include "tests/support/catch.hpp"

#include <iostream>
#include <sstream>
#include <vector>

using namespace ingot;

namespace {

struct spoken {
  int code;
  std::string err;
};

/// What the program says to `words`, which never start a node.
spoken say(std::vector<std::string> words) {
  words.insert(words.begin(), "ingot");
  auto pointers = std::vector<char*>{};
  for (auto& x : words)
    pointers.push_back(x.data());
  std::ostringstream heard;
  auto* const before = std::cerr.rdbuf(heard.rdbuf());
  const auto code = run_command_line(static_cast<int>(pointers.size()), pointers.data(), [](serve_request) { return -1; });
  std::cerr.rdbuf(before);
  return {code, heard.str()};
}

} // namespace

TEST_CASE("a command that does not exist is named, with the one that was meant") {
  const auto x = say({"delivries", "list"});
  CHECK(x.code == commands::misconfigured);
  CHECK(x.err == "ingot: there is no command `delivries`; did you mean `deliveries`?\n");
  CHECK(say({"--config", "x.toml", "frobnicate"}).err == "ingot: there is no command `frobnicate`; `ingot --help` names all\n");
}

TEST_CASE("no command at all shows the help") {
  const auto x = say({});
  CHECK(x.code == commands::misconfigured);
  CHECK(x.err.find("serve") != std::string::npos);
}

TEST_CASE("what a command line cannot mean ends with 2") {
  CHECK(say({"send"}).code == commands::misconfigured);
  CHECK(say({"send", "--delivery", "a", "--count", "2", "--example"}).code == commands::misconfigured);
  CHECK(say({"send", "/nowhere.json", "--secret", "x"}).code == commands::failed);
}

#include "tests/house_rules/source_tree.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <regex>

using house_rules::source;

namespace {

/// The first match of `pattern` in the code (no comments, no literals) of `x`, or empty.
std::string in_code(const source& x, const std::regex& pattern) {
  std::smatch found;
  auto code = house_rules::lex(x.text).code;
  return std::regex_search(code, found, pattern) ? found.str() : "";
}

/// The first literal that holds SQL, or empty.
std::string sql_in(const source& x) {
  static const std::regex sql{
      R"(\b(INSERT\s+INTO|DELETE\s+FROM|UPDATE\s+\w+\s+SET|CREATE\s+TABLE|ALTER\s+TABLE|SELECT\s[^;]*\sFROM)\b)"};
  for (const auto& literal : house_rules::lex(x.text).literals)
    if (std::regex_search(literal, sql))
      return literal;
  return "";
}

const std::regex infinite{R"(\binfinite\b)"};
const std::regex sleeping{R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b)"};
const std::regex clock_or_chance{
    R"(\bnow\s*\(|\brand(om)?\s*\(|\brandom_device\b|\bmt19937|\bgettimeofday\b|\bclock_gettime\b|\btime\s*\(\s*(nullptr|NULL|0)\s*\)|\bRAND_bytes\b|\bgetrandom\b)"};

bool is_under(const source& x, std::initializer_list<const char*> folders) {
  return std::any_of(folders.begin(), folders.end(), [&](const char* f) { return x.path.starts_with(f); });
}

template <class Judge>
void judge_all(std::initializer_list<const char*> only, std::initializer_list<const char*> except, Judge judge) {
  std::size_t judged = 0;
  for (const auto& file : house_rules::read_tree()) {
    if (!house_rules::is_cpp(file) || is_under(file, except) || (only.size() > 0 && !is_under(file, only)))
      continue;
    ++judged;
    std::string found = judge(file);
    INFO(file.path << ": " << found);
    CHECK(found.empty());
  }
  CHECK(judged > 0);
}

} // namespace

TEST_CASE("law 10: no request waits for ever: infinite stands nowhere outside tests") {
  judge_all({}, {"tests/"}, [](const source& x) { return in_code(x, infinite); });
  CHECK(in_code({"a.cpp", "self->request(x, caf::infinite, y)"}, infinite) != "");
  CHECK(in_code({"a.cpp", "// caf::infinite\n"}, infinite) == "");
}

TEST_CASE("law 10: nothing that runs on the scheduler's or the server's threads sleeps") {
  // The client of GitHub blocks, and is called by detached actors and commands alone.
  judge_all({"model/", "actors/", "net/"}, {"net/github/"}, [](const source& x) { return in_code(x, sleeping); });
  CHECK(in_code({"a.cpp", "std::this_thread::sleep_for(1s);"}, sleeping) != "");
}

TEST_CASE("law 11: model has no clock and no chance of its own") {
  judge_all({"model/"}, {}, [](const source& x) { return in_code(x, clock_or_chance); });
  CHECK(in_code({"a.cpp", "auto t = std::chrono::system_clock::now();"}, clock_or_chance) != "");
  CHECK(in_code({"a.cpp", "int x = std::rand();"}, clock_or_chance) != "");
  CHECK(in_code({"a.cpp", "std::random_device d;"}, clock_or_chance) != "");
  CHECK(in_code({"a.cpp", "known(x);"}, clock_or_chance) == "");
}

TEST_CASE("SQL stands only under storage") {
  judge_all({}, {"storage/", "tests/", "bench/"}, sql_in);
  CHECK(sql_in({"a.cpp", "exec(\"SELECT id \" \n \"FROM jobs\")"}) != "");
  CHECK(sql_in({"a.cpp", "exec(R\"(UPDATE jobs SET x = 1)\")"}) != "");
  CHECK(sql_in({"a.cpp", "// SELECT id FROM jobs\n say(\"please SELECT one\");"}) == "");
}

TEST_CASE("every header is included once") {
  for (const auto& file : house_rules::read_tree()) {
    INFO(file.path);
    if (file.path.ends_with(".hpp"))
      CHECK(file.text.find("#pragma once") != std::string::npos);
  }
}

TEST_CASE("the tree names no machine of its makers, and its lockfiles no download address") {
  const auto machine = std::string{"/wo"} + "rk/"; // written apart, so that this file does not hold it
  for (const auto& file : house_rules::read_tree()) {
    INFO(file.path);
    CHECK(file.text.find(machine) == std::string::npos);
    if (file.path.ends_with("package-lock.json"))
      CHECK(file.text.find("\"resolved\"") == std::string::npos);
  }
}

TEST_CASE("no test has a name that CTest or the test runner would misread") {
  // CTest splits a name at a semicolon and runs nothing; the runner takes a leading dash for an option.
  static const auto misread = std::regex{R"re(TEST_CASE(_METHOD)?\((\w+,\s*)?"([^"]*;[^"]*|-[^"]*)")re"};
  for (const auto& file : house_rules::read_tree()) {
    INFO(file.path);
    if (house_rules::is_cpp(file) && file.path != "tests/house_rules/laws_in_source_test.cpp")
      CHECK_FALSE(std::regex_search(file.text, misread));
  }
  CHECK(std::regex_search(std::string{"TEST_CASE(\"a; b\")"}, misread));
  CHECK(std::regex_search(std::string{"TEST_CASE_METHOD(x, \"--a\")"}, misread));
}

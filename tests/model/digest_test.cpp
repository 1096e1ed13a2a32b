#include "model/digest.hpp"

#include "tests/support/catch.hpp"

#include <set>
#include <string>

using ingot::digest;

TEST_CASE("a digest is the same in every version: it is stored") {
  CHECK((digest{} << "hello" << std::int64_t{-1} << true).value() == 0xde98840b8d13079fULL);
  CHECK(digest{}.value() == 0x9ca066f1a4ab2eeaULL);
}

TEST_CASE("a digest tells sequences apart that look alike when joined") {
  auto of = [](auto... xs) { return (digest{} << ... << xs).value(); };
  CHECK(of("ab", "c") != of("a", "bc"));
  CHECK(of("") != of());
  CHECK(of("a") != of(std::string("a\0", 2)));
  CHECK(of(true) != of(false));
  CHECK(of(std::optional<std::int64_t>{}) != of(std::optional<std::int64_t>{0}));
  CHECK(of("12345678") != of("123456789"));
  CHECK(of("one", "two") != of("two", "one"));
}

TEST_CASE("digests of many similar texts differ") {
  auto seen = std::set<std::uint64_t>{};
  for (auto i = 0; i < 100'000; ++i)
    seen.insert((digest{} << "check_run " + std::to_string(i)).value());
  CHECK(seen.size() == 100'000);
}

#include "commands/table.hpp"
#include "model/json_object.hpp"
#include "tests/support/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

std::string printed(const table& x, bool coloured = false) {
  std::ostringstream out;
  print(out, x, coloured);
  return out.str();
}

} // namespace

TEST_CASE("columns are aligned by characters, not bytes") {
  CHECK(printed({{"NAME", "N"}, {{"é", "1"}, {"long name", "22"}}}) == "NAME       N\n"
                                                                       "é          1\n"
                                                                       "long name  22\n");
}

TEST_CASE("what comes from outside cannot move the operator's cursor") {
  CHECK(presentable("a\x1b[2Jb\n\x7f\xc2\x9b\xff\xc3\xa9") == "a\\x1b[2Jb\\x0a\\x7f\\x9b\xEF\xBF\xBD\xc3\xa9");
  CHECK(printed({{}, {{"x\x1b]0;owned\x07"}}}) == "x\\x1b]0;owned\\x07\n");
}

TEST_CASE("colours do not change the alignment and are left out where they are not wanted") {
  table x{{}, {{{"ok", colour::good}, "a"}, {{"fail", colour::bad}, "b"}}};
  CHECK(printed(x) == "ok    a\nfail  b\n");
  CHECK(printed(x, true) == "\x1b[32mok\x1b[0m    a\n\x1b[31mfail\x1b[0m  b\n");
}

TEST_CASE("NO_COLOR and pipes get no colours") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK_FALSE(wants_colour(ends[1]));
  CHECK_FALSE(is_terminal(ends[1]));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a terminal is told from all else") {
  const auto terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  CHECK(is_terminal(terminal));
  ::close(terminal);
}

TEST_CASE("JSON of a listing is well-formed whatever the texts are") {
  auto text = json_object{}.add("a\"", "b\\\n\xff").add("n", 7).add("yes", true).add_raw("list", json_array({"1", "{}"})).text();
  CHECK(text == "{\"a\\\"\":\"b\\\\\\n\xEF\xBF\xBD\",\"n\":7,\"yes\":true,\"list\":[1,{}]}");
  CHECK(json_object{}.text() == "{}");
}

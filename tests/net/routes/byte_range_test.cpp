#include "net/routes/byte_range.hpp"
#include "tests/support/catch.hpp"

using ingot::routes::byte_range;
using ingot::routes::judge_range;
using ingot::routes::names_tag;

TEST_CASE("a range is cut to what there is") {
  CHECK(judge_range("bytes=0-0", 10).range == byte_range{0, 1});
  CHECK(judge_range("bytes=2-5", 10).range == byte_range{2, 4});
  CHECK(judge_range(" bytes= 2-5 ", 10).range == byte_range{2, 4});
  CHECK(judge_range("bytes=2-", 10).range == byte_range{2, 8});
  CHECK(judge_range("bytes=2-99", 10).range == byte_range{2, 8});
  CHECK(judge_range("bytes=2-99999999999999999999999", 10).range == byte_range{2, 8});
  CHECK(judge_range("bytes=-3", 10).range == byte_range{7, 3});
  CHECK(judge_range("bytes=-30", 10).range == byte_range{0, 10});
}

TEST_CASE("a range beyond the end is told from one that does not count") {
  for (const auto* field : {"bytes=10-", "bytes=10-20", "bytes=99999999999999999999999-", "bytes=-0"}) {
    INFO(field);
    CHECK(judge_range(field, 10).unsatisfiable);
    CHECK_FALSE(judge_range(field, 10).range);
  }
  CHECK(judge_range("bytes=0-", 0).unsatisfiable);
  CHECK(judge_range("bytes=-1", 0).unsatisfiable);
  for (const auto* field : {"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-2", "bytes=a-b", "bytes=1-2,4-5", "items=0-1",
                            "bytes=+1-2", "bytes=1 -2", "bytes=-1-2", "bytes=0x1-2"}) {
    INFO(field);
    CHECK_FALSE(judge_range(field, 10).unsatisfiable);
    CHECK_FALSE(judge_range(field, 10).range);
  }
}

TEST_CASE("If-None-Match names a tag among others, weak or not") {
  CHECK(names_tag("\"a\"", "\"a\""));
  CHECK(names_tag("W/\"a\"", "\"a\""));
  CHECK(names_tag("\"b\" , W/\"c\",\"a\"", "\"a\""));
  CHECK(names_tag(" * ", "\"a\""));
  CHECK_FALSE(names_tag("", "\"a\""));
  CHECK_FALSE(names_tag("\"b\", \"aa\", a", "\"a\""));
  CHECK_FALSE(names_tag(",,,", "\"a\""));
}

#include "storage/binary_array.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <cmath>
#include <limits>

namespace ingot::storage {

namespace {

/// What PostgreSQL understands of a parameter: its text form.
template <class Array>
std::string understood(testing::database& db, Array& array, const std::string& type) {
  auto c = db.connect();
  pqxx::work t{c->raw()};
  const auto rows = pgx::query(t, "SELECT coalesce(array_to_string($1::" + type + "[], ',', 'NULL'), '')", array.parameter());
  return rows[0][0].c_str();
}

} // namespace

TEST_CASE("every element type arrives as it was given, nulls included") {
  testing::database db{testing::database::content::empty};

  text_array text;
  text.add("plain");
  text.add("quote\" brace} comma, back\\slash 'x' \n ü");
  text.add_null();
  text.add(std::optional<std::string>{});
  text.add("");
  CHECK(understood(db, text, "text") == "plain,quote\" brace} comma, back\\slash 'x' \n ü,NULL,NULL,");

  int8_array int8;
  for (auto v :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0}, std::numeric_limits<std::int64_t>::max()})
    int8.add(v);
  int8.add(std::optional<std::int64_t>{});
  CHECK(understood(db, int8, "bigint") == "-9223372036854775808,-1,0,9223372036854775807,NULL");

  int4_array int4;
  int4.add(std::numeric_limits<std::int32_t>::min());
  int4.add(70000);
  CHECK(understood(db, int4, "int") == "-2147483648,70000");

  int2_array int2;
  int2.add(std::int16_t{-32768});
  int2.add(std::int16_t{300});
  CHECK(understood(db, int2, "smallint") == "-32768,300");

  bool_array boolean;
  boolean.add(true);
  boolean.add(false);
  boolean.add(std::optional<bool>{});
  CHECK(understood(db, boolean, "boolean") == "t,f,NULL");

  float8_array float8;
  float8.add(-0.1);
  float8.add(std::numeric_limits<double>::infinity());
  CHECK(understood(db, float8, "float8") == "-0.1,Infinity");

  timestamptz_array times;
  times.add(*parse_rfc3339("2024-05-01T10:00:00.000001Z"));
  times.add(*parse_rfc3339("1970-01-01T00:00:00Z"));
  times.add(*parse_rfc3339("9999-12-31T23:59:59.999999Z"));
  times.add(std::optional<timestamp>{});
  CHECK(understood(db, times, "timestamptz") ==
        "2024-05-01 10:00:00.000001+00,1970-01-01 00:00:00+00,9999-12-31 23:59:59.999999+00,NULL");

  jsonb_array json;
  json.add(R"({"a": [1, "}"]})");
  json.add_null();
  CHECK(understood(db, json, "jsonb") == R"({"a": [1, "}"]},NULL)");

  bytea_array bytes;
  bytes.add(std::string_view{"\0\xff'\\", 4});
  bytes.add_null();
  CHECK(understood(db, bytes, "bytea") == "\\x00ff275c,NULL");
}

TEST_CASE("an empty array, and one that was cleared, are empty arrays") {
  testing::database db{testing::database::content::empty};
  text_array none;
  CHECK(understood(db, none, "text").empty());
  none.add_null();
  none.clear();
  CHECK(none.size() == 0);
  CHECK(understood(db, none, "text").empty());
  none.add("again");
  CHECK(understood(db, none, "text") == "again");
}

TEST_CASE("a text of many megabytes goes through a binary array and unnest unchanged") {
  testing::database db{testing::database::content::empty};
  auto c = db.connect();
  pqxx::work t{c->raw()};
  std::string huge(30'000'000, 'x');
  huge[17] = '"';
  text_array texts;
  texts.add("before");
  texts.add(huge);
  texts.add("after");
  int4_array numbers;
  for (int i : {1, 2, 3})
    numbers.add(i);
  pgx::prepare(c->raw(), "both",
               "SELECT n, length(x), md5(x) = md5($3) FROM unnest($1::int[], $2::text[]) AS u (n, x) ORDER BY n");
  const auto rows = pgx::run(t, "both", numbers.parameter(), texts.parameter(), huge);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0][1].as<int>() == 6);
  CHECK(rows[1][1].as<int>() == 30'000'000);
  CHECK(rows[1][2].as<bool>());
  CHECK(rows[2][1].as<int>() == 5);
}

TEST_CASE("an array of another element type than the statement's is refused, not misread") {
  testing::database db{testing::database::content::empty};
  int8_array numbers;
  numbers.add(1);
  CHECK_THROWS_AS(understood(db, numbers, "text"), pqxx::sql_error);
}

TEST_CASE("a value too large for PostgreSQL is refused before it is copied, and the array stays as it was") {
  text_array texts;
  texts.add("kept");
  const char byte = 'x';
  // Only its size is looked at, which is unknown to the compiler's checks.
  const volatile std::size_t too_much = binary_array::bytes_max;
  const std::string_view hostile{&byte, too_much};
  CHECK_THROWS_AS(texts.add(hostile), std::length_error);
  const volatile std::size_t nearly_everything = std::numeric_limits<std::size_t>::max() - 8;
  const std::string_view wrapping{&byte, nearly_everything};
  CHECK_THROWS_AS(texts.add(wrapping), std::length_error);
  CHECK(texts.size() == 1);
  testing::database db{testing::database::content::empty};
  CHECK(understood(db, texts, "text") == "kept");
}

TEST_CASE("bytes come back from a bytea column as they went in") {
  testing::database db{testing::database::content::empty};
  auto c = db.connect();
  pqxx::work t{c->raw()};
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  const auto rows = pgx::query(t, "SELECT $1::bytea, NULL::bytea, $2::int, $3::text", pgx::binary{all}, std::nullopt, "text");
  CHECK(pgx::bytes(rows[0][0]) == all);
  CHECK(pgx::bytes(rows[0][1]).empty());
  CHECK_FALSE(pgx::maybe<int>(rows[0][2]));
  CHECK(pgx::text(rows[0][3]) == "text");
}

} // namespace ingot::storage

#include "model/json_document.hpp"
#include "model/json_locate.hpp"
#include "model/json_members.hpp"
#include "model/json_write.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;
using namespace std::string_literals;

namespace {

/// `code at place`, or `fine`.
std::string verdict(std::string_view text) {
  json_document document;
  const auto wrong = document.parse(text);
  if (!wrong)
    return "fine";
  REQUIRE(wrong->details.size() == 1);
  CHECK(find_bad_utf8(wrong->details[0].pointer + wrong->details[0].message) == std::string_view::npos);
  return std::string(to_string(wrong->code)) + " at " + wrong->details[0].pointer;
}

std::string nested(std::size_t levels, std::string_view inside) {
  std::string out = "{\"a\":";
  out.append(levels - 1, '[');
  out += inside;
  out.append(levels - 1, ']');
  return out + "}";
}

std::string repeat(std::size_t times, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

} // namespace

TEST_CASE("JSON that is malformed is refused with the byte where it goes wrong") {
  CHECK(verdict("") == "malformed_body at byte 0");
  CHECK(verdict("  ") == "malformed_body at byte 2");
  CHECK(verdict("{\"a\":1") == "malformed_body at byte 6");
  CHECK(verdict("{\"a\":1,}") == "malformed_body at byte 7");
  CHECK(verdict("{\"a\" 1}") == "malformed_body at byte 5");
  CHECK(verdict("{\"a\":tru}") == "malformed_body at byte 5");
  CHECK(verdict("{\"a\":01}") == "malformed_body at byte 6");
  CHECK(verdict("{\"a\":1.}") == "malformed_body at byte 7");
  CHECK(verdict("{\"a\":-}") == "malformed_body at byte 6");
  CHECK(verdict("{\"a\":1e}") == "malformed_body at byte 7");
  CHECK(verdict("{\"a\":\"x") == "malformed_body at byte 7");
  CHECK(verdict("{\"a\":\"\n\"}") == "malformed_body at byte 6");
  CHECK(verdict("{\"a\":\"\\x\"}") == "malformed_body at byte 6");
  CHECK(verdict("{\"a\":\"\\u12g4\"}") == "malformed_body at byte 6");
  CHECK(verdict("{\"a\":[1,2}") == "malformed_body at byte 9");
  CHECK(verdict("{} {}") == "malformed_body at byte 3");
  CHECK(verdict("{a:1}") == "malformed_body at byte 1");
}

TEST_CASE("a byte order mark makes a text no JSON, whatever version of the parser reads it") {
  CHECK(verdict("\xEF\xBB\xBF{}") == "malformed_body at byte 0");
  CHECK(verdict("\xEF\xBB\xBF") == "malformed_body at byte 0");
  CHECK(verdict("{\"a\": \"\xEF\xBB\xBF\"}") == "fine");
}

TEST_CASE("a document that is no object is refused") {
  const auto text = GENERATE("[]", "1", "\"x\"", "null", "true", "[{}]");
  CHECK(verdict(text) == "malformed_body at byte 0");
}

TEST_CASE("text that cannot be stored is refused with its JSON pointer") {
  CHECK(verdict(R"({"a":{"b/c":["x","y\u0000z"]}})") == "unstorable_text at /a/b~1c/1");
  CHECK(verdict("{\"a\":[\"x\0y\"]}"s) == "unstorable_text at /a/0");
  CHECK(verdict(R"({"a":"\ud83d"})") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":"\uDE00 low alone"})") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":"\ud83d\u0041"})") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":"\ud83d\ud83d\ude00"})") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":{"\u0000":1}})") == "unstorable_text at /a");
  CHECK(verdict(R"({"m~n":{"\u0041\n":"\u0000"}})") == "unstorable_text at /m~0n/A\n");
}

TEST_CASE("escapes that only look like NUL or half a pair are taken") {
  CHECK(verdict(R"({"a":"\\u0000 \\ud83d \\\\u0000"})") == "fine");
  CHECK(verdict(R"({"a":"\ud83d\ude00 \uD83D\uDE00 \u0001 \uE000"})") == "fine");
  CHECK(verdict(R"({"a":"\\\u0000"})") == "unstorable_text at /a");
}

TEST_CASE("bad UTF-8 is refused with the byte where it stands") {
  CHECK(verdict("{\"a\":\"\xFF\"}") == "unstorable_text at byte 6");
  CHECK(verdict("{\"a\":\"\xC3\"}") == "unstorable_text at byte 6");
  CHECK(verdict("{\"a\":\"\xC0\x80\"}") == "unstorable_text at byte 6");
  CHECK(verdict("{\"a\":\"\xE0\x80\x80\"}") == "unstorable_text at byte 6");
  CHECK(verdict("{\"a\":\"ok \xED\xA0\x80\"}") == "unstorable_text at byte 9");
  CHECK(verdict("{\"a\":\"\xF4\x90\x80\x80\"}") == "unstorable_text at byte 6");
  CHECK(verdict("{\"a\":\"\xF0\x9F\x98\"}") == "unstorable_text at byte 6");
  CHECK(verdict("{\"a\":\"\xF0\x9F\x98\x80 \xC3\xA9 \xEF\xBF\xBF\"}") == "fine");
}

TEST_CASE("a NUL byte outside a string is refused with its place") {
  CHECK(verdict("{\"a\":1}\0"s) == "unstorable_text at byte 7");
  CHECK(verdict("{\0\"a\":1}"s) == "unstorable_text at byte 1");
}

TEST_CASE("64 levels pass and 65 are refused, whether the innermost is empty or not") {
  CHECK(verdict(nested(64, "")) == "fine");
  CHECK(verdict(nested(64, "1")) == "fine");
  CHECK(verdict(nested(63, "{}")) == "fine");
  CHECK(verdict(nested(65, "1")).starts_with("unstorable_text at /a/0/0"));
  CHECK(verdict(nested(65, "")).starts_with("unstorable_text at /a/0/0"));
  CHECK(verdict(nested(64, "{}")).starts_with("unstorable_text at /a/0/0"));
  CHECK(verdict("{\"a\":" + std::string(100'000, '[')).starts_with("unstorable_text at /a/0/0"));
  CHECK(verdict(repeat(100'000, "{\"a\":")).starts_with("unstorable_text at /a/a/a"));
}

TEST_CASE("a document of 64 levels can be read to its bottom") {
  json_document document;
  const auto text = nested(64, "7");
  REQUIRE_FALSE(document.parse(text));
  simdjson::dom::element x = document.root()["a"];
  for (int i = 0; i < 63; ++i)
    x = x.at(0);
  CHECK(std::int64_t(x) == 7);
}

TEST_CASE("numbers beyond 64 bits or a double are refused, and small ones are zero") {
  CHECK(verdict(R"({"a":18446744073709551615,"b":-9223372036854775808})") == "fine");
  CHECK(verdict(R"({"a":18446744073709551616})") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":-9223372036854775809})") == "unstorable_text at /a");
  CHECK(verdict("{\"a\":[1," + std::string(100'000, '9') + "]}") == "unstorable_text at /a/1");
  CHECK(verdict(R"({"a":1e400})") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":-1e99999999999999999999})") == "unstorable_text at /a");
  CHECK(verdict("{\"a\":1" + std::string(400, '0') + "e-5}") == "unstorable_text at /a");
  CHECK(verdict(R"({"a":1e-400,"b":0e400,"c":1.7976931348623157e308})") == "fine");
  CHECK(verdict("{\"a\":0." + std::string(500, '0') + "1}") == "fine");
  CHECK(verdict("{\"a\":0." + std::string(500, '0') + "1e500}") == "fine");
}

TEST_CASE("a member that comes twice at the top is refused, further down the first counts") {
  CHECK(verdict(R"({"a":1,"b":2,"a":3})") == "malformed_body at /a");
  CHECK(verdict(R"({"a":1,"\u0061":3})") == "malformed_body at /a");
  CHECK(verdict(R"({"a":{"b":1,"b":2}})") == "fine");
  std::string many = "{";
  for (int i = 0; i < 1000; ++i)
    many += "\"k" + std::to_string(i) + "\":0,";
  CHECK(verdict(many + "\"last\":0}") == "fine");
  CHECK(verdict(many + "\"k999\":0}") == "malformed_body at /k999");
  CHECK(verdict(many + "\"k0\":0}") == "malformed_body at /k0");
}

TEST_CASE("law 5: what a failure repeats of the input is bounded") {
  json_document document;
  const auto wrong = document.parse("{\"" + std::string(1'000'000, 'k') + "\":\"\\u0000\"}");
  REQUIRE(wrong);
  CHECK(wrong->details.at(0).pointer.size() <= echo_bytes_max + 3);
  CHECK(cut_for_echo("aé", 2) == "a…");
  CHECK(cut_for_echo("aé", 3) == "aé");
}

TEST_CASE("large documents and text with padding behind it are read like small ones") {
  const auto text = "{\"a\":\"" + std::string(2'000'000, 'x') + "\",\"b\":5}";
  json_document document;
  REQUIRE_FALSE(document.parse(text));
  CHECK(std::int64_t(document.root()["b"]) == 5);
  std::string padded = "{\"b\":6}";
  padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
  REQUIRE_FALSE(document.parse(padded, padded.capacity() - padded.size()));
  CHECK(std::int64_t(document.root()["b"]) == 6);
}

TEST_CASE("picked members are read with their types, and what is needed and absent is named") {
  json_document document;
  REQUIRE_FALSE(document.parse(
      R"({"s":"x","n":5,"neg":-5,"d":5.0,"t":true,"z":null,"o":{"s":1},"at":"2024-05-01T10:00:00Z","epoch":10,"late":"soon"})"));
  json_faults faults;
  const json_members<"s", "n", "neg", "d", "t", "z", "o", "at", "epoch", "late", "none"> x(
      json_child{document.root(), {}, &faults});
  CHECK(x.text<"s">() == "x");
  CHECK(x.integer<"n">() == 5);
  CHECK_FALSE(x.integer<"d">());
  CHECK(x.flag<"t">() == true);
  CHECK(x.is_null<"z">());
  CHECK_FALSE(x.is_null<"none">());
  CHECK(to_rfc3339(x.time<"at">().value()) == "2024-05-01T10:00:00Z");
  CHECK(to_rfc3339(x.need_time<"epoch">()) == "1970-01-01T00:00:10Z");
  CHECK_FALSE(faults.any());
  x.need_text<"none">();
  x.need_text<"n">();
  x.need_positive<"neg">();
  x.need_positive<"n">(4);
  x.need_time<"late">();
  const json_members<"s"> o(x.child<"o">());
  o.need_text<"s">();

  const auto failure = faults.take("the test");
  CHECK(failure.code == fault::missing_field);
  CHECK(failure.message == "the test needs /none, /n, /neg, /n, /late, /o/s");
  REQUIRE(failure.details.size() == 6);
  CHECK(failure.details[0].message == "expected a string, and nothing came");
  CHECK(failure.details[3].message == "expected a whole number from 1 to 4, and 5 came");
  CHECK(failure.details[4].message == "expected a time (RFC 3339, or seconds since 1970), and \"soon\" came");
}

TEST_CASE("a picked member that comes twice is refused wherever it stands") {
  json_document document;
  REQUIRE_FALSE(document.parse(R"({"o":{"id":1,"other":1,"other":2,"id":2}})"));
  json_faults faults;
  const json_members<"o"> root(json_child{document.root(), {}, &faults});
  const json_members<"id"> o(root.child<"o">());
  const auto failure = faults.take("the test");
  CHECK(failure.code == fault::malformed_body);
  REQUIRE(failure.details.size() == 1);
  CHECK(failure.details[0].pointer == "/o/id");
}

TEST_CASE("a written JSON string is read back as the same text") {
  std::string text = "plain \"quoted\" \\ / é 😀";
  for (char c = 1; c < 0x20; ++c)
    text += c;
  std::string json = "{\"a\":";
  append_json_string(json, text);
  json += '}';
  json_document document;
  REQUIRE_FALSE(document.parse(json));
  CHECK(std::string_view(document.root()["a"]) == text);
}

#include "model/json_locate.hpp"
#include "telemetry/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/telemetry/captured_stderr.hpp"

#include <regex>

using namespace ingot;
using namespace std::string_view_literals;

namespace {

/// What one call writes, with level trace.
template <class Function>
std::string written(log_format format, Function&& call) {
  log::configure({"trace", format});
  captured_stderr capture;
  call();
  return capture.text();
}

/// The line after its time and level.
std::string tail(const std::string& line) {
  return line.substr(line.find("\"event\""));
}

} // namespace

TEST_CASE("a line is one JSON object with time, level, event and fields") {
  auto line = written(log_format::json, [] {
    log::info("delivery stored", {{"delivery", "d-1"}, {"repository_id", std::int64_t{7}}, {"ms", 1.5}});
  });
  CHECK(std::regex_match(
      line,
      std::regex{
          R"(\{"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info","event":"delivery stored","delivery":"d-1","repository_id":7,"ms":1.5\}\n)"}));
}

TEST_CASE("hostile text neither breaks the line nor its JSON") {
  std::string hostile = "a\"b\\c\nd\x01\x1b[31m\xff\xc3";
  hostile += '\0';
  auto line = written(log_format::json, [&] { log::warn("refused", {{"remote", hostile}}); });
  CHECK(tail(line) == "\"event\":\"refused\",\"remote\":\"a\\\"b\\\\c\\nd\\u0001\\u001b[31m\xEF\xBF\xBD\xEF\xBF\xBD\\u0000\"}\n");
  CHECK(find_bad_utf8(line) == std::string_view::npos);

  auto text = written(log_format::text, [&] { log::warn("refused", {{"remote", hostile + "\x7f\xc2\x9b"}}); });
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xc2\x9b") == std::string::npos);
  CHECK(text.find('\x7f') == std::string::npos);
}

TEST_CASE("law 5: a value in the log is bounded") {
  std::string big(10'000'000, 'x');
  auto line = written(log_format::json, [&] { log::info("big", {{"reason", big}}); });
  CHECK(line.size() < 3000);
}

TEST_CASE("numbers that JSON does not have are null") {
  auto line = written(log_format::json, [] { log::info("odd", {{"a", std::nan("")}, {"b", HUGE_VAL}}); });
  CHECK(tail(line) == "\"event\":\"odd\",\"a\":null,\"b\":null}\n");
}

TEST_CASE("only lines of the level and above are written") {
  for (auto [level, count] : {std::pair{"trace", 5}, {"debug", 4}, {"info", 3}, {"warn", 2}, {"error", 1}, {"off", 0}}) {
    log::configure({level, log_format::json});
    captured_stderr capture;
    log::write(log::level::trace, "x");
    log::debug("x");
    log::info("x");
    log::warn("x");
    log::error("x");
    INFO(level);
    CHECK(capture.lines().size() == static_cast<std::size_t>(count));
    CHECK(log::enabled(log::level::error) == (count > 0));
  }
}

TEST_CASE("text is for people: values with spaces are quoted") {
  auto line = written(log_format::text, [] {
    log::info("node ready", {{"address", "127.0.0.1:8787"}, {"reason", "two words"}});
  });
  CHECK(std::regex_match(line, std::regex{R"(\S+Z info   node ready address=127\.0\.0\.1:8787 reason="two words"\n)"}));
}

TEST_CASE("law 9: a registered secret never reaches the log, in whatever field or encoding of the line") {
  log::hide({"s3cret\"with\\quotes", "tok", "0123456789abcdef", "0123456789"});
  for (auto format : {log_format::json, log_format::text}) {
    auto line = written(format, [] {
      log::error("cannot connect to postgresql://u:0123456789abcdef@h/d",
                 {{"reason", "password s3cret\"with\\quotes is wrong, s3cret\"with\\quotes!"},
                  {"text", "\xff"
                           "0123456789\xff"}});
    });
    INFO(line);
    CHECK(line.find("s3cret") == std::string::npos);
    CHECK(line.find("0123456789") == std::string::npos);
    CHECK(line.find("abcdef") == std::string::npos);
    CHECK(line.find("[hidden]") != std::string::npos);
  }
  log::hide({});
}

TEST_CASE("law 9: a secret across the place where a long value is cut does not leave its first half") {
  log::hide({"0123456789abcdef"});
  for (std::size_t before = 2030; before < 2050; ++before) {
    auto line = written(log_format::json, [&] { log::info("x", {{"reason", std::string(before, 'x') + "0123456789abcdef"}}); });
    CHECK(line.find("01234") == std::string::npos);
  }
  log::hide({});
}

TEST_CASE("law 9: a field that is named like a secret is hidden") {
  auto line = written(log_format::json, [] {
    log::info("x", {{"admin_token", "a1"}, {"webhook_secret", "b2"}, {"authorization", "c3"}, {"delivery", "d4"}});
  });
  CHECK(tail(line) ==
        R"("event":"x","admin_token":"[hidden]","webhook_secret":"[hidden]","authorization":"[hidden]","delivery":"d4"})"
        "\n");
}

TEST_CASE("a field named like one of the line's own does not make its JSON ambiguous") {
  auto line = written(log_format::json, [] { log::info("delivery taken", {{"event", "push"}, {"level", "x"}}); });
  CHECK(tail(line) == "\"event\":\"delivery taken\",\"event_\":\"push\",\"level_\":\"x\"}\n");
}

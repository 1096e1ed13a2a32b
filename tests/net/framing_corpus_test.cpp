#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

#include <simdjson.h>

#include <algorithm>
#include <memory>

using namespace ingot;
using namespace ingot::testing;

namespace {

struct vector_case {
  std::string id;
  std::string raw;
  std::vector<std::string> expect;
  std::size_t responses_min = 0;
  std::size_t responses_max = ~std::size_t(0);
  bool timeout_ok = false;
  bool half_close = false;
  std::string must_not_echo;
  std::string must_not_request;
};

std::string from_base64(std::string_view text) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=')
      break;
    bits = (bits << 6) | static_cast<unsigned>(digits.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xFF);
    }
  }
  return out;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::vector<vector_case> corpus() {
  simdjson::dom::parser parser;
  std::vector<vector_case> cases;
  for (simdjson::dom::element each : parser.load(INGOT_SOURCE_DIR "/tests/net/data/request-vectors.json").get_array()) {
    vector_case c;
    c.id = std::string_view(each["id"]);
    c.raw = from_base64(each["rawBase64"]);
    replace_all(c.raw, "@GET@", "/get");
    replace_all(c.raw, "@POST@", "/post");
    for (std::string_view e : each["expect"].get_array())
      c.expect.emplace_back(e);
    std::uint64_t number = 0;
    std::string_view text;
    if (!each["responses"].get(number))
      c.responses_min = number;
    if (!each["maxResponses"].get(number))
      c.responses_max = number;
    if (!each["mustNotEcho"].get(text))
      c.must_not_echo = text;
    if (!each["mustNotRequest"].get(text))
      c.must_not_request = text;
    c.timeout_ok = !each["timeoutOk"].is_null() && !each["timeoutOk"].error();
    c.half_close = !each["halfClose"].error();
    cases.push_back(std::move(c));
  }
  return cases;
}

/// Whether the first final answer is what `wanted` allows.
bool matches(std::string wanted, const std::vector<raw_answer>& answers) {
  const bool interim = !answers.empty() && answers.front().status == 100;
  if (wanted == "100,any")
    return interim && answers.size() > 1;
  const std::size_t first = interim ? 1 : 0;
  if (wanted == "close")
    return answers.empty();
  if (answers.size() <= first)
    return false;
  const auto& answer = answers[first];
  if (wanted.size() > 6 && wanted.ends_with("+close")) {
    if (answers.size() != first + 1 || answer["connection"] != "close")
      return false;
    wanted.resize(wanted.size() - 6);
  }
  const bool framing = answer.body.find("bad_request_framing") != std::string::npos;
  if (wanted == "any")
    return true;
  if (wanted == "2xx")
    return answer.status / 100 == 2;
  if (wanted == "400app")
    return answer.status == 400 && !framing;
  return std::to_string(answer.status) == wanted;
}

bool allowed(const vector_case& c, const std::vector<raw_answer>& answers) {
  if (std::any_of(c.expect.begin(), c.expect.end(), [&](const std::string& wanted) { return matches(wanted, answers); }))
    return true;
  return c.timeout_ok && (answers.empty() || answers.front().status == 408);
}

std::string shown(const std::vector<raw_answer>& answers) {
  std::string text;
  for (const auto& each : answers)
    text += each.head + each.body + '\n';
  return text;
}

} // namespace

TEST_CASE("every request of the framing corpus gets an answer that RFC 9110 and 9112 allow", "[framing]") {
  const auto cases = corpus();
  REQUIRE(cases.size() >= 77);
  auto settings = test_settings();
  settings.head_timeout = settings.body_grace = settings.idle_timeout = milliseconds(500);
  test_application app;
  http::server server(settings, app);
  server.start();

  // All at once: many of them end with a deadline.
  std::vector<raw_client> clients;
  for (const auto& c : cases) {
    clients.emplace_back(server.port());
    clients.back().send(c.raw);
    if (c.half_close)
      clients.back().shutdown_send();
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& c = cases[i];
    const auto text = clients[i].read_rest();
    const auto answers = all_answers(text);
    INFO(c.id << "\nsent: " << c.raw.substr(0, 400) << "\nanswered: " << shown(answers));
    CHECK(allowed(c, answers));
    CHECK(answers.size() >= c.responses_min);
    CHECK(answers.size() <= c.responses_max);
    CHECK((c.must_not_echo.empty() || text.find(c.must_not_echo) == std::string::npos));
    for (std::size_t k = 0; k < answers.size(); ++k) // a refusal of the framing is the connection's last word
      if (answers[k].body.find("bad_request_framing") != std::string::npos) {
        CHECK(k + 1 == answers.size());
        CHECK(answers[k]["connection"] == "close");
      }
  }
  const auto paths = app.paths();
  for (const auto& c : cases)
    if (!c.must_not_request.empty())
      CHECK(std::find(paths.begin(), paths.end(), c.must_not_request) == paths.end());
}

#include "model/events/event.hpp"
#include "model/events/recent_views.hpp"
#include "model/events/viewer.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::events;

namespace {

const auto now = *parse_rfc3339("2026-11-18T12:00:00Z");
const auto known = rules{{"VIEW", "COPY", "SAVE"}, 5};

batch good(const std::string& list) {
  auto x = parse("{\"events\":[" + list + "]}", known, now);
  REQUIRE(std::holds_alternative<batch>(x));
  return std::move(std::get<batch>(x));
}

/// `pointer code` of the only event, which is bad; a good one stands beside it.
std::string fault_of(const std::string& bad) {
  const auto x = good(R"({"type":"COPY","ruleId":"r"},)" + bad);
  REQUIRE(x.rejected.size() == 1);
  REQUIRE(x.events.size() == 1);
  CHECK(x.rejected[0].index == 1);
  CHECK_FALSE(x.rejected[0].message.empty());
  return x.rejected[0].pointer + ' ' + std::string{x.rejected[0].code};
}

std::string with(const std::string& members) {
  return R"({"type":"COPY","ruleId":"r",)" + members + '}';
}

} // namespace

TEST_CASE("model: an event is read with all that it says") {
  const auto x = good(
      with(R"("userId":"u1","ts":"2026-11-18T11:59:59.25+01:00","idempotencyKey":"k","from":"\u00e9","deep":{"a":[1.5,null]})"));
  REQUIRE(x.events.size() == 1);
  const auto& e = x.events[0];
  CHECK(e.type == "COPY");
  CHECK(e.rule_id == "r");
  CHECK(e.user_id == "u1");
  CHECK(e.idempotency_key == "k");
  CHECK(to_rfc3339(e.at) == "2026-11-18T10:59:59.250000Z");
  CHECK(e.data == "{\"from\":\"\xC3\xA9\",\"deep\":{\"a\":[1.5,null]}}");
}

TEST_CASE("model: what an event leaves out, or says as null, is absent, and its time is when it came") {
  const auto x = good(with(R"("userId":null,"ts":null,"idempotencyKey":null)") + R"(,{"ruleId":"r","type":"VIEW"})");
  for (const auto& e : x.events) {
    CHECK(e.user_id.empty());
    CHECK(e.idempotency_key.empty());
    CHECK(e.data.empty());
    CHECK(e.at == now);
  }
  CHECK_FALSE(x.events[0].is_view());
  CHECK(x.events[1].is_view());
}

TEST_CASE("model: every fault of an event is named with its place, and the others are good") {
  CHECK(fault_of("7") == "/events/1 invalid_field");
  CHECK(fault_of("{}") == "/events/1/type missing_field");
  CHECK(fault_of(R"({"type":"COPY"})") == "/events/1/ruleId missing_field");
  CHECK(fault_of(R"({"type":"copy","ruleId":"r"})") == "/events/1/type unknown_type");
  CHECK(fault_of(R"({"type":["COPY"],"ruleId":"r"})") == "/events/1/type unknown_type");
  CHECK(fault_of(R"({"type":"COPY","ruleId":7})") == "/events/1/ruleId invalid_field");
  CHECK(fault_of(R"({"type":"COPY","ruleId":""})") == "/events/1/ruleId invalid_field");
  CHECK(fault_of(R"({"type":"COPY","ruleId":")" + std::string(192, 'r') + "\"}") == "/events/1/ruleId invalid_field");
  CHECK(fault_of(R"({"type":"COPY","ruleId":"a\u0000b"})") == "/events/1/ruleId unstorable_text");
  CHECK(fault_of(R"({"type":"COPY","ruleId":"a\nb"})") == "/events/1/ruleId unstorable_text");
  CHECK(fault_of(R"({"type":"COPY","ruleId":"r","ruleId":"r"})") == "/events/1/ruleId invalid_field");
  CHECK(fault_of(with(R"("userId":5)")) == "/events/1/userId invalid_field");
  CHECK(fault_of(with(R"("idempotencyKey":"")")) == "/events/1/idempotencyKey invalid_field");
  CHECK(fault_of(with(R"("ts":"yesterday")")) == "/events/1/ts invalid_field");
  CHECK(fault_of(with(R"("ts":1700000000)")) == "/events/1/ts invalid_field");
  CHECK(fault_of(with(R"("more":"a\u0000b")")) == "/events/1 unstorable_text");
  CHECK(fault_of(with("\"more\":\"" + std::string(data_bytes_max, 'x') + '"')) == "/events/1 invalid_field");
}

TEST_CASE("model: an event may be a day ahead and thirty days old, to the moment") {
  const auto at = [](timestamp t) { return with("\"ts\":\"" + to_rfc3339(t) + '"'); };
  const auto moment = std::chrono::microseconds{1};
  CHECK(good(at(now + known.ahead_max) + ',' + at(now - known.age_max)).events.size() == 2);
  CHECK(fault_of(at(now + known.ahead_max + moment)) == "/events/1/ts too_far_ahead");
  CHECK(fault_of(at(now - known.age_max - moment)) == "/events/1/ts too_old");
}

TEST_CASE("model: a body that is no list of events, or has no good one, is refused with the place") {
  const auto place = [](const std::string& body) {
    const auto x = parse(body, known, now);
    REQUIRE(std::holds_alternative<failure>(x));
    return std::get<failure>(x).details.at(0).pointer;
  };
  CHECK(place("{}") == "/events");
  CHECK(place(R"({"events":{}})") == "/events");
  CHECK(place(R"({"events":[]})") == "/events");
  CHECK(place(R"({"events":[1,2,3,4,5,6]})") == "/events");
  CHECK(place(R"({"events":[{"type":"COPY","ruleId":"r"}],"extra":1})") == "/extra");
  CHECK(place(R"({"events":[{"type":"COPY"},2]})") == "/events/0/ruleId");
  CHECK(place("[]") == "byte 0");
  CHECK(std::get<failure>(parse(R"({"events":[1,{"type":"COPY"}]})", known, now)).details.size() == 2);
}

TEST_CASE("model: a batch outlives the rules that it was judged by") {
  auto of = std::make_unique<rules>(rules{{"COPY-A-RULE-TO-THE-CLIPBOARD"}});
  auto x = parse(R"({"events":[{"type":"COPY-A-RULE-TO-THE-CLIPBOARD","ruleId":"r"}]})", *of, now);
  of->types.front().assign(of->types.front().size(), '?');
  of = nullptr;
  REQUIRE(std::holds_alternative<batch>(x));
  CHECK(std::get<batch>(x).events.front().type == "COPY-A-RULE-TO-THE-CLIPBOARD");
}

TEST_CASE("model: what was accepted is read back from its own text, whatever the rules have become") {
  const auto x = good(with(R"("userId":"u","ts":"2026-11-01T00:00:00Z","idempotencyKey":"k","more":{"a":"\u00e9"},"n":1)") +
                      R"(,{"type":"VIEW","ruleId":"v"},7)");
  auto later = rules{{}, 1};
  later.accepted_before = true;
  const auto back = parse(to_json(x), later, now + std::chrono::hours{24 * 365});
  REQUIRE(std::holds_alternative<batch>(back));
  const auto& y = std::get<batch>(back);
  CHECK(y.rejected.empty());
  REQUIRE(y.events.size() == 2);
  for (auto i = std::size_t{0}; i < 2; ++i) {
    CHECK(y.events[i].type == x.events[i].type);
    CHECK(y.events[i].rule_id == x.events[i].rule_id);
    CHECK(y.events[i].user_id == x.events[i].user_id);
    CHECK(y.events[i].idempotency_key == x.events[i].idempotency_key);
    CHECK(y.events[i].at == x.events[i].at);
    CHECK(y.events[i].data == x.events[i].data);
  }
}

TEST_CASE("model: a viewer is a hash that differs by address and period and is the same on every node") {
  const auto key = std::string(32, 'k');
  const auto one = viewer_hasher{key, 7}, other = viewer_hasher{key, 7}, foreign = viewer_hasher{std::string(32, 'x'), 7};
  const auto address = *parse_ip("192.0.2.1");
  const auto period = one.period_of(now);
  CHECK(period <= now);
  CHECK(now < period + std::chrono::days{7});
  CHECK(one.hash(address, period) == other.hash(address, period));
  CHECK(one.hash(address, period) != one.hash(address, period + std::chrono::days{7}));
  CHECK(one.hash(address, period) != foreign.hash(address, period));
  CHECK(one.hash(address, period) != one.hash(*parse_ip("192.0.2.2"), period));
  CHECK(one.hash(*parse_ip("2001:db8::1"), period) == one.hash(*parse_ip("2001:db8::2"), period));
}

TEST_CASE("model: a viewer's text says it all, and other texts are none") {
  const auto hasher = viewer_hasher{"key", 1};
  auto x = viewer{};
  for (auto days = 0; days < 3; ++days) {
    const auto period = hasher.period_of(now + std::chrono::hours{24 * days});
    x.add(period, hasher.hash(*parse_ip("192.0.2.1"), period));
  }
  const auto back = viewer::from_text(x.text());
  REQUIRE(back);
  CHECK(back->text() == x.text());
  CHECK(back->in(hasher.period_of(now)) == x.in(hasher.period_of(now)));
  for (const auto* text :
       {"x", "2026-11-18=12", "2026-11-18=zz345678901234567890123456789012", "2026-13-18=12345678901234567890123456789012"})
    CHECK_FALSE(viewer::from_text(text));
}

TEST_CASE("model: recent views cover what lies within the window, and forget the oldest first") {
  recent_views recent{16};
  const auto window = std::chrono::minutes{10};
  recent.remember({1, 2}, now);
  CHECK(recent.covers({1, 2}, now + window - std::chrono::microseconds{1}, window));
  CHECK(recent.covers({1, 2}, now - window + std::chrono::microseconds{1}, window));
  CHECK_FALSE(recent.covers({1, 2}, now + window, window));
  CHECK_FALSE(recent.covers({2, 2}, now, window));
  for (auto i = std::uint64_t{10}; i < 14; ++i)
    recent.remember({i, 2}, now + std::chrono::seconds{i});
  CHECK_FALSE(recent.covers({1, 2}, now, window));
  CHECK(recent.covers({13, 2}, now, window));
}

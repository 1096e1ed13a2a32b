#include "model/base64.hpp"
#include "model/standard_webhooks.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"

#include <simdjson.h>

using namespace ingot;

namespace {

std::filesystem::path vectors() {
  return std::filesystem::path{INGOT_SOURCE_DIR} / "tests/model/data/standard-webhooks.json";
}

/// A header by its name in any case.
std::string_view header(simdjson::dom::element of, std::string_view name) {
  for (const auto& [key, value] : of["headers"].get_object())
    if (key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(), [](char a, char b) {
          return static_cast<char>(a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
        }))
      return value.get_string();
  return {};
}

} // namespace

TEST_CASE("webhook signatures are judged as the reference library judges them") {
  simdjson::dom::parser parser;
  auto judged = 0, accepted = 0;
  for (auto x : parser.load(vectors().string()).get_array()) {
    INFO(std::string_view{x["id"]});
    const auto key = standard_webhooks::parse_secret(x["secret"].get_string());
    REQUIRE(key);
    const auto now = *from_epoch_seconds(x["now"].get_int64());
    const auto verdict =
        standard_webhooks::verify(*key, {header(x, "webhook-id"), header(x, "webhook-timestamp"), header(x, "webhook-signature")},
                                  std::string_view{x["payload"]}, now, std::chrono::seconds{std::int64_t{x["tolerance"]}});
    CHECK((verdict == fault::none) == bool{x["accept"]});
    ++judged;
    accepted += verdict == fault::none ? 1 : 0;
  }
  CHECK(judged >= 20);
  CHECK(accepted >= 8);
}

TEST_CASE("a webhook is signed as the specification's published example is") {
  const auto key = standard_webhooks::parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  REQUIRE(key);
  CHECK(standard_webhooks::sign(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  CHECK(standard_webhooks::print_secret(*key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

TEST_CASE("a webhook secret that is no base64 is none, and an empty key signs nothing") {
  for (const auto* wrong : {"", "whsec_", "whsec_not base64", "whsec_abc"})
    CHECK_FALSE(standard_webhooks::parse_secret(wrong));
  const auto now = *from_epoch_seconds(1614265330);
  const auto forged = standard_webhooks::sign("", "m", 1614265330, "{}");
  CHECK(standard_webhooks::verify("", {"m", "1614265330", forged}, "{}", now) == fault::bad_signature);
}

TEST_CASE("base64 is read as strictly as it is written") {
  // RFC 4648, section 10.
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
  auto every = std::string{};
  for (auto i = 0; i < 256; ++i)
    every += static_cast<char>(i);
  CHECK(from_base64(to_base64(every)) == every);
  for (const auto* wrong : {"Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "====", "Z===", "Zg==Zg==", "Zm 9", "Zm-_", "=Zg="})
    CHECK_FALSE(from_base64(wrong));
}

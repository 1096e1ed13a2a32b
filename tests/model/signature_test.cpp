#include "model/signature.hpp"

#include "tests/model/recorded.hpp"

#include <simdjson.h>

using namespace ingot;

namespace {

std::vector<hmac_sha256> keys_of(std::initializer_list<std::string_view> secrets) {
  std::vector<hmac_sha256> out;
  for (const auto secret : secrets)
    out.emplace_back(secret);
  return out;
}

std::string hex_of(const std::array<unsigned char, 32>& mac) {
  return to_hex({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

} // namespace

TEST_CASE("GitHub's signature vectors are judged as published") {
  simdjson::dom::parser parser;
  const simdjson::dom::element file = parser.load(INGOT_SOURCE_DIR "/tests/model/data/signature-vectors.json");
  std::vector<std::string> bodies;
  for (const auto body : file["bodies"]) {
    std::string_view text;
    bodies.push_back(body["text"].get(text) == simdjson::SUCCESS ? std::string(text) : from_hex(std::string_view(body["hex"])));
  }
  std::size_t cases = 0, accepted = 0;
  for (const auto x : file["cases"]) {
    const std::string_view id = x["id"], secret = x["secret"], header = x["header"];
    const bool accept = x["accept"];
    auto body = bodies.at(std::uint64_t(x["body"]));
    body.append(std::uint64_t(x["padding_spaces"]), ' ');
    CAPTURE(id);
    const auto expected = accept ? fault::none : header.empty() ? fault::missing_signature : fault::bad_signature;
    CHECK(verify_github_signature(keys_of({secret}), header, body) == expected);
    ++cases;
    accepted += accept;
  }
  CHECK(cases == 27);
  CHECK(accepted == 7);
}

TEST_CASE("HMAC-SHA256 gives the digests of RFC 4231") {
  CHECK(hex_of(hmac_sha256(std::string(20, '\x0b'))("Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex_of(hmac_sha256("Jefe")("what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex_of(hmac_sha256(std::string(131, '\xaa'))("Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("one keyed context computes the same digest again and again, and so does its copy") {
  const hmac_sha256 mac("Jefe");
  const auto first = mac("what do ya want for nothing?");
  mac("something else");
  CHECK(mac("what do ya want for nothing?") == first);
  CHECK(mac.copy()("what do ya want for nothing?") == first);
}

TEST_CASE("the current and the previous secret are both accepted, in any place of the list") {
  const auto keys = keys_of({"current", "previous"});
  CHECK(verify_github_signature(keys, github_signature("current", "{}"), "{}") == fault::none);
  CHECK(verify_github_signature(keys, github_signature("previous", "{}"), "{}") == fault::none);
  CHECK(verify_github_signature(keys, github_signature("older", "{}"), "{}") == fault::bad_signature);
}

TEST_CASE("without a secret, or with an empty one, nothing is accepted") {
  CHECK(verify_github_signature({}, github_signature("any", "{}"), "{}") == fault::bad_signature);
  CHECK(verify_github_signature(keys_of({""}), github_signature("", "{}"), "{}") == fault::bad_signature);
  CHECK(verify_github_signature(keys_of({"", "real"}), github_signature("real", "{}"), "{}") == fault::none);
}

TEST_CASE("a signature with any one digit changed is refused") {
  const auto keys = keys_of({"secret"});
  const auto good = github_signature("secret", "{}");
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = bad[i] == '0' ? '1' : '0';
    CAPTURE(i);
    REQUIRE(verify_github_signature(keys, bad, "{}") == fault::bad_signature);
  }
}

TEST_CASE("texts are equal only when all of their bytes are") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("token", "token"));
  CHECK_FALSE(equal_in_constant_time("token", "tokem"));
  CHECK_FALSE(equal_in_constant_time("token", "toke"));
  CHECK_FALSE(equal_in_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

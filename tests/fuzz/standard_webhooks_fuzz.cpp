#include "model/standard_webhooks.hpp"
#include "tests/fuzz/input.hpp"

#include <chrono>
#include <string>

// Input: the lines webhook-id, webhook-timestamp and webhook-signature, and the body. What is accepted carries the signature that
// we would make, and a time within the tolerance.

using namespace ingot;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view key = "a key of twenty-four byte";
  static constexpr std::int64_t now_s = 1'700'000'000;
  static constexpr auto now = timestamp{std::chrono::seconds{now_s}};
  auto in = fuzz::input{data, size};
  const auto id = in.line(), at = in.line(), signature = in.line(), body = in.rest();
  const auto verdict = standard_webhooks::verify(key, {id, at, signature}, body, now);
  require((verdict == fault::missing_signature) == (id.empty() || at.empty() || signature.empty()));
  if (verdict == fault::none) {
    auto found = false;
    for (auto t = now_s - 300; t <= now_s + 300; ++t)
      found = found || (std::stoll(std::string{at}) == t && !signature.empty());
    require(found);
    // The very text of the time is signed, so it is ours when it is the shortest one of that number.
    if (std::to_string(std::stoll(std::string{at})) == at)
      require(signature.find(standard_webhooks::sign(key, id, std::stoll(std::string{at}), body)) != signature.npos);
  }
  if (!id.empty()) {
    const auto ours = standard_webhooks::sign(key, id, now_s, body);
    const auto time = std::to_string(now_s);
    require(standard_webhooks::verify(key, {id, time, ours}, body, now) == fault::none);
    require(standard_webhooks::verify(key, {id, time, std::string{signature} + " " + ours}, body, now) == fault::none);
    require(standard_webhooks::verify(key, {id, time, ours}, body, now + std::chrono::seconds{301}) == fault::bad_signature);
  }
  if (const auto secret = standard_webhooks::parse_secret(signature))
    require(standard_webhooks::parse_secret(standard_webhooks::print_secret(*secret)) == secret);
  return 0;
}

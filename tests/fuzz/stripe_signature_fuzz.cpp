#include "model/signature.hpp"
#include "model/stripe/signature.hpp"
#include "tests/fuzz/input.hpp"

#include <chrono>
#include <string>
#include <vector>

// Input: the header's value, a line end, and the body. What is accepted carries a signature that we would make, and a time that
// is neither old nor ahead; what we sign is accepted, whatever stands beside it.

using namespace ingot;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view secret = "whsec_fuzz", old = "whsec_older";
  static const auto keys = [] {
    std::vector<hmac_sha256> out;
    out.emplace_back(secret);
    out.emplace_back(old);
    out.emplace_back("");
    return out;
  }();
  static constexpr auto now = timestamp{std::chrono::seconds{1'700'000'000}};
  static constexpr auto tolerance = std::chrono::seconds{300};
  auto in = fuzz::input{data, size};
  const auto header = in.line(), body = in.rest();
  const auto verdict = stripe::verify_signature(keys, header, body, now, tolerance);
  require((verdict.code == fault::missing_signature) == header.empty());
  require((verdict.code == fault::none) == verdict.reason.empty() && fuzz::is_storable(verdict.reason));
  if (verdict.code == fault::none) {
    auto signed_by_us = false;
    for (auto t = now - tolerance; t <= now + tolerance; t += std::chrono::seconds{1})
      for (const auto with : {secret, old}) {
        const auto ours = stripe::signature_header(with, body, t);
        const auto comma = ours.find(',');
        signed_by_us = signed_by_us ||
                       (header.find(ours.substr(0, comma)) != header.npos && header.find(ours.substr(comma + 1)) != header.npos);
      }
    require(signed_by_us);
  }
  const auto ours = stripe::signature_header(secret, body, now - tolerance);
  const auto accepted = [&](const std::string& x, timestamp at) {
    return stripe::verify_signature(keys, x, body, at, tolerance).code == fault::none;
  };
  require(accepted(ours, now) == !body.empty() && !accepted(ours, now + std::chrono::seconds{1}));
  // Other schemes and further signatures before it change nothing.
  if (header.find("t=") == header.npos)
    require(accepted(std::string{header} + "," + ours, now) == !body.empty());
  require(!accepted(stripe::signature_header("", body, now), now));
  return 0;
}

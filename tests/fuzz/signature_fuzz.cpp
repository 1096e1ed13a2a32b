#include "model/signature.hpp"

#include <cstdint>
#include <cstdlib>

// Input: the header's value, a line end, and the body.

using namespace ingot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto keys = [] {
    std::vector<hmac_sha256> out;
    out.emplace_back("It's a Secret to Everybody");
    out.emplace_back("the previous one");
    return out;
  }();
  static constexpr std::string_view secret = "It's a Secret to Everybody";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto header = input.substr(0, input.find('\n'));
  const auto body = input.substr(std::min(header.size() + 1, size));
  const auto verdict = verify_github_signature(keys, header, body);
  const bool signed_by_us = header == github_signature(secret, body) || header == github_signature("the previous one", body);
  const auto expected = header.empty() ? fault::missing_signature : signed_by_us ? fault::none : fault::bad_signature;
  if (verdict != expected || verify_github_signature(keys, github_signature(secret, body), body) != fault::none)
    std::abort();
  return 0;
}

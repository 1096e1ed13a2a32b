#include "model/stripe/signature.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace ingot::stripe {

namespace {

/// Beyond it no time of the calendar lies, and none overflows.
constexpr std::size_t time_digits_max = 11;

struct header_parts {
  std::optional<std::string_view> time; ///< the last one
  std::vector<std::string_view> v1;
};

header_parts split(std::string_view header) {
  auto out = header_parts{};
  while (!header.empty()) {
    const auto end = std::min(header.find(','), header.size());
    const auto part = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      continue;
    const auto name = part.substr(0, equals), value = part.substr(equals + 1);
    if (name == "t")
      out.time = value;
    else if (name == "v1")
      out.v1.push_back(value);
  }
  return out;
}

std::optional<timestamp> time_of(std::string_view digits) {
  auto seconds = std::int64_t{0};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.empty() || digits.size() > time_digits_max || !std::all_of(digits.begin(), digits.end(), is_digit))
    return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return from_epoch_seconds(seconds);
}

std::string hex_mac(const hmac_sha256& key, std::string_view signed_text) {
  const auto mac = key(signed_text);
  return to_hex({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string signed_text_of(std::string_view time, std::string_view body) {
  auto out = std::string{};
  out.reserve(time.size() + 1 + body.size());
  out.append(time).append(1, '.').append(body);
  return out;
}

signature_verdict bad(std::string reason) {
  return {fault::bad_signature, std::move(reason)};
}

signature_verdict judge_time(timestamp at, timestamp received_at, std::chrono::milliseconds tolerance) {
  // Whole seconds, as Stripe's libraries count: an age that equals the tolerance is inside.
  const auto age = std::chrono::floor<std::chrono::seconds>(received_at) - std::chrono::floor<std::chrono::seconds>(at);
  if (age > tolerance)
    return bad("the signature is " + std::to_string(age.count()) + " s old, which is too old");
  if (-age > tolerance)
    return bad("the signature's time lies " + std::to_string(-age.count()) + " s in the future");
  return {};
}

} // namespace

signature_verdict verify_signature(std::span<const hmac_sha256> keys, std::string_view header, std::string_view body,
                                   timestamp received_at, std::chrono::milliseconds tolerance) {
  if (header.empty())
    return {fault::missing_signature, "the event is not signed"};
  const auto parts = split(header);
  if (!parts.time)
    return bad("the header has no t=<unix seconds>");
  const auto at = time_of(*parts.time);
  if (!at)
    return bad("the header's t is no time in unix seconds");
  if (parts.v1.empty())
    return bad("the header has no v1 signature; other schemes do not count");
  if (body.empty())
    return bad("there is no body that could be signed");
  const auto text = signed_text_of(*parts.time, body);
  auto matches = 0U;
  for (const auto& key : keys) {
    const auto expected = hex_mac(key, text);
    // No `||`: which of them matched must not show in the time taken.
    for (const auto sent : parts.v1)
      matches |= static_cast<unsigned>(equal_in_constant_time(expected, sent)) & static_cast<unsigned>(key.keyed());
  }
  if (matches == 0)
    return bad("no live secret signs this body so");
  return judge_time(*at, received_at, tolerance);
}

std::string signature_header(std::string_view secret, std::string_view body, timestamp at) {
  const auto time = std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  return "t=" + time + ",v1=" + hex_mac(hmac_sha256{secret}, signed_text_of(time, body));
}

} // namespace ingot::stripe

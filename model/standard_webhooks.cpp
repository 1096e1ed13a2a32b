#include "model/standard_webhooks.hpp"

#include "model/base64.hpp"
#include "model/signature.hpp"

#include <charconv>

namespace ingot::standard_webhooks {

namespace {

constexpr std::string_view secret_prefix = "whsec_";

std::string signature_of(std::string_view key, std::string_view id, std::string_view timestamp, std::string_view body) {
  auto content = std::string{};
  content.reserve(id.size() + timestamp.size() + body.size() + 2);
  content.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
  const auto mac = hmac_sha256{key}(content);
  return "v1," + to_base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::optional<std::chrono::seconds> read_seconds(std::string_view text) {
  auto seconds = std::int64_t{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !from_epoch_seconds(seconds))
    return std::nullopt;
  return std::chrono::seconds{seconds};
}

} // namespace

std::string print_secret(std::string_view key) {
  return std::string{secret_prefix} + to_base64(key);
}

std::optional<std::string> parse_secret(std::string_view secret) {
  if (secret.starts_with(secret_prefix))
    secret.remove_prefix(secret_prefix.size());
  return secret.empty() ? std::nullopt : from_base64(secret);
}

std::string sign(std::string_view key, std::string_view id, std::int64_t timestamp_s, std::string_view body) {
  return signature_of(key, id, std::to_string(timestamp_s), body);
}

fault verify(std::string_view key, const headers& sent, std::string_view body, timestamp now, std::chrono::seconds tolerance) {
  if (sent.id.empty() || sent.timestamp.empty() || sent.signature.empty())
    return fault::missing_signature;
  const auto at = read_seconds(sent.timestamp);
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  if (key.empty() || !at || *at < now_s - tolerance || *at > now_s + tolerance)
    return fault::bad_signature;
  const auto expected = signature_of(key, sent.id, sent.timestamp, body);
  auto matches = false;
  for (auto rest = sent.signature; !rest.empty();) {
    const auto blank = rest.find(' ');
    matches = equal_in_constant_time(rest.substr(0, blank), expected) || matches;
    rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  }
  return matches ? fault::none : fault::bad_signature;
}

} // namespace ingot::standard_webhooks

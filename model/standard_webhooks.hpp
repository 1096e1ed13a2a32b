#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Signatures of the Standard Webhooks specification (standardwebhooks.com), symmetric form `v1`: HMAC-SHA256 over
/// `webhook-id.webhook-timestamp.body`.
namespace ingot::standard_webhooks {

/// Bytes that a key of ours must have; the specification's bounds.
inline constexpr std::size_t key_bytes_min = 24;
inline constexpr std::size_t key_bytes_max = 64;

/// `whsec_` and the key in base64: what a receiver is given.
std::string print_secret(std::string_view key);

/// The key of a secret, `whsec_` before it or not. Nothing when the rest is no base64, or empty.
std::optional<std::string> parse_secret(std::string_view secret);

/// Value of `webhook-signature`: `v1,<base64>`.
std::string sign(std::string_view key, std::string_view id, std::int64_t timestamp_s, std::string_view body);

/// The three headers that come with a body; empty: absent.
struct headers {
  std::string_view id;
  std::string_view timestamp; ///< seconds since 1970
  std::string_view signature; ///< several, parted by blanks; one that fits is enough
};

/// Is `body` signed with `key`, not more than `tolerance` before or after `now`?
/// @returns fault::none, missing_signature (a header is absent) or bad_signature
fault verify(std::string_view key, const headers& sent, std::string_view body, timestamp now,
             std::chrono::seconds tolerance = std::chrono::seconds{300});

} // namespace ingot::standard_webhooks

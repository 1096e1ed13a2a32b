#pragma once

#include "model/fault.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// HMAC-SHA256 with one key; fetches and keys its context once. Not thread-safe: one per thread or copy() it.
class hmac_sha256 {
public:
  explicit hmac_sha256(std::string_view key);
  hmac_sha256(hmac_sha256&&) noexcept;
  hmac_sha256& operator=(hmac_sha256&&) noexcept;
  ~hmac_sha256();

  /// Another one with the same key, for another thread.
  hmac_sha256 copy() const;

  std::array<unsigned char, 32> operator()(std::string_view bytes) const;

  /// False when it was made from an empty key: then everybody could sign, so no such signature counts.
  bool keyed() const noexcept;

private:
  struct impl;
  explicit hmac_sha256(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);

/// Equal? In a time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// `sha256=<hex>` over `body`, as GitHub's X-Hub-Signature-256.
std::string github_signature(std::string_view secret, std::string_view body);

/// Does `header` (the value of X-Hub-Signature-256) sign `body` with one of `keys`? All keys are tried, always, and compared
/// in constant time. The form is exactly `sha256=` and 64 lower-case hexadecimal digits, as GitHub sends it; nothing around it.
/// A key made from an empty secret accepts nothing.
/// @returns fault::none, missing_signature (empty header) or bad_signature.
fault verify_github_signature(const std::vector<hmac_sha256>& keys, std::string_view header, std::string_view body);

} // namespace ingot

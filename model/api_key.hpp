#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ingot {

/// A key with which a site proves itself: `ingot_` and 43 characters of base64url (RFC 4648 5, without padding) of `random`,
/// which must come from the system's generator. It is shown once; what is stored is api_key_hash().
std::string make_api_key(const std::array<unsigned char, 32>& random);

/// SHA-256 (32 raw bytes) of whatever was presented as a key. A key has 256 random bits, so no slower hash is needed; keys are
/// looked up by it, so that no comparison's time tells anything of a key.
std::string api_key_hash(std::string_view presented);

/// The first 12 characters, to tell keys apart in listings.
std::string api_key_prefix(std::string_view key);

/// Whose key it is.
struct api_key_holder {
  std::int64_t key_id = 0;
  std::int64_t site_id = 0;
  bool revoked = false;       ///< to be treated as unknown
  bool site_disabled = false; ///< to be refused as forbidden
};

} // namespace ingot

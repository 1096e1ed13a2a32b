#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ingot {

/// A sealed secret cannot be opened: it was sealed with another key or for another place, or was changed. Its text says which,
/// and what to do.
struct unsealable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Seals secrets that rows keep: AES-256-GCM (NIST SP 800-38D). A sealed secret is a version byte (1), eight bytes that tell the
/// key, the nonce (12), the ciphertext and the tag (16). What stands before the nonce and the place that it was sealed for are
/// authenticated, so that it opens nowhere else. Not thread-safe.
class sealing {
public:
  static constexpr std::size_t key_bytes = 32;
  using nonce = std::array<unsigned char, 12>;

  /// Throws std::invalid_argument when the key has another size.
  explicit sealing(std::string_view key);

  /// @param place where it is kept: `site/7/notify_secret`
  /// @param fresh random, never the same twice for one key
  std::string seal(std::string_view secret, std::string_view place, const nonce& fresh) const;

  /// Throws unsealable.
  std::string open(std::string_view sealed, std::string_view place) const;

private:
  std::string key_;
  std::string header_; ///< version and key id
};

} // namespace ingot

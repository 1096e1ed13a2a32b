#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ingot {

/// Why a sealed secret cannot be opened.
enum class seal_trouble : std::uint8_t {
  damaged,   ///< cut, or of a newer version
  other_key, ///< sealed with a key that is not at hand
  changed,   ///< altered, or moved from another place
};

/// A sealed secret cannot be opened. Its text says why, and what to do.
class unsealable : public std::runtime_error {
public:
  unsealable(seal_trouble why, const std::string& text) : std::runtime_error{text}, why_{why} {}
  seal_trouble why() const noexcept { return why_; }

private:
  seal_trouble why_;
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

  /// Tells the key, without telling anything of it: 16 hexadecimal digits.
  std::string key_id() const;

  /// The id of the key that sealed it; empty when it is damaged.
  static std::string key_id_of(std::string_view sealed);

private:
  std::string key_;
  std::string header_; ///< version and key id
};

} // namespace ingot

#pragma once

#include "config/settings.hpp"
#include "model/sealing.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// The previous master key of a node that keeps its keys in data_dir.
inline constexpr std::string_view previous_master_key_file = "master.key.previous";

/// The master keys of a node as they are now: the current one seals, and whichever a sealed secret names opens it. Keys that lie
/// in data_dir are read when it is made, so that a running node follows a rotation. Cheap; made for each use.
class master_keys {
public:
  /// Throws std::runtime_error that says what to do when there is no master key, or one of them is no key.
  explicit master_keys(const settings& of);

  /// @param place where it is kept: `site/7/notify_secret`
  std::string seal(std::string_view secret, std::string_view place) const;

  /// Throws unsealable.
  std::string open(std::string_view sealed, std::string_view place) const;

  /// Of the key that seals (sealing::key_id).
  std::string current_id() const { return keys_.front().key_id(); }

  /// Is that key at hand?
  bool knows(std::string_view key_id) const;

private:
  void add(const std::string& base64, std::string_view where);

  std::vector<sealing> keys_; ///< the current one first
};

/// A nonce from the kernel's random numbers.
sealing::nonce fresh_nonce();

/// Begins the rotation of a master key that lies in data_dir: what was `master.key` becomes `master.key.previous`, and a new one
/// is made; each file is replaced whole. Does nothing when a previous key lies there: that rotation is to be finished first.
/// @returns whether a key was made. Throws std::runtime_error.
bool begin_master_key_rotation(const settings& of);

/// Forgets the previous key in data_dir. @returns whether there was one. Throws std::runtime_error.
bool drop_previous_master_key(const settings& of);

} // namespace ingot

#pragma once

#include "model/contents/provider.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <git2.h>
#include <optional>
#include <string>

namespace ingot::git {

/// What bounds the traffic with one remote.
struct traffic_rules {
  bool private_addresses = false; ///< may it be on private and loopback addresses?
  std::chrono::milliseconds connect_timeout{15'000};
  std::chrono::milliseconds silence_max{30'000}; ///< without a byte for so long it has failed
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max(); ///< of all of it
  std::uint64_t advertisement_bytes_max = 64ull * 1024 * 1024;                              ///< of the list of references
  std::uint64_t pack_bytes_max = 16ull * 1024 * 1024 * 1024;
};

/// The traffic of one libgit2 remote over HTTP(S), carried by libcurl instead of libgit2's own client, which knows no deadline
/// and looks at no address: here every address is judged when it is dialled, redirects included, so that no second look-up of a
/// name can lead elsewhere. One thread.
class http_traffic {
public:
  explicit http_traffic(traffic_rules rules) : rules_{rules} {}

  /// For git_remote_callbacks::transport, with `this` as the payload. It must outlive the git_remote.
  static int make_transport(git_transport** out, git_remote* owner, void* self);

  /// What went wrong in a callback; libgit2 only knows that something did.
  std::exception_ptr trouble;

  const traffic_rules& rules() const noexcept { return rules_; }
  std::uint64_t bytes = 0; ///< that came, as they came, in exchanges that are over

  /// Where the remote's list of references was found after redirects, without `/info/refs`; empty: not asked for yet.
  std::string base_url;

private:
  traffic_rules rules_;
};

} // namespace ingot::git

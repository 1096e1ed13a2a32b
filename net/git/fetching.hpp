#pragma once

#include "model/contents/provider.hpp"
#include "net/git/http_transport.hpp"
#include "net/git/library.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ingot::git {

/// In a clone: what was fetched last.
inline constexpr auto fetched_reference = "refs/ingot/head";

/// The branch as a reference. Throws contents::provider_error(permanent) when git allows no such name.
std::string reference_of(const std::string& branch);

/// What a remote says of its branch.
struct remote_head {
  std::optional<std::string> branch; ///< that is followed; nothing: it names none as its default
  std::optional<contents::object_id> at;
  bool empty = false;
};

/// One connection to a remote over HTTP. Throws contents::provider_error and library_error.
class fetching {
public:
  /// Connects. @param into the clone; null: nothing will be fetched
  fetching(const std::string& url, git_repository* into, const traffic_rules& rules);

  /// @param wanted_branch empty: the default branch
  remote_head head(const std::string& wanted_branch);

  /// Fetches one branch, with its history, to fetched_reference.
  void fetch(const std::string& branch);

  /// Ends the connection. @returns bytes that came
  std::uint64_t end();

private:
  std::optional<std::string> default_branch();
  void run(int result, const char* what);
  static int note_progress(const git_indexer_progress* x, void* self);

  http_traffic traffic_;
  remote_handle remote_; // goes before the traffic
};

} // namespace ingot::git

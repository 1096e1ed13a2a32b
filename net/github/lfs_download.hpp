#pragma once

#include "model/contents/provider.hpp"
#include "net/github/client.hpp"
#include "net/github/tokens.hpp"

#include <span>
#include <string>
#include <vector>

namespace ingot::github {

/// Fetches Git LFS objects: asks a repository's LFS server for a hundred at a time, then gets each from where the answer says.
class lfs_download {
public:
  /// The references outlive it. @param repository_url of the repository at GitHub, as git clones it: `https://github.com/o/r.git`
  lfs_download(client& transport, tokens& credentials, std::string repository_url, std::int64_t credential_id,
               contents::urgency how);

  /// Throws contents::provider_error; what throws has taken nothing of the object that it was at.
  std::vector<contents::remote::unavailable_object> fetch(std::span<const contents::lfs_pointer> wanted,
                                                          contents::lfs_sink& into);

  std::uint64_t requests() const noexcept { return requests_; }
  std::uint64_t bytes() const noexcept { return bytes_; } ///< that came over the network

private:
  std::string ask(std::span<const contents::lfs_pointer> of);
  std::string get(const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
                  const contents::lfs_pointer& x, contents::lfs_sink& into);

  client& transport_;
  tokens& credentials_;
  std::string repository_url_;
  std::int64_t credential_id_;
  contents::urgency how_;
  std::uint64_t requests_ = 0, bytes_ = 0;
};

} // namespace ingot::github

#pragma once

#include "storage/cluster_process.hpp"

#include <filesystem>
#include <string>

namespace ingot::storage {

/// Where the parts of the embedded cluster of one data folder lie.
struct cluster_layout {
  std::filesystem::path home;    ///< data_dir/postgres, links resolved
  std::filesystem::path data;    ///< home/data
  std::filesystem::path log;     ///< home/log
  std::filesystem::path sockets; ///< home/run, or the private folder that home/socket_dir names

  /// libpq connection string of its database `name`.
  std::string url(const std::string& name) const;
};

/// The layout as it is on disk; makes nothing.
cluster_layout find_layout(const std::filesystem::path& data_dir);

/// Makes the folders, with the rights that `user` (nothing: ourselves) needs. Throws std::runtime_error when `user` cannot reach
/// them or a foreign folder stands where the socket shall be.
cluster_layout make_layout(const std::filesystem::path& data_dir, const std::optional<process::account>& user);

/// The folder with the server that can run `data`: its major version is that of the data. For a new cluster any does.
/// Throws std::runtime_error that says what to install.
std::filesystem::path bindir_for(const std::filesystem::path& data);

/// Major version of the server in `bindir` (15), 0 when it does not tell.
int server_version(const std::filesystem::path& bindir);

} // namespace ingot::storage

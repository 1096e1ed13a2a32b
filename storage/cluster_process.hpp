#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// How the embedded cluster's processes are started and found; Linux only.
namespace ingot::storage::process {

/// An unprivileged user.
struct account {
  std::string name;
  uid_t uid;
  gid_t gid;
};

/// Whom the database runs as: `postgres`, else `nobody`, when we are root; nothing when we are somebody else already.
/// Throws std::runtime_error when root has neither.
std::optional<account> database_account();

/// The owner of `folder`; nothing when it does not exist. Throws std::runtime_error when nobody has that number.
std::optional<account> owner_of(const std::filesystem::path& folder);

/// What a child runs.
struct command {
  std::vector<std::string> arguments; ///< the first is the program's absolute path
  std::filesystem::path directory;    ///< its working folder and HOME
  std::filesystem::path log;          ///< where its output is appended
  std::optional<account> user;
};

/// Starts it in a session of its own with a small environment and no descriptor of ours. It gets SIGINT when the calling thread
/// ends.
pid_t spawn(const command& what);

/// @returns the wait status, or nothing when it still runs after `patience`.
std::optional<int> wait(pid_t child, std::chrono::milliseconds patience);

/// The first folder on the way to `path` (or `path` itself) that `user` cannot enter, or nothing.
std::optional<std::filesystem::path> first_closed_folder(const std::filesystem::path& path, const account& user);

/// Processes named `postgres` whose working folder is `data`.
std::vector<pid_t> servers_in(const std::filesystem::path& data);

/// Standard output of a shell command, or nothing when it failed.
std::optional<std::string> output_of(const std::string& shell_command);

/// `text` as one word of a shell command.
std::string shell_word(const std::string& text);

} // namespace ingot::storage::process

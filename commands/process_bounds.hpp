#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ingot::commands {

/// Whose bounds the doctor looks at: a node that runs has other ones than the shell from which somebody asks.
struct judged_process {
  std::filesystem::path proc; ///< `/proc/4711`
  bool is_node = false;
  std::string name; ///< for people: `the node (process 4711)`, `this shell`
};

/// The process that has the data folder, if one has and can be looked at; else this one.
judged_process find_judged_process(const settings& of);

struct open_file_limits {
  std::uint64_t soft = 0, hard = 0; ///< no limit: the greatest number
};

/// `Max open files` of `proc`/limits (proc(5)); nothing where that cannot be read.
std::optional<open_file_limits> open_file_limits_of(const std::filesystem::path& proc);

/// The least memory.max of the process's control group and of those above it (cgroup v2, Documentation/admin-guide/cgroup-v2);
/// nothing when none bounds it.
std::optional<std::uint64_t> cgroup_memory_bytes_max(const std::filesystem::path& proc,
                                                     const std::filesystem::path& hierarchy = "/sys/fs/cgroup");

} // namespace ingot::commands

#pragma once

#include "bench/faults/shim_block.hpp"
#include "bench/faults/volatile_file.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace ingot::bench {

/// The disk under the shim's files in this process. Its functions stand for the C library's calls of the same names: `real` makes
/// the call itself, and errno is theirs. Callable from any thread.
class simulated_disk {
public:
  /// `states_folder`: where what a power cut would leave is kept.
  simulated_disk(shim_block& block, std::string states_folder);

  /// May a file of this path be ours? Cheap, and true for some that are not.
  bool may_be_ours(const char* path) const;

  /// Takes over a descriptor that may be written, if its file is ours. `fresh`: there was no such file; `emptied`: opened with
  /// O_TRUNC.
  void opened(int fd, bool fresh, bool emptied);
  void closed(int fd);
  bool is_ours(int fd);

  /// A write of `bytes` at `at`; `real` writes the first n of them.
  ssize_t write(int fd, std::string_view bytes, std::uint64_t at, const std::function<ssize_t(std::size_t)>& real);
  int truncate(int fd, std::uint64_t size, const std::function<int()>& real);
  int sync(int fd, const std::function<int()>& real);

  /// The number of the file at `path`, if that is its last name and it may be ours; else 0.
  ino_t last_name_of(int folder, const char* path) const;
  /// That file is gone.
  void removed(ino_t inode);

private:
  static constexpr int fds_max = 65536;

  volatile_file& file_of(ino_t inode);

  shim_block& block_;
  std::string prefix_;
  std::string first_name_;
  std::string states_folder_;
  std::mutex mutex_;
  std::map<ino_t, volatile_file> files_;
  std::atomic<ino_t> inodes_[fds_max] = {};
};

} // namespace ingot::bench

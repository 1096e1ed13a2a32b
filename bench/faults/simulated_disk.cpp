#include "bench/faults/simulated_disk.hpp"

#include <cerrno>
#include <climits>
#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot::bench {

simulated_disk::simulated_disk(shim_block& block, std::string states_folder)
    : block_(block), prefix_(block.prefix), first_name_(prefix_.substr(prefix_.rfind('/') + 1)),
      states_folder_(std::move(states_folder)) {}

bool simulated_disk::may_be_ours(const char* path) const {
  return path != nullptr && std::string_view{path}.find(first_name_) != std::string_view::npos;
}

void simulated_disk::opened(int fd, bool fresh, bool emptied) {
  if (fd < 0 || fd >= fds_max)
    return;
  const int error = errno;
  struct stat state {};
  char name[PATH_MAX];
  const auto length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
  const auto path = std::string(name, length > 0 ? static_cast<std::size_t>(length) : 0);
  if (path.starts_with(prefix_) && ::fstat(fd, &state) == 0 && S_ISREG(state.st_mode)) {
    const std::lock_guard hold{mutex_};
    auto& file = file_of(state.st_ino);
    if (fresh) {
      file.begin(-1);
    } else if (file.exists()) {
      file.resume();
    } else {
      // It was there before the shim: on the disk.
      const int content = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      file.begin(content);
      ::close(content);
    }
    if (emptied && !fresh)
      file.truncate(0);
    inodes_[fd] = state.st_ino;
  }
  errno = error;
}

void simulated_disk::closed(int fd) {
  if (fd >= 0 && fd < fds_max)
    inodes_[fd] = 0;
}

bool simulated_disk::is_ours(int fd) {
  if (fd < 0 || fd >= fds_max || inodes_[fd] == 0)
    return false;
  // A descriptor that was closed where we did not see it may be another file by now.
  struct stat state {};
  const int error = errno;
  const bool same = ::fstat(fd, &state) == 0 && state.st_ino == inodes_[fd];
  errno = error;
  if (!same)
    inodes_[fd] = 0;
  return same;
}

ssize_t simulated_disk::write(int fd, std::string_view bytes, std::uint64_t at, const std::function<ssize_t(std::size_t)>& real) {
  const std::lock_guard hold{mutex_};
  auto& file = file_of(inodes_[fd]);
  ++block_.writes;
  if (block_.tear_write_in > 0 && --block_.tear_write_in == 0) {
    file.write(at, bytes.substr(0, bytes.size() / 2));
    (void)!real(bytes.size() / 2);
    ::kill(::getpid(), SIGKILL);
    for (;;)
      ::pause();
  }
  if (const auto room = block_.room_bytes.load(); room >= 0 && static_cast<std::uint64_t>(room) < bytes.size()) {
    ++block_.refused_writes;
    if (room == 0) {
      errno = ENOSPC;
      return -1;
    }
    bytes = bytes.substr(0, static_cast<std::size_t>(room));
  }
  file.write(at, bytes);
  const auto done = real(bytes.size());
  if (done > 0 && block_.room_bytes > 0)
    block_.room_bytes -= done;
  return done;
}

int simulated_disk::truncate(int fd, std::uint64_t size, const std::function<int()>& real) {
  const std::lock_guard hold{mutex_};
  file_of(inodes_[fd]).truncate(size);
  return real();
}

int simulated_disk::sync(int fd, const std::function<int()>& real) {
  const std::lock_guard hold{mutex_};
  auto& file = file_of(inodes_[fd]);
  auto left = block_.syncs_to_fail.load();
  while (left > 0 && !block_.syncs_to_fail.compare_exchange_weak(left, left - 1)) {
  }
  if (left != 0) {
    ++block_.failed_syncs;
    file.lost();
    errno = EIO;
    return -1;
  }
  const int code = real();
  if (code == 0) {
    file.synced();
    ++block_.syncs;
  }
  return code;
}

ino_t simulated_disk::last_name_of(int folder, const char* path) const {
  struct stat state {};
  const int error = errno;
  const bool last = may_be_ours(path) && ::fstatat(folder, path, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(state.st_mode) &&
                    state.st_nlink == 1;
  errno = error;
  return last ? state.st_ino : 0;
}

void simulated_disk::removed(ino_t inode) {
  const std::lock_guard hold{mutex_};
  if (auto& file = file_of(inode); file.exists())
    file.remove();
  files_.erase(inode);
}

volatile_file& simulated_disk::file_of(ino_t inode) {
  auto at = files_.find(inode);
  if (at == files_.end())
    at = files_.emplace(inode, volatile_file{states_folder_, inode}).first;
  return at->second;
}

} // namespace ingot::bench

// Preloaded (LD_PRELOAD) between a node and the C library: the disk under some of its files fails when a mapped file
// (shim_block.hpp, named by INGOT_DISK_SHIM) says so, and remembers what a power cut would leave of them (volatile_file.hpp).
// Without the variable it does nothing. Names of files (made, removed, renamed) are durable at once, as a journaled file system
// keeps them; their contents are not before an fsync of the file itself succeeded.
#include "bench/faults/shim_process.hpp"
#include "bench/faults/simulated_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace ingot::bench {

namespace {

shim_block* map_block() {
  const char* path = std::getenv(shim_variable);
  if (path == nullptr)
    return nullptr;
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  void* at = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(shim_block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd >= 0)
    ::close(fd);
  if (at == MAP_FAILED || static_cast<shim_block*>(at)->magic != shim_block::expected_magic) {
    std::fprintf(stderr, "the disk shim cannot map %s\n", path);
    std::abort();
  }
  return static_cast<shim_block*>(at);
}

// Never destroyed: files are written until the very end of the process. Null before this library was initialised.
simulated_disk* simulated = nullptr;

__attribute__((constructor)) void begin() {
  auto* block = block_of_process();
  if (block != nullptr)
    simulated = new simulated_disk{*block, std::string{std::getenv(shim_variable)} + ".disk"};
  // What the node starts (a database, git) runs on the real disk and by the real clock.
  ::unsetenv("LD_PRELOAD");
}

/// The C library's function of this name.
template <class Function>
Function* real_function(const char* name) {
  auto* found = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
  if (found == nullptr)
    std::abort();
  return found;
}

bool exists(int folder, const char* path) {
  struct stat state {};
  const int error = errno;
  const bool found = ::fstatat(folder, path, &state, 0) == 0;
  errno = error;
  return found;
}

/// Opens by `real`, and takes the file over when it is ours.
template <class Real>
int open_with(int folder, const char* path, int flags, Real&& real) {
  if (simulated == nullptr || !simulated->may_be_ours(path) || (flags & O_TMPFILE) == O_TMPFILE || (flags & O_PATH) != 0)
    return real();
  const bool was = exists(folder, path);
  const int fd = real();
  if ((flags & O_ACCMODE) != O_RDONLY)
    simulated->opened(fd, !was, (flags & O_TRUNC) != 0);
  return fd;
}

std::string join(const iovec* parts, int count) {
  std::string whole;
  for (int i = 0; i < count; ++i)
    whole.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return whole;
}

/// Where a write without a place goes.
std::uint64_t place_of(int fd) {
  const bool at_end = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  return static_cast<std::uint64_t>(::lseek(fd, 0, at_end ? SEEK_END : SEEK_CUR));
}

/// Copies by reading and writing, since the bytes must be known.
ssize_t copy(int to, int from, off_t* from_at, off_t* to_at, std::size_t count) {
  char bytes[65536];
  const auto got = from_at != nullptr ? ::pread(from, bytes, std::min(count, sizeof bytes), *from_at)
                                      : ::read(from, bytes, std::min(count, sizeof bytes));
  if (got <= 0)
    return got;
  const auto done = to_at != nullptr ? ::pwrite(to, bytes, static_cast<std::size_t>(got), *to_at)
                                     : ::write(to, bytes, static_cast<std::size_t>(got));
  if (done > 0 && from_at != nullptr)
    *from_at += done;
  if (done > 0 && to_at != nullptr)
    *to_at += done;
  return done;
}

} // namespace

shim_block* block_of_process() noexcept {
  static shim_block* const block = map_block();
  return block;
}

} // namespace ingot::bench

using namespace ingot::bench;

// NOLINTBEGIN: the C library's own names and parameters
extern "C" {

#define INGOT_REAL(name) static auto* const real = real_function<decltype(name)>(#name)

#define INGOT_OPEN(name)                                                                                                         \
  int name(const char* path, int flags, ...) {                                                                                   \
    va_list more;                                                                                                                \
    va_start(more, flags);                                                                                                       \
    const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;                                           \
    va_end(more);                                                                                                                \
    INGOT_REAL(name);                                                                                                            \
    return open_with(AT_FDCWD, path, flags, [&] { return real(path, flags, mode); });                                            \
  }
INGOT_OPEN(open)
INGOT_OPEN(open64)

#define INGOT_OPENAT(name)                                                                                                       \
  int name(int folder, const char* path, int flags, ...) {                                                                       \
    va_list more;                                                                                                                \
    va_start(more, flags);                                                                                                       \
    const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;                                           \
    va_end(more);                                                                                                                \
    INGOT_REAL(name);                                                                                                            \
    return open_with(folder, path, flags, [&] { return real(folder, path, flags, mode); });                                      \
  }
INGOT_OPENAT(openat)
INGOT_OPENAT(openat64)

#define INGOT_CREAT(name)                                                                                                        \
  int name(const char* path, mode_t mode) {                                                                                      \
    INGOT_REAL(name);                                                                                                            \
    return open_with(AT_FDCWD, path, O_WRONLY | O_TRUNC, [&] { return real(path, mode); });                                      \
  }
INGOT_CREAT(creat)
INGOT_CREAT(creat64)

// std::fstream opens by these, and writes by write() and writev().
#define INGOT_FOPEN(name)                                                                                                        \
  FILE* name(const char* path, const char* mode) {                                                                               \
    INGOT_REAL(name);                                                                                                            \
    if (simulated == nullptr || !simulated->may_be_ours(path))                                                                   \
      return real(path, mode);                                                                                                   \
    const bool was = exists(AT_FDCWD, path);                                                                                     \
    FILE* file = real(path, mode);                                                                                               \
    if (file != nullptr && std::string_view{mode}.find_first_of("wa+") != std::string_view::npos)                                \
      simulated->opened(::fileno(file), !was, mode[0] == 'w');                                                                   \
    return file;                                                                                                                 \
  }
INGOT_FOPEN(fopen)
INGOT_FOPEN(fopen64)

int close(int fd) {
  INGOT_REAL(close);
  if (simulated != nullptr)
    simulated->closed(fd);
  return real(fd);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  INGOT_REAL(write);
  if (simulated == nullptr || !simulated->is_ours(fd))
    return real(fd, bytes, count);
  return simulated->write(fd, {static_cast<const char*>(bytes), count}, place_of(fd),
                          [&](size_t n) { return real(fd, bytes, n); });
}

ssize_t writev(int fd, const iovec* parts, int count) {
  INGOT_REAL(writev);
  if (simulated == nullptr || !simulated->is_ours(fd))
    return real(fd, parts, count);
  const auto whole = join(parts, count);
  return ::write(fd, whole.data(), whole.size());
}

#define INGOT_PWRITE(name, offset)                                                                                               \
  ssize_t name(int fd, const void* bytes, size_t count, offset at) {                                                             \
    INGOT_REAL(name);                                                                                                            \
    if (simulated == nullptr || !simulated->is_ours(fd))                                                                         \
      return real(fd, bytes, count, at);                                                                                         \
    return simulated->write(fd, {static_cast<const char*>(bytes), count}, static_cast<std::uint64_t>(at),                        \
                            [&](size_t n) { return real(fd, bytes, n, at); });                                                   \
  }
INGOT_PWRITE(pwrite, off_t)
INGOT_PWRITE(pwrite64, off64_t)

#define INGOT_FTRUNCATE(name, offset)                                                                                            \
  int name(int fd, offset size) noexcept {                                                                                       \
    INGOT_REAL(name);                                                                                                            \
    if (simulated == nullptr || !simulated->is_ours(fd))                                                                         \
      return real(fd, size);                                                                                                     \
    return simulated->truncate(fd, static_cast<std::uint64_t>(size), [&] { return real(fd, size); });                            \
  }
INGOT_FTRUNCATE(ftruncate, off_t)
INGOT_FTRUNCATE(ftruncate64, off64_t)

#define INGOT_TRUNCATE(name, offset)                                                                                             \
  int name(const char* path, offset size) noexcept {                                                                             \
    INGOT_REAL(name);                                                                                                            \
    if (simulated == nullptr || !simulated->may_be_ours(path))                                                                   \
      return real(path, size);                                                                                                   \
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);                                                                           \
    if (fd < 0)                                                                                                                  \
      return -1;                                                                                                                 \
    const int code = ::ftruncate(fd, size);                                                                                      \
    const int error = errno;                                                                                                     \
    ::close(fd);                                                                                                                 \
    errno = error;                                                                                                               \
    return code;                                                                                                                 \
  }
INGOT_TRUNCATE(truncate, off_t)
INGOT_TRUNCATE(truncate64, off64_t)

#define INGOT_SYNC(name)                                                                                                         \
  int name(int fd) {                                                                                                             \
    INGOT_REAL(name);                                                                                                            \
    if (simulated == nullptr || !simulated->is_ours(fd))                                                                         \
      return real(fd);                                                                                                           \
    return simulated->sync(fd, [&] { return real(fd); });                                                                        \
  }
INGOT_SYNC(fsync)
INGOT_SYNC(fdatasync)

ssize_t sendfile(int to, int from, off_t* at, size_t count) noexcept {
  INGOT_REAL(sendfile);
  return simulated != nullptr && simulated->is_ours(to) ? copy(to, from, at, nullptr, count) : real(to, from, at, count);
}

ssize_t sendfile64(int to, int from, off64_t* at, size_t count) noexcept {
  INGOT_REAL(sendfile64);
  return simulated != nullptr && simulated->is_ours(to) ? copy(to, from, at, nullptr, count) : real(to, from, at, count);
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t count, unsigned flags) {
  INGOT_REAL(copy_file_range);
  return simulated != nullptr && simulated->is_ours(to) ? copy(to, from, from_at, to_at, count)
                                                        : real(from, from_at, to, to_at, count, flags);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  INGOT_REAL(unlinkat);
  const auto inode = simulated != nullptr && (flags & AT_REMOVEDIR) == 0 ? simulated->last_name_of(folder, path) : 0;
  const int code = real(folder, path, flags);
  if (code == 0 && inode != 0)
    simulated->removed(inode);
  return code;
}

#define INGOT_REMOVE(name)                                                                                                       \
  int name(const char* path) noexcept {                                                                                          \
    INGOT_REAL(name);                                                                                                            \
    const auto inode = simulated != nullptr ? simulated->last_name_of(AT_FDCWD, path) : 0;                                       \
    const int code = real(path);                                                                                                 \
    if (code == 0 && inode != 0)                                                                                                 \
      simulated->removed(inode);                                                                                                 \
    return code;                                                                                                                 \
  }
INGOT_REMOVE(unlink)
INGOT_REMOVE(remove)

int rename(const char* from, const char* to) noexcept {
  INGOT_REAL(rename);
  const auto inode = simulated != nullptr ? simulated->last_name_of(AT_FDCWD, to) : 0;
  const int code = real(from, to);
  if (code == 0 && inode != 0)
    simulated->removed(inode);
  return code;
}

} // extern "C"
// NOLINTEND

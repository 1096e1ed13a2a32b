#include "bench/faults/shim_control.hpp"

#include "bench/faults/volatile_file.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::bench {

namespace {

[[noreturn]] void fail(const std::string& doing) {
  throw std::runtime_error("cannot " + doing + ": " + std::generic_category().message(errno));
}

/// Replaces the bytes of the file, which stays the same file.
void put_content(const fs::path& file, const std::string& content) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out)
    fail("write " + file.string());
}

} // namespace

shim_control::shim_control(fs::path file, const fs::path& prefix)
    : file_(fs::absolute(file)), prefix_(fs::canonical(prefix.parent_path()) / prefix.filename()) {
  if (prefix_.string().size() >= shim_block::prefix_bytes_max)
    throw std::runtime_error("too long for the disk shim: " + prefix_.string());
  fs::create_directories(file_.string() + ".disk");
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(shim_block)) != 0)
    fail("make " + file_.string());
  void* at = ::mmap(nullptr, sizeof(shim_block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at == MAP_FAILED)
    fail("map " + file_.string());
  block_ = new (at) shim_block;
  prefix_.string().copy(block_->prefix, shim_block::prefix_bytes_max - 1);
}

shim_control::~shim_control() {
  ::munmap(block_, sizeof(shim_block));
  std::error_code ignored;
  fs::remove(file_, ignored);
  fs::remove_all(file_.string() + ".disk", ignored);
}

std::map<std::string, std::string> shim_control::environment() const {
  return {{"LD_PRELOAD", INGOT_DISK_SHIM_LIBRARY}, {shim_variable, file_.string()}};
}

void shim_control::fail_syncs(std::int64_t count) {
  block_->syncs_to_fail = count;
}

void shim_control::set_room(std::optional<std::uint64_t> bytes) {
  block_->room_bytes = bytes ? static_cast<std::int64_t>(*bytes) : -1;
}

void shim_control::tear_write(std::int64_t n) {
  block_->tear_write_in = n;
}

void shim_control::set_clock(std::chrono::nanoseconds by) {
  block_->clock_offset_ns = by.count();
}

std::size_t shim_control::cut_power(std::uint64_t seed) {
  std::size_t unsynced = 0;
  std::map<fs::path, ino_t> found; // in the order of names, so that a seed says the same twice
  for (const auto& x : fs::directory_iterator(prefix_.parent_path())) {
    struct stat state {};
    if (x.path().string().starts_with(prefix_.string()) && ::lstat(x.path().c_str(), &state) == 0 && S_ISREG(state.st_mode))
      found.emplace(x.path(), state.st_ino);
  }
  for (const auto& [path, inode] : found) {
    volatile_file file{file_.string() + ".disk", inode};
    if (!file.exists())
      continue;
    unsynced += file.pending();
    const auto left = file.after_cut(seed++);
    put_content(path, left);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      fail("open " + path.string());
    file.begin(fd);
    ::close(fd);
  }
  return unsynced;
}

} // namespace ingot::bench

#include "bench/faults/volatile_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot::bench {

namespace {

/// Ahead of every entry of a log.
struct entry_head {
  static constexpr std::uint32_t expected_magic = 0x57524954;
  std::uint32_t magic = expected_magic;
  std::uint32_t is_write = 0;
  std::uint64_t at = 0;
  std::uint64_t length = 0;
};

[[noreturn]] void give_up(const std::string& doing) {
  const auto text = "the disk shim cannot " + doing + ": " + std::strerror(errno) + "\n";
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

std::string read_all(int fd, const std::string& name) {
  struct stat state {};
  if (::fstat(fd, &state) != 0)
    give_up("look at " + name);
  std::string bytes(static_cast<std::size_t>(state.st_size), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const auto n = ::pread(fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      give_up("read " + name);
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

void write_all(int fd, std::string_view bytes, std::uint64_t at, const std::string& name) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      give_up("write " + name);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
}

} // namespace

volatile_file::volatile_file(std::string folder, ino_t inode)
    : durable_path_(folder + "/" + std::to_string(inode) + ".durable"), log_path_(folder + "/" + std::to_string(inode) + ".log") {
}

volatile_file::volatile_file(volatile_file&& from) noexcept
    : durable_path_(std::move(from.durable_path_)), log_path_(std::move(from.log_path_)),
      durable_(std::exchange(from.durable_, -1)), log_(std::exchange(from.log_, -1)), log_bytes_(from.log_bytes_) {}

volatile_file::~volatile_file() {
  if (durable_ >= 0)
    ::close(durable_);
  if (log_ >= 0)
    ::close(log_);
}

bool volatile_file::exists() const {
  return ::access(durable_path_.c_str(), F_OK) == 0;
}

void volatile_file::open_both() {
  for (auto [fd, path] : {std::pair{&durable_, &durable_path_}, std::pair{&log_, &log_path_}})
    if (*fd < 0 && (*fd = ::open(path->c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
      give_up("open " + *path);
}

void volatile_file::begin(int content_of) {
  open_both();
  if (::ftruncate(durable_, 0) != 0 || ::ftruncate(log_, 0) != 0)
    give_up("empty " + durable_path_);
  log_bytes_ = 0;
  if (content_of >= 0)
    write_all(durable_, read_all(content_of, "a file"), 0, durable_path_);
}

void volatile_file::resume() {
  open_both();
  entries();
}

void volatile_file::append(bool is_write, std::uint64_t at, std::string_view bytes) {
  entry_head head;
  head.is_write = is_write ? 1 : 0;
  head.at = at;
  head.length = bytes.size();
  std::string whole(sizeof head + bytes.size(), '\0');
  std::memcpy(whole.data(), &head, sizeof head);
  std::copy(bytes.begin(), bytes.end(), whole.begin() + sizeof head);
  write_all(log_, whole, log_bytes_, log_path_);
  log_bytes_ += whole.size();
}

void volatile_file::write(std::uint64_t at, std::string_view bytes) {
  append(true, at, bytes);
}

void volatile_file::truncate(std::uint64_t size) {
  append(false, size, {});
}

std::vector<unsynced_change> volatile_file::entries() {
  std::vector<unsynced_change> found;
  const auto bytes = read_all(log_, log_path_);
  std::size_t at = 0;
  while (bytes.size() - at >= sizeof(entry_head)) {
    entry_head head;
    std::memcpy(&head, bytes.data() + at, sizeof head);
    // One that a SIGKILL cut short: it is not in the file either.
    if (head.magic != entry_head::expected_magic || head.length > bytes.size() - at - sizeof head)
      break;
    found.push_back({head.is_write != 0, head.at, bytes.substr(at + sizeof head, head.length)});
    at += sizeof head + head.length;
  }
  if (at < bytes.size() && ::ftruncate(log_, static_cast<off_t>(at)) != 0)
    give_up("mend " + log_path_);
  log_bytes_ = at;
  return found;
}

void volatile_file::synced() {
  if (log_bytes_ == 0)
    return;
  // Killed in between, it is done again: an entry says what is, not what changes.
  for (const auto& x : entries()) {
    if (x.is_write)
      write_all(durable_, x.bytes, x.at, durable_path_);
    else if (::ftruncate(durable_, static_cast<off_t>(x.at)) != 0)
      give_up("cut " + durable_path_);
  }
  lost();
}

void volatile_file::lost() {
  if (::ftruncate(log_, 0) != 0)
    give_up("empty " + log_path_);
  log_bytes_ = 0;
}

void volatile_file::remove() {
  ::unlink(durable_path_.c_str());
  ::unlink(log_path_.c_str());
}

std::size_t volatile_file::pending() {
  open_both();
  return entries().size();
}

std::string volatile_file::after_cut(std::uint64_t seed) {
  open_both();
  return after_power_cut(read_all(durable_, durable_path_), entries(), seed);
}

} // namespace ingot::bench

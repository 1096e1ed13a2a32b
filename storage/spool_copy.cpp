#include "storage/spool_copy.hpp"

#include "storage/spool.hpp"
#include "storage/spool_log.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A busy spool changes its log's generation once in some seconds; reading the files takes less.
constexpr auto attempts_max = 50;
constexpr std::size_t log_header_bytes = 32;
constexpr std::size_t piece_bytes = 1024 * 1024;
/// File systems keep the time of a change in steps of some milliseconds.
constexpr auto time_step = 100ms;

class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what, const fs::path& file) {
  throw std::runtime_error("cannot " + what + " " + file.string() + ": " + std::generic_category().message(errno));
}

/// Up to `limit` bytes of the file; nothing when it is not there. `to` is made, of mode 0600, when a path is given.
std::optional<std::string> read_file(const fs::path& from, std::size_t limit, const fs::path& to = {}) {
  const descriptor in{::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (in.get() < 0 && errno == ENOENT)
    return std::nullopt;
  if (in.get() < 0)
    fail("read", from);
  const descriptor out{to.empty() ? -1 : ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!to.empty() && out.get() < 0)
    fail("make", to);
  std::string head;
  std::vector<char> piece(std::min(limit, piece_bytes));
  for (std::size_t total = 0; total < limit;) {
    const auto got = ::read(in.get(), piece.data(), std::min(piece.size(), limit - total));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("read", from);
    if (got == 0)
      break;
    const auto count = static_cast<std::size_t>(got);
    if (to.empty())
      head.append(piece.data(), count);
    for (std::size_t done = 0; !to.empty() && done < count;) {
      const auto written = ::write(out.get(), piece.data() + done, count - done);
      if (written < 0 && errno != EINTR)
        fail("write", to);
      done += written < 0 ? 0 : static_cast<std::size_t>(written);
    }
    total += count;
  }
  if (!to.empty() && ::fsync(out.get()) != 0)
    fail("write", to);
  return head;
}

/// What must be the same before and after for a copy to be good.
struct generation {
  std::string log_header; ///< empty: there is no log, and the database file must not change at all
  ino_t file = 0;
  timespec changed{};
  off_t size = 0;

  bool operator==(const generation& x) const noexcept {
    return log_header == x.log_header && file == x.file &&
           (!log_header.empty() ||
            (size == x.size && changed.tv_sec == x.changed.tv_sec && changed.tv_nsec == x.changed.tv_nsec));
  }

  /// Long enough ago for the next change to show another time?
  bool is_settled() const noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto age = std::chrono::seconds{now.tv_sec - changed.tv_sec} + std::chrono::nanoseconds{now.tv_nsec - changed.tv_nsec};
    return !log_header.empty() || age > time_step;
  }
};

std::optional<generation> look_at(const fs::path& file, const fs::path& log) {
  auto out = generation{};
  out.log_header = read_file(log, log_header_bytes).value_or("");
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) {
    if (errno == ENOENT)
      return std::nullopt;
    fail("look at", file);
  }
  out.file = about.st_ino;
  out.changed = about.st_mtim;
  out.size = about.st_size;
  return out;
}

} // namespace

spool_copy copy_spool(const fs::path& data_dir, const fs::path& folder) {
  const auto file = data_dir / "spool.sqlite";
  const auto log = data_dir / "spool.sqlite-wal";
  const auto copy = folder / "spool.sqlite";
  const auto copied_log = folder / "spool.sqlite-wal";
  for (auto attempt = 1;; ++attempt) {
    const auto before = look_at(file, log);
    if (!before)
      return {};
    fs::remove(copied_log);
    const auto read = before->is_settled() && read_file(file, SIZE_MAX, copy);
    if (read)
      read_file(log, SIZE_MAX, copied_log);
    const auto whole = read && look_at(file, log) == before;
    // A frame that was just being written looks torn in the copy; one that is torn in the original stays so.
    if (whole && (attempt == attempts_max || inspect_log(copied_log).is_sound()))
      break;
    if (attempt == attempts_max)
      throw std::runtime_error("the spool " + file.string() + " changes faster than it can be copied: try again in a moment");
    std::this_thread::sleep_for(20ms);
  }
  auto out = inspect_spool(folder);
  // Closed, it is one file; what still stood in a log would be left behind by whoever takes the file.
  if (fs::exists(copied_log))
    throw std::runtime_error("the copy of the spool in " + folder.string() + " cannot be made one file");
  return out;
}

spool_copy inspect_spool(const fs::path& folder) {
  std::error_code absent;
  if (!fs::exists(folder / "spool.sqlite", absent))
    return {};
  const auto opened = spool{folder, {}};
  return {true, opened.depth(), opened.bytes(), opened.damage()};
}

} // namespace ingot::storage

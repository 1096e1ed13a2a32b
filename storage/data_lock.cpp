#include "storage/cluster.hpp"

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

std::string read_pid(int fd) {
  char text[32] = {};
  const auto length = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid{text, length > 0 ? static_cast<std::size_t>(length) : 0};
  return pid.substr(0, pid.find('\n'));
}

void make_folder(const std::filesystem::path& data_dir) {
  std::error_code problem;
  if (std::filesystem::create_directories(data_dir, problem))
    // The database's user must get through it to its own folder; nobody else has business here.
    ::chmod(data_dir.c_str(), 0711);
  else if (problem)
    throw std::runtime_error("cannot make the data folder " + data_dir.string() + ": " + problem.message());
}

/// What is written in the lock while somebody holds it.
std::optional<std::string> pid_of_owner(const std::filesystem::path& data_dir) {
  const int fd = ::open((data_dir / "ingot.lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return std::nullopt;
  auto out = std::optional<std::string>{};
  if (::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    out = read_pid(fd);
  ::close(fd);
  return out;
}

/// What root makes in a service's folder must not shut the service out. Where the file system knows no owners nothing is lost.
void give_to_owner_of(const std::filesystem::path& folder, int file) {
  struct stat of_folder {
  }, of_file{};
  if (::geteuid() == 0 && ::stat(folder.c_str(), &of_folder) == 0 && ::fstat(file, &of_file) == 0 &&
      of_file.st_uid != of_folder.st_uid && ::fchown(file, of_folder.st_uid, of_folder.st_gid) != 0)
    return;
}

} // namespace

data_lock::data_lock(const std::filesystem::path& data_dir) {
  make_folder(data_dir);
  const auto file = data_dir / "ingot.lock";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd_ < 0)
    throw std::runtime_error("cannot open " + file.string() + ": " + std::generic_category().message(errno));
  give_to_owner_of(data_dir, fd_);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const auto owner = read_pid(fd_);
    ::close(fd_);
    if (error != EWOULDBLOCK)
      throw std::runtime_error("cannot lock " + file.string() + ": " + std::generic_category().message(error));
    throw std::runtime_error("the data folder " + data_dir.string() + " is in use by another node (process " +
                             (owner.empty() ? "unknown" : owner) +
                             "): stop that one, or name another folder with INGOT_DATA_DIR");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) {
    const int error = errno;
    ::close(fd_);
    throw std::runtime_error("cannot write " + file.string() + ": " + std::generic_category().message(error));
  }
}

data_lock::~data_lock() {
  ::close(fd_);
}

bool is_locked(const std::filesystem::path& data_dir) {
  return pid_of_owner(data_dir).has_value();
}

std::optional<int> lock_owner(const std::filesystem::path& data_dir) {
  const auto pid = pid_of_owner(data_dir);
  const auto number = pid ? std::atoi(pid->c_str()) : 0;
  return number > 0 ? std::optional{number} : std::nullopt;
}

} // namespace ingot::storage

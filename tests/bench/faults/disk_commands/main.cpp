// What the tests of the disk shim do to files, in a process that it is preloaded into. One command a line on standard input, one
// line of answer each: `ok …`, or `error` and errno's name.
#include "storage/spool.hpp"
#include "tests/storage/spool_fixture.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

std::string told(std::int64_t code) {
  return code >= 0 ? "ok " + std::to_string(code) : std::string{"error "} + ::strerrorname_np(errno);
}

struct commands {
  int fd = -1;
  std::unique_ptr<ingot::storage::spool> spool;
  int next = 0; ///< number of the next delivery

  std::string run(std::istringstream line) {
    std::string verb, path;
    long a = 0, b = 0;
    line >> verb;
    if (verb == "open") {
      line >> path;
      return told(fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    }
    if (verb == "close")
      return told(::close(fd));
    if (verb == "pwrite") { // at, bytes, letter
      char letter = 'x';
      line >> a >> b >> letter;
      return told(::pwrite(fd, std::string(static_cast<std::size_t>(b), letter).data(), static_cast<std::size_t>(b), a));
    }
    if (verb == "write") {
      line >> path;
      return told(::write(fd, path.data(), path.size()));
    }
    if (verb == "truncate") {
      line >> a;
      return told(::ftruncate(fd, a));
    }
    if (verb == "fsync")
      return told(::fsync(fd));
    if (verb == "fdatasync")
      return told(::fdatasync(fd));
    if (verb == "copy") { // as std::filesystem and std::ofstream do it
      std::string to;
      line >> path >> to;
      fs::copy_file(path, to, fs::copy_options::overwrite_existing);
      return "ok";
    }
    if (verb == "rename") {
      std::string to;
      line >> path >> to;
      fs::rename(path, to);
      return "ok";
    }
    if (verb == "remove") {
      line >> path;
      return fs::remove(path) ? "ok" : "error none";
    }
    if (verb == "clocks")
      return clocks();
    if (verb == "child") {
      line >> path;
      return "ok " + std::to_string(std::system(("test -z \"$LD_PRELOAD\" && echo " + path + " >/dev/null").c_str()));
    }
    if (verb == "spool") {
      line >> path;
      spool.reset();
      spool = std::make_unique<ingot::storage::spool>(path, ingot::spool_settings{});
      return "ok " + std::to_string(spool->depth());
    }
    if (verb == "shut") {
      spool.reset();
      return "ok";
    }
    if (verb == "append") { // a group of so many, with bodies of so many bytes
      line >> a >> b;
      std::vector<ingot::delivery> group;
      for (long i = 0; i < a; ++i)
        group.push_back(ingot::storage::numbered_delivery(next + static_cast<int>(i), static_cast<std::size_t>(b)));
      ingot::storage::append(*spool, group);
      next += static_cast<int>(a);
      return "ok " + std::to_string(next);
    }
    if (verb == "drain")
      return drained();
    return "error verb";
  }

  /// Takes all out of the spool. @returns how many: they must be the deliveries from 0 on, each as it was made.
  std::string drained() const {
    const auto all = ingot::storage::drain(*spool);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!ingot::storage::same(all[i].kept, ingot::storage::numbered_delivery(static_cast<int>(i), all[i].kept.body.size())))
        return "error at place " + std::to_string(i) + ": " + all[i].kept.id;
    return "ok " + std::to_string(all.size());
  }

  /// Every way to ask for the time: ms since the epoch, and the monotonic clock's.
  static std::string clocks() {
    namespace chrono = std::chrono;
    timeval t{};
    ::gettimeofday(&t, nullptr);
    timespec coarse{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &coarse);
    const auto system = chrono::duration_cast<chrono::milliseconds>(chrono::system_clock::now().time_since_epoch()).count();
    const auto steady = chrono::duration_cast<chrono::milliseconds>(chrono::steady_clock::now().time_since_epoch()).count();
    return "ok " + std::to_string(system) + ' ' + std::to_string(t.tv_sec * 1000 + t.tv_usec / 1000) + ' ' +
           std::to_string(::time(nullptr) * 1000) + ' ' + std::to_string(coarse.tv_sec * 1000) + ' ' + std::to_string(steady);
  }
};

} // namespace

int main() {
  commands c;
  for (std::string line; std::getline(std::cin, line);) {
    std::string answer;
    try {
      answer = c.run(std::istringstream{line});
    } catch (const std::exception& e) {
      answer = std::string{"error "} + e.what();
    }
    std::cout << answer << std::endl;
  }
}

#include "storage/connection_watchdog.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ingot::storage {

connection_watchdog& connection_watchdog::instance() {
  // Never destroyed: connections of static storage may outlive any order of destruction.
  static auto& only = *new connection_watchdog;
  return only;
}

connection_watchdog::connection_watchdog() {
  // Signals are for the threads that wait for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([this] { run(); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void connection_watchdog::run() noexcept {
  std::unique_lock lock{mutex_};
  for (;;) {
    wakes_at_ = shut_overdue(clock::now());
    if (const auto until = wakes_at_; until == never)
      changed_.wait(lock);
    else
      changed_.wait_until(lock, until);
  }
}

connection_watchdog::clock::time_point connection_watchdog::shut_overdue(clock::time_point now) noexcept {
  auto next = never;
  for (auto* e : entries_) {
    if (e->expiry_ <= now) {
      ::shutdown(e->socket_, SHUT_RDWR);
      e->expired_ = true;
      e->expiry_ = never;
    }
    next = std::min(next, e->expiry_);
  }
  return next;
}

connection_watchdog::entry::entry(int socket) : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 3)) {
  if (socket_ < 0)
    throw std::system_error(errno, std::generic_category(), "cannot watch a database connection");
  auto& w = instance();
  std::lock_guard lock{w.mutex_};
  w.entries_.push_back(this);
}

connection_watchdog::entry::~entry() {
  {
    auto& w = instance();
    std::lock_guard lock{w.mutex_};
    std::erase(w.entries_, this);
  }
  ::close(socket_);
}

connection_watchdog::clock::time_point connection_watchdog::entry::arm(clock::time_point expiry) noexcept {
  auto& w = instance();
  bool earlier = false;
  clock::time_point before;
  {
    std::lock_guard lock{w.mutex_};
    before = std::exchange(expiry_, expiry);
    earlier = expiry < w.wakes_at_;
    // Further deadlines up to this one need no wake-up of their own.
    if (earlier)
      w.wakes_at_ = expiry;
  }
  if (earlier)
    w.changed_.notify_one();
  return before;
}

bool connection_watchdog::entry::expired() const noexcept {
  std::lock_guard lock{instance().mutex_};
  return expired_;
}

} // namespace ingot::storage

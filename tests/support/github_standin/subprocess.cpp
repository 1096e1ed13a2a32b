#include "tests/support/github_standin/subprocess.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::testing {

namespace {

struct pipe_ends {
  int read = -1, write = -1;
  // Sockets, since a write to one can be told to raise no SIGPIPE.
  pipe_ends() {
    auto ends = std::array<int, 2>{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw std::runtime_error{std::string{"socketpair: "} + std::strerror(errno)};
    read = ends[0];
    write = ends[1];
  }
  ~pipe_ends() {
    close(read);
    close(write);
  }
  static void close(int& end) {
    if (end >= 0)
      ::close(end);
    end = -1;
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
};

pid_t spawn(const subprocess& x, int input, int output) {
  std::vector<char*> argv, envp;
  for (const auto& each : x.arguments)
    argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  for (const auto& each : x.environment)
    envp.push_back(const_cast<char*>(each.c_str()));
  for (auto** at = environ; *at != nullptr; ++at)
    envp.push_back(*at);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, 1);
  pid_t out = -1;
  const auto failed = ::posix_spawnp(&out, argv[0], &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw std::runtime_error{x.arguments.front() + ": " + std::strerror(failed)};
  return out;
}

/// Writes the input and reads the output as both become possible.
void pump(pipe_ends& in, pipe_ends& out, std::string_view input, const std::function<void(std::string_view)>& into) {
  auto piece = std::array<char, 64 * 1024>{};
  for (;;) {
    if (input.empty())
      pipe_ends::close(in.write);
    auto wait = std::array<pollfd, 2>{{{out.read, POLLIN, 0}, {in.write, POLLOUT, 0}}};
    if (::poll(wait.data(), in.write >= 0 ? 2 : 1, -1) < 0 && errno != EINTR)
      throw std::runtime_error{std::string{"poll: "} + std::strerror(errno)};
    if (in.write >= 0 && wait[1].revents != 0) {
      const auto size = ::send(in.write, input.data(), input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size > 0)
        input.remove_prefix(static_cast<std::size_t>(size));
      else if (errno != EAGAIN && errno != EINTR)
        input = {}; // it does not want the rest
    }
    if (wait[0].revents != 0) {
      const auto size = ::read(out.read, piece.data(), piece.size());
      if (size == 0)
        return;
      if (size > 0)
        into({piece.data(), static_cast<std::size_t>(size)});
    }
  }
}

} // namespace

int run(const subprocess& x, const std::function<void(std::string_view)>& into) {
  pipe_ends in, out;
  const auto child = spawn(x, in.read, out.write);
  pipe_ends::close(in.read);
  pipe_ends::close(out.write);
  int status = 0;
  try {
    pump(in, out, x.input, into);
  } catch (...) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    throw;
  }
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string output_of(const subprocess& x) {
  std::string out;
  const auto code = run(x, [&](std::string_view piece) { out += piece; });
  if (code != 0) {
    std::string command;
    for (const auto& each : x.arguments)
      command += each + ' ';
    throw std::runtime_error{command + "ended with " + std::to_string(code) + ": " + out};
  }
  return out;
}

} // namespace ingot::testing

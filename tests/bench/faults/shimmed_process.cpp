#include "tests/bench/faults/shimmed_process.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::testing {

shimmed_process::shimmed_process(const bench::shim_control& shim, const std::map<std::string, std::string>& more) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  auto environment = shim.environment();
  environment.insert(more.begin(), more.end());
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    for (const auto& [name, value] : environment)
      ::setenv(name.c_str(), value.c_str(), 1);
    ::execl(INGOT_DISK_COMMANDS, INGOT_DISK_COMMANDS, nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
}

shimmed_process::~shimmed_process() {
  kill();
  ::close(to_);
  ::close(from_);
}

std::string shimmed_process::ask(const std::string& command) {
  const auto line = command + '\n';
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  const bool sent = ::write(to_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::sigaction(SIGPIPE, &before, nullptr);
  std::string answer;
  char letter = 0;
  while (sent && ::read(from_, &letter, 1) == 1) {
    if (letter == '\n')
      return answer;
    answer += letter;
  }
  return {};
}

void shimmed_process::kill() {
  if (pid_ > 0)
    ::kill(pid_, SIGKILL);
  was_killed();
}

bool shimmed_process::was_killed() {
  if (pid_ > 0)
    ::waitpid(pid_, &status_, 0);
  pid_ = -1;
  return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL;
}

} // namespace ingot::testing

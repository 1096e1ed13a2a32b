#include "bench/processes.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::bench {
namespace fs = std::filesystem;
using steady = std::chrono::steady_clock;

namespace {

struct stat_line {
  pid_t parent = 0;
  double own = 0;    ///< CPU seconds
  double waited = 0; ///< of ended children
};

stat_line read_stat(const fs::path& file) {
  std::ifstream in{file};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto name_end = text.rfind(')'); // the program's name may hold anything
  if (name_end == std::string::npos)
    return {};
  std::istringstream rest{text.substr(name_end + 2)};
  std::vector<std::string> fields{std::istream_iterator<std::string>{rest}, {}};
  if (fields.size() < 15)
    return {};
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  // proc(5): state is field 3, ppid 4, utime 14, stime 15, cutime 16, cstime 17.
  const auto at = [&](std::size_t n) { return std::stod(fields[n - 3]); };
  return {static_cast<pid_t>(at(4)), (at(14) + at(15)) / tick, (at(16) + at(17)) / tick};
}

double status_mb(pid_t pid, const std::string& name) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ':'))
      return std::stod(line.substr(name.size() + 1)) * 1024 / 1e6;
  return 0;
}

std::string tail_of(const fs::path& log) {
  std::ifstream in{log};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

int dial(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0)
    return fd;
  close(fd);
  return -1;
}

} // namespace

double cpu_seconds(pid_t pid) {
  return read_stat("/proc/" + std::to_string(pid) + "/stat").own;
}

std::vector<pid_t> tree_of(pid_t pid) {
  std::unordered_map<pid_t, pid_t> parent_of;
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos)
      parent_of[static_cast<pid_t>(std::stol(name))] = read_stat(entry.path() / "stat").parent;
  }
  std::vector<pid_t> out;
  for (const auto& [each, parent] : parent_of) {
    auto ancestor = each;
    for (int depth = 0; ancestor > 1 && ancestor != pid && depth < 64; ++depth) {
      const auto found = parent_of.find(ancestor);
      ancestor = found == parent_of.end() ? 0 : found->second;
    }
    if (ancestor == pid)
      out.push_back(each);
  }
  return out;
}

double cpu_seconds_of_tree(pid_t pid) {
  double sum = 0;
  for (auto each : tree_of(pid)) {
    const auto line = read_stat("/proc/" + std::to_string(each) + "/stat");
    sum += line.own + line.waited;
  }
  return sum;
}

double rss_mb(pid_t pid) {
  return status_mb(pid, "VmRSS");
}
double rss_peak_mb(pid_t pid) {
  return status_mb(pid, "VmHWM");
}

child::child(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment, const fs::path& log) {
  std::vector<char*> arguments;
  for (const auto& x : argv)
    arguments.push_back(const_cast<char*>(x.c_str()));
  arguments.push_back(nullptr);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const auto parent = getpid();
  pid_ = fork();
  if (pid_ < 0)
    throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ != 0) {
    close(out);
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent)
    _exit(127);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(out, 1);
  dup2(out, 2);
  for (const auto& [name, value] : environment)
    setenv(name.c_str(), value.c_str(), 1);
  execvp(arguments[0], arguments.data());
  dprintf(2, "cannot run %s: %s\n", arguments[0], std::strerror(errno));
  _exit(127);
}

child::child(child&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}

child::~child() {
  stop();
}

bool child::ended() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ <= 0;
}

double child::stop(std::chrono::seconds patience) {
  const auto begin = steady::now();
  if (ended())
    return 0;
  kill(pid_, SIGTERM);
  while (!ended() && steady::now() - begin < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  if (!ended()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  return std::chrono::duration<double>(steady::now() - begin).count();
}

int http_status(std::uint16_t port, const std::string& path) {
  const int fd = dial(port);
  if (fd < 0)
    return 0;
  const auto request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  char answer[512];
  ssize_t size = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (size > 0)
    size = recv(fd, answer, sizeof answer, 0);
  close(fd);
  return size > 12 ? std::atoi(std::string(answer + 9, 3).c_str()) : 0;
}

double wait_until_ready(child& of, std::uint16_t port, const std::string& path, steady::time_point since, const fs::path& log,
                        std::chrono::seconds patience) {
  for (;;) {
    if (http_status(port, path) == 200)
      return std::chrono::duration<double>(steady::now() - since).count();
    if (of.ended() || steady::now() - since > patience)
      throw std::runtime_error("no answer 200 to " + path + "; the program's last words:\n" + tail_of(log));
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "no free port");
  close(fd);
  return ntohs(at.sin_port);
}

} // namespace ingot::bench

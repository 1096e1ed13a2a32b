#include "storage/cluster_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::storage::process {

namespace {

using std::chrono::steady_clock;

std::runtime_error system_failure(const std::string& what) {
  return std::runtime_error(what + ": " + std::generic_category().message(errno));
}

/// Async-signal-safe.
bool become(const account& user) noexcept {
  return ::setgroups(0, nullptr) == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
}

/// Runs in the child of a program with many threads: async-signal-safe calls only.
[[noreturn]] void run_child(const command& what, char* const* arguments, char* const* environment, int log,
                            pid_t parent) noexcept {
  if (what.user && !become(*what.user))
    ::_exit(126);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // After setuid, which clears it. SIGINT is PostgreSQL's fast shutdown.
  ::prctl(PR_SET_PDEATHSIG, SIGINT, 0, 0, 0);
  if (::getppid() != parent)
    ::_exit(125);
  // Ctrl-C at a terminal is for the node, which then stops the server itself.
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int ignored : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGCHLD})
    ::signal(ignored, SIG_DFL);
  const int input = ::open("/dev/null", O_RDONLY);
  if (::dup2(input, 0) < 0 || ::dup2(log, 1) < 0 || ::dup2(log, 2) < 0)
    ::_exit(124);
  // Not even the data folder's lock, which must be free when we are killed.
  ::close_range(3, ~0U, 0);
  if (::chdir(what.directory.c_str()) != 0)
    ::_exit(123);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

} // namespace

std::optional<account> database_account() {
  if (::geteuid() != 0)
    return std::nullopt;
  for (const char* name : {"postgres", "nobody"})
    if (const passwd* entry = ::getpwnam(name))
      return account{name, entry->pw_uid, entry->pw_gid};
  throw std::runtime_error("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`: "
                           "make one with `useradd --system postgres`");
}

std::optional<account> owner_of(const std::filesystem::path& folder) {
  struct stat state {};
  if (::stat(folder.c_str(), &state) != 0)
    return std::nullopt;
  const passwd* entry = ::getpwuid(state.st_uid);
  if (entry == nullptr)
    throw std::runtime_error(folder.string() + " belongs to the user number " + std::to_string(state.st_uid) +
                             ", who does not exist here: give it to one who does");
  return account{entry->pw_name, state.st_uid, state.st_gid};
}

pid_t spawn(const command& what) {
  auto arguments = what.arguments;
  std::vector<char*> argument_pointers;
  for (auto& a : arguments)
    argument_pointers.push_back(a.data());
  argument_pointers.push_back(nullptr);
  std::array<std::string, 4> environment{"HOME=" + what.directory.string(), "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "TZ=UTC"};
  std::array<char*, 5> environment_pointers{};
  for (std::size_t i = 0; i < environment.size(); ++i)
    environment_pointers[i] = environment[i].data();

  const int log = ::open(what.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0)
    throw system_failure("cannot open " + what.log.string());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0)
    run_child(what, argument_pointers.data(), environment_pointers.data(), log, parent);
  ::close(log);
  if (child < 0)
    throw system_failure("cannot start " + what.arguments.front());
  return child;
}

std::optional<int> wait(pid_t child, std::chrono::milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child)
      return status;
    if (ended < 0 && errno != EINTR)
      return 0;
    if (steady_clock::now() >= until)
      return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

std::optional<std::filesystem::path> first_closed_folder(const std::filesystem::path& path, const account& user) {
  std::vector<std::filesystem::path> folders;
  for (std::filesystem::path so_far; const auto& part : path)
    folders.push_back(so_far /= part);
  // Asking the kernel as that user covers ACLs and mount options too. The exit code can number 250 folders.
  const pid_t child = ::fork();
  if (child < 0)
    throw system_failure("cannot fork");
  if (child == 0) {
    if (!become(user))
      ::_exit(255);
    for (std::size_t i = 0; i < folders.size(); ++i)
      if (::chdir(folders[i].c_str()) != 0)
        ::_exit(static_cast<int>(std::min<std::size_t>(i + 1, 250)));
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  if (code == 255)
    throw std::runtime_error("cannot become the user " + user.name);
  if (code == 0)
    return std::nullopt;
  return folders[static_cast<std::size_t>(code) - 1];
}

std::vector<pid_t> servers_in(const std::filesystem::path& data) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::error_code unreadable;
    if (std::filesystem::read_symlink(entry.path() / "cwd", unreadable) != data || unreadable)
      continue;
    std::string program;
    std::getline(std::ifstream{entry.path() / "comm"} >> std::ws, program);
    if (program == "postgres")
      found.push_back(std::stoi(name));
  }
  return found;
}

std::optional<std::string> output_of(const std::string& shell_command) {
  FILE* pipe = ::popen(shell_command.c_str(), "re");
  if (pipe == nullptr)
    return std::nullopt;
  std::string output;
  std::array<char, 512> piece;
  while (const auto count = std::fread(piece.data(), 1, piece.size(), pipe))
    output.append(piece.data(), count);
  if (::pclose(pipe) != 0)
    return std::nullopt;
  while (!output.empty() && output.back() == '\n')
    output.pop_back();
  return output;
}

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (char c : text)
    word += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return word + "'";
}

} // namespace ingot::storage::process

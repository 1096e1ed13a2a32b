#include "commands/psql.hpp"

#include "commands/node_database.hpp"
#include "storage/cluster.hpp"
#include "storage/server_facts.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace ingot::commands {

namespace {

namespace fs = std::filesystem;

std::string find_psql() {
  std::error_code ignored;
  if (auto bindir = storage::find_postgres_bindir(); !bindir.empty() && fs::exists(bindir / "psql", ignored))
    return (bindir / "psql").string();
  return "psql";
}

std::vector<char*> argument_pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& x : words)
    out.push_back(x.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become(const std::string& program, std::vector<char*>& arguments) {
  ::setenv("PGCONNECT_TIMEOUT", "5", 0); // a server that hangs is told of, not waited for
  ::execvp(program.c_str(), arguments.data());
  const char* text =
      errno == ENOENT ? "ingot: psql is not installed (apt-get install postgresql-client)\n" : "ingot: psql cannot be started\n";
  (void)!::write(2, text, std::strlen(text));
  ::_exit(127);
}

} // namespace

int psql(const settings& of, const std::vector<std::string>& arguments) {
  node_database database{of};
  auto program = find_psql();
  std::vector<std::string> words{"psql"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto pointers = argument_pointers(words);
  for (const auto& [name, value] : storage::libpq_environment(database.url()))
    ::setenv(name.c_str(), value.c_str(), 1);
  if (!database.started())
    become(program, pointers);
  // The cluster lives as long as this process does, so psql is a child. Ctrl-C is for psql alone.
  auto interrupt = std::signal(SIGINT, SIG_IGN);
  auto quit = std::signal(SIGQUIT, SIG_IGN);
  pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGQUIT, SIG_DFL);
    become(program, pointers);
  }
  int status = 0;
  pid_t waited = child;
  while (child > 0 && (waited = ::waitpid(child, &status, 0)) < 0 && errno == EINTR)
    continue;
  std::signal(SIGINT, interrupt);
  std::signal(SIGQUIT, quit);
  if (child < 0 || waited < 0)
    throw std::runtime_error{std::string{"psql cannot be started: "} + std::strerror(errno)};
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace ingot::commands

// One PostgreSQL for a whole CTest run: `start FILE` leaves it running and its address in FILE, `stop FILE` ends it.
// It ends by itself when the process that called `start` (ctest) is gone.
#include "storage/cluster.hpp"
#include "tests/support/postgres.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

volatile std::sig_atomic_t asked_to_end = 0;

bool lives(pid_t process) {
  return process > 1 && ::kill(process, 0) == 0;
}

void serve(const std::string& file, pid_t caller, int ready) {
  for (int s : {SIGTERM, SIGINT})
    std::signal(s, [](int) { asked_to_end = 1; });
  ingot::testing::temporary_folder folder;
  ingot::storage::embedded_cluster cluster{folder.path()};
  auto url = cluster.url();
  url.replace(url.rfind("dbname=ingot"), std::string::npos, "dbname=postgres");
  {
    std::ofstream out{file + ".new"};
    out << url << '\n' << ::getpid() << '\n';
  }
  std::filesystem::rename(file + ".new", file);
  (void)!::write(ready, "1", 1);
  ::close(ready);
  while (asked_to_end == 0 && lives(caller))
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  std::filesystem::remove(file);
}

int start(const std::string& file) {
  std::filesystem::remove(file);
  if (std::getenv("INGOT_TEST_PG_URL") != nullptr)
    return 0;
  const pid_t caller = ::getppid();
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0)
    return 1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ready[0]);
    ::setsid();
    // CTest waits for the end of what it reads from.
    const int log = ::open((file + ".log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (int fd : {0, 1, 2})
      ::dup2(log, fd);
    ::close(log);
    try {
      serve(file, caller, ready[1]);
      ::_exit(0);
    } catch (const std::exception& e) {
      std::cerr << e.what() << std::endl;
      ::_exit(1);
    }
  }
  ::close(ready[1]);
  char answer = 0;
  if (::read(ready[0], &answer, 1) == 1)
    return 0;
  std::cerr << "no PostgreSQL for the tests: see " << file << ".log\n";
  return 1;
}

int stop(const std::string& file) {
  std::ifstream in{file};
  std::string url;
  pid_t server = 0;
  if (!std::getline(in, url) || !(in >> server) || server <= 1)
    return 0;
  ::kill(server, SIGTERM);
  while (lives(server))
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::string verb = argc == 3 ? argv[1] : "";
  if (verb == "start")
    return start(argv[2]);
  if (verb == "stop")
    return stop(argv[2]);
  std::cerr << "usage: ingot_test_postgres_server start|stop FILE\n";
  return 2;
}

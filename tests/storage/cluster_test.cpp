#include "storage/cluster.hpp"

#include "storage/cluster_process.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <csignal>
#include <fstream>

#include <pqxx/pqxx>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

std::string ask(const std::string& url, const std::string& sql) {
  pqxx::connection c{url};
  pqxx::nontransaction t{c};
  const auto rows = t.exec(sql);
  return rows.empty() ? "" : rows[0][0].c_str();
}

mode_t mode_of(const fs::path& file) {
  struct stat state {};
  return ::stat(file.c_str(), &state) == 0 ? state.st_mode & 07777 : 0;
}

/// A process of its own that holds the lock and the cluster on `data_dir`, as a node does, and waits to be killed.
struct node_process {
  explicit node_process(const fs::path& data_dir) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid = ::fork();
    if (pid == 0) {
      try {
        data_lock lock{data_dir};
        embedded_cluster cluster{data_dir};
        const int server = cluster.pid();
        (void)!::write(ends[1], &server, sizeof server);
        for (;;)
          ::pause();
      } catch (...) {
        ::_exit(1);
      }
    }
    ::close(ends[1]);
    const bool started = ::read(ends[0], &postmaster, sizeof postmaster) == sizeof postmaster;
    ::close(ends[0]);
    REQUIRE(started);
  }

  void kill() {
    if (pid < 0)
      return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = -1;
  }

  ~node_process() { kill(); }

  pid_t pid = -1;
  int postmaster = 0;
};

} // namespace

TEST_CASE("the embedded database is made, reached by a private socket only, and there again at the next start") {
  testing::temporary_folder folder;
  // What a killed initdb left behind.
  fs::create_directories(folder.path() / "postgres/data.new/base");
  std::ofstream{folder.path() / "postgres/data.new/PG_VERSION"} << "15\n";
  std::string url;
  int server = 0;
  {
    data_lock lock{folder.path()};
    embedded_cluster cluster{folder.path()};
    url = cluster.url();
    server = cluster.pid();
    CHECK(embedded_url(folder.path()) == url);
    CHECK_FALSE(fs::exists(folder.path() / "postgres/data.new"));
    struct stat state {};
    REQUIRE(::stat(("/proc/" + std::to_string(server)).c_str(), &state) == 0);
    CHECK(state.st_uid != 0);
    CHECK(ask(url, "SHOW listen_addresses").empty());
    CHECK(ask(url, "SHOW data_checksums") == "on");
    CHECK(ask(url, "SHOW server_encoding") == "UTF8");
    CHECK(ask(url, "SELECT current_user || current_database()") == "ingotingot");
    CHECK(mode_of(folder.path() / "postgres/run") == 0700);
    CHECK(mode_of(folder.path() / "postgres/data") == 0700);
    CHECK(mode_of(folder.path() / "postgres/run/.s.PGSQL.5432") == 0700);
    ask(url, "CREATE TABLE kept AS SELECT 42 AS n");
    // A person tunes with ALTER SYSTEM; what safety rests on stays.
    ask(url, "ALTER SYSTEM SET work_mem = '3MB'");
    ask(url, "ALTER SYSTEM SET fsync = off");
  }
  CHECK(::kill(server, 0) != 0);
  CHECK_THROWS(ask(url, "SELECT 1"));
  data_lock lock{folder.path()};
  embedded_cluster cluster{folder.path()};
  CHECK(ask(cluster.url(), "SELECT n FROM kept") == "42");
  CHECK(ask(cluster.url(), "SHOW work_mem") == "3MB");
  CHECK(ask(cluster.url(), "SHOW fsync") == "on");
}

TEST_CASE("law 1: a node killed with its database running finds everything committed at the next start") {
  testing::temporary_folder folder;
  int numbers = 0;
  for (int round = 0; round < 3; ++round) {
    node_process node{folder.path()};
    const auto url = embedded_url(folder.path());
    ask(url, "CREATE TABLE IF NOT EXISTS kept (n int)");
    ask(url, "INSERT INTO kept VALUES (1)");
    ++numbers;
    node.kill();
    // Nothing waits for the old server to end: the next start does.
    data_lock lock{folder.path()};
    embedded_cluster cluster{folder.path()};
    CHECK(ask(cluster.url(), "SELECT count(*) FROM kept") == std::to_string(numbers));
  }
}

TEST_CASE("the server ends with its node, even when that is killed") {
  testing::temporary_folder folder;
  node_process node{folder.path()};
  const auto data = fs::canonical(folder.path() / "postgres/data");
  CHECK_FALSE(process::servers_in(data).empty());
  node.kill();
  // Ends only when they are gone; CTest's time limit catches the contrary.
  while (!process::servers_in(data).empty())
    ::usleep(2000);
}

TEST_CASE("a cluster whose postmaster alone was killed starts again") {
  testing::temporary_folder folder;
  node_process node{folder.path()};
  ask(embedded_url(folder.path()), "CREATE TABLE kept ()");
  ::kill(node.postmaster, SIGKILL);
  node.kill();
  embedded_cluster cluster{folder.path()};
  CHECK(ask(cluster.url(), "SELECT count(*) FROM kept") == "0");
}

TEST_CASE("a start that was cut short before the database was made is completed") {
  testing::temporary_folder folder;
  std::string url;
  {
    embedded_cluster cluster{folder.path()};
    url = cluster.url();
    auto other = url;
    other.replace(other.rfind("ingot"), 5, "postgres");
    ask(other, "DROP DATABASE ingot");
  }
  embedded_cluster cluster{folder.path()};
  CHECK(ask(url, "SELECT current_database()") == "ingot");
}

TEST_CASE("the lock file of a killed server does not hold up the start, though its number is another process's by now") {
  testing::temporary_folder folder;
  { embedded_cluster cluster{folder.path()}; }
  const auto data = folder.path() / "postgres/data";
  // Of a process that the database's user may signal, which PostgreSQL takes for a living server.
  const pid_t innocent = process::spawn({{"/bin/sleep", "600"}, data, folder.path() / "sleep.log", process::database_account()});
  std::ofstream{data / "postmaster.pid"} << innocent << "\n" << data.native() << "\n1700000000\n5432\n\n\n";
  {
    embedded_cluster cluster{folder.path()};
    CHECK(ask(cluster.url(), "SELECT 1") == "1");
  }
  CHECK(::kill(innocent, 0) == 0);
  ::kill(innocent, SIGKILL);
  process::wait(innocent, std::chrono::seconds{10});
}

TEST_CASE("a data folder is for one node: the second is told whose it is, and a killed node's is free") {
  testing::temporary_folder folder;
  {
    node_process node{folder.path()};
    const auto told = testing::refusal([&] { data_lock second{folder.path()}; });
    CHECK(testing::holds(told, "process " + std::to_string(node.pid)));
    CHECK(testing::holds(told, "INGOT_DATA_DIR"));
    node.kill();
    // At once, while the server may still be ending: it must not have inherited the lock.
    CHECK_NOTHROW(data_lock{folder.path()});
  }
  data_lock mine{folder.path()};
  CHECK_THROWS(data_lock{folder.path()});
}

TEST_CASE("data of another PostgreSQL version is refused with both versions and left alone") {
  testing::temporary_folder folder;
  const auto data = folder.path() / "postgres/data";
  for (const std::string version : {"9", "99"}) {
    fs::create_directories(data);
    std::ofstream{data / "PG_VERSION"} << version << "\n";
    const auto told = testing::refusal([&] { embedded_cluster cluster{folder.path()}; });
    CHECK(testing::holds(told, "written by PostgreSQL " + version));
    CHECK(testing::holds(told, "is version "));
    CHECK(testing::holds(told, "postgresql-" + version));
    CHECK(std::distance(fs::directory_iterator{data}, fs::directory_iterator{}) == 1);
  }
}

TEST_CASE("a data folder with a path too long for a socket, and with odd characters, works") {
  testing::temporary_folder folder;
  const auto data_dir = folder.path() / std::string(120, 'x') / "it's, a \"folder\" \\ with spaces";
  data_lock lock{data_dir};
  std::string sockets;
  {
    embedded_cluster cluster{data_dir};
    CHECK(ask(embedded_url(data_dir), "SELECT 1") == "1");
    sockets = ask(cluster.url(), "SHOW unix_socket_directories");
  }
  std::string recorded;
  REQUIRE(std::getline(std::ifstream{data_dir / "postgres/socket_dir"}, recorded));
  CHECK(sockets == '"' + recorded + '"');
  CHECK(mode_of(recorded) == 0700);
  {
    embedded_cluster again{data_dir};
    CHECK(ask(again.url(), "SHOW unix_socket_directories") == sockets);
  }
  fs::remove_all(recorded);
}

TEST_CASE("a folder that the database's user cannot reach gets its cluster elsewhere, and leads there") {
  const auto user = process::database_account();
  if (!user) {
    WARN("not root: every folder of ours can be reached");
    return;
  }
  testing::temporary_folder folder;
  ::chmod(folder.path().c_str(), 0700);
  const auto data_dir = folder.path() / "data";
  fs::path home;
  {
    data_lock lock{data_dir};
    embedded_cluster cluster{data_dir};
    ask(cluster.url(), "CREATE TABLE kept ()");
    home = fs::canonical(data_dir / "postgres");
    CHECK(home.parent_path() == "/var/lib/ingot");
    CHECK(embedded_url(data_dir) == cluster.url());
  }
  {
    embedded_cluster cluster{data_dir};
    CHECK(ask(cluster.url(), "SELECT count(*) FROM kept") == "0");
  }
  ::chmod(home.parent_path().c_str(), 0700);
  const auto closed = testing::refusal([&] { embedded_cluster cluster{data_dir}; });
  ::chmod(home.parent_path().c_str(), 0755);
  CHECK(testing::holds(closed, "cannot enter /var/lib/ingot: allow it with `chmod o+x /var/lib/ingot`"));
  // A link to nowhere is no invitation to start with an empty database.
  fs::remove_all(home);
  CHECK(testing::holds(testing::refusal([&] { embedded_cluster cluster{data_dir}; }), home.string()));
}

TEST_CASE("root runs a service's cluster as the service, and leaves it what it needs") {
  if (::geteuid() != 0) {
    WARN("passed over: only root can show it");
    return;
  }
  testing::temporary_folder folder;
  const auto data_dir = folder.path() / "d";
  {
    data_lock lock{data_dir};
    embedded_cluster made{data_dir};
  }
  const auto home = data_dir / "postgres";
  // As a service would have made it: all of it another user's.
  const auto* service = ::getpwnam("nobody");
  REQUIRE(service);
  ::lchown(data_dir.c_str(), service->pw_uid, service->pw_gid);
  for (const auto& entry : fs::recursive_directory_iterator{data_dir})
    ::lchown(entry.path().c_str(), service->pw_uid, service->pw_gid);
  {
    data_lock lock{data_dir};
    embedded_cluster again{data_dir};
    CHECK(ask(again.url(), "SELECT 1") == "1");
  }
  for (const auto& entry : fs::recursive_directory_iterator{data_dir}) {
    INFO(entry.path());
    CHECK(process::owner_of(entry.path())->uid == service->pw_uid);
  }
}

TEST_CASE("a live node's lock is seen without touching it, and whose it is") {
  testing::temporary_folder folder;
  CHECK_FALSE(is_locked(folder.path()));
  {
    data_lock lock{folder.path()};
    CHECK(is_locked(folder.path()));
    CHECK(lock_owner(folder.path()) == ::getpid());
  }
  CHECK_FALSE(is_locked(folder.path()));
  CHECK_FALSE(lock_owner(folder.path())); // though the number stands there still
}

} // namespace ingot::storage

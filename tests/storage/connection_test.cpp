#include "storage/connection.hpp"

#include "storage/connection_watchdog.hpp"
#include "storage/pgx.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <atomic>
#include <csignal>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

sql_remedy remedy_of(pqxx::transaction_base& t, const std::string& statement) {
  try {
    t.exec(statement);
  } catch (const std::exception& e) {
    return classify(e);
  }
  FAIL("not refused: " << statement);
  return {};
}

/// Raises SQLSTATE `state` in the database itself.
std::string raise(const std::string& state) {
  return "DO $$ BEGIN RAISE EXCEPTION 'made for the test' USING ERRCODE = '" + state + "'; END $$";
}

struct stopped_process {
  explicit stopped_process(int p) : pid(p) { ::kill(pid, SIGSTOP); }
  ~stopped_process() { ::kill(pid, SIGCONT); }
  int pid;
};

} // namespace

TEST_CASE("what to do after a failure follows from its SQLSTATE") {
  testing::database db;
  const std::pair<const char*, sql_remedy> table[] = {
      {"40001", sql_remedy::retry},     {"40P01", sql_remedy::retry},     {"40003", sql_remedy::reconnect},
      {"08006", sql_remedy::reconnect}, {"53100", sql_remedy::reconnect}, {"53200", sql_remedy::reconnect},
      {"53300", sql_remedy::reconnect}, {"57P01", sql_remedy::reconnect}, {"57P03", sql_remedy::reconnect},
      {"57014", sql_remedy::reconnect}, {"58030", sql_remedy::reconnect}, {"25006", sql_remedy::reconnect},
      {"55P03", sql_remedy::reconnect}, {"26000", sql_remedy::reconnect}, {"22021", sql_remedy::refused},
      {"22P05", sql_remedy::refused},   {"22003", sql_remedy::refused},   {"23505", sql_remedy::refused},
      {"23514", sql_remedy::refused},   {"42P01", sql_remedy::reconnect}, {"54000", sql_remedy::refused},
      {"42501", sql_remedy::reconnect}, {"XX001", sql_remedy::reconnect}, {"25P03", sql_remedy::reconnect},
      {"XX000", sql_remedy::refused},   {"0A000", sql_remedy::refused},   {"P0001", sql_remedy::refused},
  };
  for (const auto& [state, remedy] : table) {
    CAPTURE(state);
    auto c = db.connect();
    pqxx::work t{c->raw()};
    CHECK(remedy_of(t, raise(state)) == remedy);
  }
  CHECK(classify(pqxx::broken_connection{"gone"}) == sql_remedy::reconnect);
  CHECK(classify(pqxx::in_doubt_error{"who knows"}) == sql_remedy::reconnect);
  CHECK(classify(std::length_error{"too much"}) == sql_remedy::refused);
}

TEST_CASE("a prepared statement that another node's migration made stale asks for a new connection") {
  testing::database db{testing::database::content::empty};
  db.sql("CREATE TABLE t (a int)");
  auto c = db.connect();
  c->raw().prepare("all", "SELECT * FROM t");
  {
    pqxx::nontransaction t{c->raw()};
    pgx::run(t, "all");
    db.sql("ALTER TABLE t ADD COLUMN b int");
    try {
      pgx::run(t, "all");
      FAIL("not refused");
    } catch (const std::exception& e) {
      CHECK(classify(e) == sql_remedy::reconnect);
    }
  }
}

TEST_CASE("a backend that is terminated asks for a new connection, also when it happens at COMMIT") {
  testing::database db;
  auto c = db.connect();
  try {
    pqxx::work t{c->raw()};
    const auto pid = t.exec("SELECT pg_backend_pid()")[0][0].as<int>();
    db.sql("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
    t.commit();
    FAIL("committed on a connection that is gone");
  } catch (const std::exception& e) {
    CHECK(classify(e) == sql_remedy::reconnect);
  }
  // It stays broken: libpqxx 6.4 must not connect anew behind our back, without the session's settings.
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      pqxx::work t{c->raw()};
      t.exec("SELECT 1");
      FAIL("came back by itself");
    } catch (const std::exception& e) {
      CHECK(classify(e) == sql_remedy::reconnect);
    }
  }
}

TEST_CASE("a deadlock is worth a retry") {
  testing::database db{testing::database::content::empty};
  db.sql("CREATE TABLE t AS SELECT generate_series(1, 2) AS id, 0 AS n");
  db.sql("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET deadlock_timeout = ''10ms'''; END $$");
  auto a = db.connect();
  auto b = db.connect();
  const auto crosswise = [](connection& c, int first, int second, std::atomic<int>& holding) {
    try {
      pqxx::work t{c.raw()};
      t.exec("UPDATE t SET n = n + 1 WHERE id = " + std::to_string(first));
      ++holding;
      while (holding != 2)
        std::this_thread::yield();
      t.exec("UPDATE t SET n = n + 1 WHERE id = " + std::to_string(second));
      t.commit();
      return std::optional<sql_remedy>{};
    } catch (const std::exception& e) {
      return std::optional{classify(e)};
    }
  };
  std::atomic<int> holding{0};
  std::optional<sql_remedy> other;
  std::thread second{[&] { other = crosswise(*b, 2, 1, holding); }};
  const auto one = crosswise(*a, 1, 2, holding);
  second.join();
  CHECK(one.has_value() != other.has_value());
  CHECK((one ? *one : *other) == sql_remedy::retry);
}

TEST_CASE("a database that hangs is given up within the limit") {
  testing::database db;
  auto c = db.connect();
  int pid = 0;
  {
    pqxx::work t{c->raw()};
    pid = t.exec("SELECT pg_backend_pid()")[0][0].as<int>();
  }
  stopped_process frozen{pid};
  try {
    connection::deadline limit{*c, milliseconds{50}};
    pqxx::work t{c->raw()};
    t.exec("SELECT 1");
    FAIL("a stopped backend answered");
  } catch (const std::exception& e) {
    CHECK(classify(e) == sql_remedy::reconnect);
    CHECK(c->overdue());
  }
}

TEST_CASE("a deadline that was met leaves the connection alone") {
  testing::database db;
  {
    auto replaced = db.connect();
    connection::deadline outer{*replaced, milliseconds{40}};
    connection::deadline inner{*replaced, std::chrono::hours{1}};
    pqxx::work t{replaced->raw()};
    // Longer than the outer deadline, which the inner one replaces while it lives.
    t.exec("SELECT pg_sleep(0.1)");
    t.commit();
    CHECK_FALSE(replaced->overdue());
  }
  auto c = db.connect();
  pqxx::connection probe{db.url()};
  pqxx::nontransaction wait{probe};
  { connection::deadline met{*c, milliseconds{40}}; }
  wait.exec("SELECT pg_sleep(0.1)");
  CHECK_FALSE(c->overdue());
  pqxx::work t{c->raw()};
  CHECK(t.exec("SELECT 1").size() == 1);
}

TEST_CASE("the watchdog never shuts a socket that took over a watched one's number") {
  int watched[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, watched) == 0);
  connection_watchdog::entry e{watched[0]};
  const int number = watched[0];
  // libpq closes its socket when the server hangs up, and somebody opens another one.
  ::close(watched[0]);
  int other[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
  REQUIRE(other[0] == number);
  e.arm(std::chrono::steady_clock::now());
  while (!e.expired())
    std::this_thread::yield();
  CHECK(::send(other[0], "x", 1, MSG_NOSIGNAL) == 1);
  char byte = 0;
  CHECK(::recv(watched[1], &byte, 1, 0) == 0);
  for (int fd : {watched[1], other[0], other[1]})
    ::close(fd);
}

TEST_CASE("many deadlines on many sockets: only the overdue ones are shut") {
  constexpr int count = 40;
  std::vector<std::unique_ptr<connection_watchdog::entry>> entries;
  std::vector<int> ends;
  for (int i = 0; i < count; ++i) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    entries.push_back(std::make_unique<connection_watchdog::entry>(pair[0]));
    ends.insert(ends.end(), {pair[0], pair[1]});
  }
  const auto now = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    entries[i]->arm(i % 2 == 0 ? now + std::chrono::milliseconds{i} : now + std::chrono::hours{1});
  for (int i = 0; i < count; i += 2)
    while (!entries[i]->expired())
      std::this_thread::yield();
  for (int i = 1; i < count; i += 2)
    CHECK_FALSE(entries[i]->expired());
  entries.clear();
  for (int fd : ends)
    ::close(fd);
}

TEST_CASE("the server itself ends statements that outlast the limit") {
  testing::database db;
  auto settings = db.settings();
  settings.statement_timeout = milliseconds{30};
  connection c{db.url(), settings};
  pqxx::work t{c.raw()};
  CHECK(remedy_of(t, "SELECT pg_sleep(60)") == sql_remedy::reconnect);
}

TEST_CASE("a read-only database is refused as one that is away") {
  testing::database db;
  db.sql("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$");
  try {
    db.connect();
    FAIL("connected");
  } catch (const std::exception& e) {
    CHECK(classify(e) == sql_remedy::reconnect);
    CHECK(describe(e).find("read-only") != std::string::npos);
  }
}

TEST_CASE("a database that became read-only during the session is away") {
  testing::database db;
  auto c = db.connect();
  pqxx::work t{c->raw()};
  t.exec("SET TRANSACTION READ ONLY");
  CHECK(remedy_of(t, "CREATE TABLE t ()") == sql_remedy::reconnect);
}

TEST_CASE("law 1: a role that would acknowledge before the disk has it is overruled") {
  testing::database db;
  db.sql("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET synchronous_commit = off'; END $$");
  CHECK(db.sql("SHOW synchronous_commit") == "off");
  auto c = db.connect();
  pqxx::work t{c->raw()};
  CHECK(t.exec("SHOW synchronous_commit")[0][0].c_str() == std::string{"on"});
}

TEST_CASE("nobody listening is a database that is away") {
  for (const std::string url : {"postgresql://127.0.0.1:1/nothing", "host=/nonexistent/folder dbname=x"}) {
    try {
      connection c{url, database_settings{}};
      FAIL("connected");
    } catch (const std::exception& e) {
      CHECK(classify(e) == sql_remedy::reconnect);
    }
  }
}

TEST_CASE("a server that accepts and never answers does not hold the connecting node") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 4) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  database_settings settings;
  settings.connect_timeout = milliseconds{100};
  // A value of the address's own does not lift the limit.
  const auto url = "host=127.0.0.1 connect_timeout=0 dbname=x port=" + std::to_string(ntohs(address.sin_port));
  try {
    connection c{url, settings};
    FAIL("connected");
  } catch (const std::exception& e) {
    CHECK(classify(e) == sql_remedy::reconnect);
  }
  ::close(listener);
}

TEST_CASE("law 9: neither values nor the address's password stand in what is told of a failure") {
  testing::database db;
  auto c = db.connect();
  try {
    pqxx::work t{c->raw()};
    t.exec("SELECT 'hunter2'::int");
    FAIL("not refused");
  } catch (const std::exception& e) {
    CHECK(describe(e) == "22P02: invalid input syntax for type integer: \"…\"");
  }
  db.sql("CREATE TABLE keyed (secret text CONSTRAINT one_of_each PRIMARY KEY)");
  try {
    pqxx::work t{c->raw()};
    t.exec("INSERT INTO keyed VALUES ('hunter2'), ('hunter2')");
    FAIL("not refused");
  } catch (const std::exception& e) {
    CHECK(describe(e) == "23505: duplicate key value violates unique constraint \"one_of_each\"");
  }
  try {
    connection broken{"postgresql://user:hunter2@[::1/name", database_settings{}};
    FAIL("connected");
  } catch (const std::exception& e) {
    CHECK(std::string{e.what()}.find("hunter2") == std::string::npos);
  }
}

} // namespace ingot::storage

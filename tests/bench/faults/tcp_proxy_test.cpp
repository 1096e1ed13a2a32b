#include "bench/faults/tcp_proxy.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using ingot::bench::flow_direction;
using ingot::bench::tcp_proxy;

namespace {

/// A server of a Unix socket whose connections the test holds in its own hands.
struct unix_server {
  explicit unix_server(const std::string& path) : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd, 8) == 0);
  }
  ~unix_server() { ::close(fd); }
  int accept() const { return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC); }
  int fd;
};

/// @returns below 0, with errno, when it is refused.
int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

void say(int fd, const std::string& text) {
  (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

/// `count` bytes; `end` after them an end of file or `reset` a reset, whatever comes first.
std::string hear(int fd, std::size_t count) {
  std::string got;
  while (got.size() < count) {
    char bytes[4096];
    const auto n = ::recv(fd, bytes, std::min(sizeof bytes, count - got.size()), 0);
    if (n <= 0)
      return got + (n == 0 ? "|end" : "|reset");
    got.append(bytes, static_cast<std::size_t>(n));
  }
  return got;
}

bool has_something(int fd) {
  pollfd look{fd, POLLIN, 0};
  return ::poll(&look, 1, 0) == 1;
}

/// A connection through a proxy, both ends in hand.
struct connection {
  connection(const tcp_proxy& proxy, const unix_server& server) : client(connect_to(proxy.port())), served(server.accept()) {
    REQUIRE(client >= 0);
    REQUIRE(served >= 0);
  }
  ~connection() {
    ::close(client);
    ::close(served);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  int client;
  int served;
};

struct world {
  ingot::testing::temporary_folder folder;
  unix_server server{folder.path() / "s"};
  tcp_proxy proxy{(folder.path() / "s").string()};
};

} // namespace

TEST_CASE("the proxy passes bytes of many connections both ways, however many there are") {
  world w;
  std::vector<std::unique_ptr<connection>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(std::make_unique<connection>(w.proxy, w.server));
  const std::string much(3'000'000, 'm');
  std::thread sender{[&] { say(all[3]->client, much); }};
  CHECK(hear(all[3]->served, much.size()) == much);
  sender.join();
  for (auto& x : all) {
    say(x->client, "question");
    CHECK(hear(x->served, 8) == "question");
    say(x->served, "answer");
    CHECK(hear(x->client, 6) == "answer");
  }
  CHECK(w.proxy.counts().accepted == 20);
  CHECK(w.proxy.counts().open == 20);
  CHECK(w.proxy.counts().bytes_to_server == much.size() + 20 * 8);
  CHECK(w.proxy.counts().bytes_to_client == 20 * 6);
}

TEST_CASE("the proxy passes an end of file on, and the other direction goes on after it") {
  world w;
  connection c{w.proxy, w.server};
  say(c.client, "last");
  ::shutdown(c.client, SHUT_WR);
  CHECK(hear(c.served, 5) == "last|end");
  say(c.served, "answer");
  CHECK(hear(c.client, 6) == "answer");
}

TEST_CASE("the proxy cuts all connections, and takes new ones") {
  world w;
  {
    connection a{w.proxy, w.server};
    connection b{w.proxy, w.server};
    w.proxy.cut_all();
    for (auto* x : {&a, &b}) {
      CHECK(hear(x->client, 1) == "|reset");
      CHECK(hear(x->served, 1) == "|end"); // a Unix socket knows no reset
    }
    CHECK(w.proxy.counts().cut == 2);
  }
  connection c{w.proxy, w.server};
  say(c.client, "again");
  CHECK(hear(c.served, 5) == "again");
}

TEST_CASE("the proxy refuses new connections while open ones go on") {
  world w;
  connection open{w.proxy, w.server};
  w.proxy.refuse(true);
  CHECK(connect_to(w.proxy.port()) < 0);
  CHECK(errno == ECONNREFUSED);
  say(open.client, "still");
  CHECK(hear(open.served, 5) == "still");
  w.proxy.refuse(false);
  connection again{w.proxy, w.server};
}

TEST_CASE("the proxy resets a connection whose server is not there") {
  ingot::testing::temporary_folder folder;
  tcp_proxy proxy{(folder.path() / "nobody").string()};
  const int fd = connect_to(proxy.port());
  REQUIRE(fd >= 0);
  CHECK(hear(fd, 1) == "|reset");
  ::close(fd);
  CHECK(proxy.counts().server_failed == 1);
}

TEST_CASE("the proxy delays one direction and leaves the other") {
  world w;
  connection c{w.proxy, w.server};
  w.proxy.delay(flow_direction::to_client, std::chrono::milliseconds{200});
  const auto begin = std::chrono::steady_clock::now();
  say(c.served, "a");
  say(c.client, "question");
  CHECK(hear(c.served, 8) == "question");
  say(c.served, "b");
  CHECK(hear(c.client, 2) == "ab");
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{200});
}

TEST_CASE("a stalled proxy takes connections and passes nothing, until it goes on") {
  world w;
  connection old{w.proxy, w.server};
  w.proxy.stall(true);
  connection fresh{w.proxy, w.server};
  say(old.client, "1");
  say(fresh.client, "2");
  // Two turns of its loop later nothing has passed.
  w.proxy.counts();
  CHECK(w.proxy.counts().bytes_to_server == 0);
  CHECK_FALSE(has_something(old.served));
  CHECK_FALSE(has_something(fresh.served));
  w.proxy.heal();
  CHECK(hear(old.served, 1) == "1");
  CHECK(hear(fresh.served, 1) == "2");
}

TEST_CASE("a half-closed connection ends for one side, whose own bytes still arrive") {
  world w;
  connection c{w.proxy, w.server};
  say(c.served, "before");
  CHECK(hear(c.client, 6) == "before");
  w.proxy.half_close(flow_direction::to_client);
  say(c.served, "thrown away");
  CHECK(hear(c.client, 1) == "|end");
  say(c.client, "question");
  CHECK(hear(c.served, 8) == "question");
}

TEST_CASE("the proxy loses the next answer after its question has arrived, and only that one") {
  world w;
  connection c{w.proxy, w.server};
  w.proxy.cut_after(flow_direction::to_client, 0);
  say(c.client, "COMMIT");
  CHECK(hear(c.served, 6) == "COMMIT");
  say(c.served, "done");
  CHECK(hear(c.client, 1) == "|reset");
  CHECK(w.proxy.counts().cut == 1);
  connection other{w.proxy, w.server};
  say(other.served, "done");
  CHECK(hear(other.client, 4) == "done");
}

TEST_CASE("the proxy cuts in the middle of a message") {
  world w;
  connection c{w.proxy, w.server};
  w.proxy.cut_after(flow_direction::to_server, 3);
  say(c.client, "COMMIT");
  CHECK(hear(c.served, 6) == "COM|end");
}

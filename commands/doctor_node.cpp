#include "commands/doctor.hpp"

#include "commands/http_call.hpp"
#include "storage/cluster.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ingot::commands {

namespace {

/// 0, or the errno of binding the node's address.
int try_to_bind(const settings& of) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  socklen_t size = sizeof(sockaddr_in);
  if (::inet_pton(AF_INET, of.server.listen.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(of.server.port);
  } else if (::inet_pton(AF_INET6, of.server.listen.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(of.server.port);
    size = sizeof(sockaddr_in6);
  } else {
    return EINVAL;
  }
  int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  int error = ::bind(fd, reinterpret_cast<sockaddr*>(&storage), size) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

http_answer ask(const settings& of, const std::string& path) {
  auto call = call_of_node(of, "GET", path);
  call.timeout = std::chrono::milliseconds{5'000};
  return perform(call);
}

} // namespace

findings examine_node(const settings& of) {
  auto address = of.server.listen + " port " + std::to_string(of.server.port);
  auto error = try_to_bind(of);
  if (error == 0 && storage::is_locked(of.data_dir)) {
    const auto owner = storage::lock_owner(of.data_dir);
    return {{"node", verdict::warn,
             "process " + (owner ? std::to_string(*owner) : "unknown") + " has the data folder " + of.data_dir.string() +
                 ", and nothing listens on " + address,
             "if it is the node, give the doctor the settings that it has (PORT, INGOT_LISTEN, INGOT_CONFIG): what is said here "
             "is of others. A node that starts, and a command on the embedded database, have the folder without listening"}};
  }
  if (error == 0)
    return {{"node", verdict::ok, "not running; " + address + " is free", ""}};
  if (error != EADDRINUSE)
    return {{"node", verdict::fail, "cannot listen on " + address + ": " + std::strerror(error),
             error == EACCES ? "ports below 1024 need CAP_NET_BIND_SERVICE; choose another with PORT"
                             : "INGOT_LISTEN must be an address of this machine"}};
  try {
    if (auto health = ask(of, "/health"); health.status != 200)
      return {{"node", verdict::fail,
               address + " is taken by something that answers /health with " + std::to_string(health.status),
               "stop that, or choose another port with PORT"}};
    if (!storage::is_locked(of.data_dir))
      return {{"node", verdict::fail, address + " is held by another node: none runs on the data folder " + of.data_dir.string(),
               "stop that one, or choose another port with PORT"}};
    auto ready = ask(of, "/ready");
    return {{"node", ready.status == 200 ? verdict::ok : verdict::fail,
             "running on " + address + (ready.status == 200 ? ", ready" : ", not ready"),
             ready.status == 200 ? "" : "it says: " + ready.body}};
  } catch (const std::exception& e) {
    return {{"node", verdict::fail, address + " is taken by something that is no node: " + e.what(),
             "stop that, or choose another port with PORT"}};
  }
}

} // namespace ingot::commands

#include "net/client/address.hpp"

#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

namespace ingot::client {

std::optional<ip_address> ip_of(const sockaddr& x) {
  auto out = ip_address{};
  if (x.sa_family == AF_INET) {
    auto v4 = sockaddr_in{};
    std::memcpy(&v4, &x, sizeof v4);
    std::memcpy(out.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return out;
  }
  if (x.sa_family == AF_INET6) {
    auto v6 = sockaddr_in6{};
    std::memcpy(&v6, &x, sizeof v6);
    std::memcpy(out.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    out.is_v6 = true;
    return out;
  }
  return std::nullopt;
}

} // namespace ingot::client

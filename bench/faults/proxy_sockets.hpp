#pragma once

#include <cstdint>
#include <string>

namespace ingot::bench {

/// Closes a TCP connection by a reset; what was on its way is lost.
void reset(int fd);

/// A socket that connects to `to` (`address:port`, or the absolute path of a Unix socket) without waiting; below 0: it is
/// refused.
int dial(const std::string& to);

/// A TCP socket bound to `port` of 127.0.0.1 (0: a free one), which other sockets bound by this function may share. Throws
/// std::system_error.
int bind_to(std::uint16_t port);

std::uint16_t port_of(int fd);

} // namespace ingot::bench

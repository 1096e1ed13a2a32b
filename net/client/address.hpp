#pragma once

#include "model/ip_address.hpp"
#include "model/public_address.hpp"

#include <optional>

struct sockaddr;

namespace ingot::client {

/// The address that a socket address holds; nothing for other families.
std::optional<ip_address> ip_of(const sockaddr& x);

using ingot::is_public;

} // namespace ingot::client

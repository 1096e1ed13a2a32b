#pragma once

#include "model/ip_address.hpp"

#include <span>
#include <string_view>

namespace ingot {

/// Whose request it is. `peer` is who holds the connection; when it is one of the `trusted` proxies, it is believed when it says
/// who called it, and so on, from the last hop to the first, up to the first address that is no trusted proxy.
/// @param forwarded the value of `Forwarded` (RFC 7239); counts when the other is absent
/// @param x_forwarded_for the value of `X-Forwarded-For`: addresses, the nearest hop last. Counts alone when it is there: most
/// proxies add to it, and let a Forwarded of the client's own pass
/// A hop that is no address (`unknown`, `_hidden`) ends the way: the proxy that said so counts as the client.
ip_address client_address(const ip_address& peer, std::string_view forwarded, std::string_view x_forwarded_for,
                          std::span<const ip_network> trusted);

} // namespace ingot

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ingot {

/// RFC 5321 4.5.3.1.3, without the angle brackets.
inline constexpr std::size_t email_address_bytes_max = 254;

/// Reads an address to which mail may be sent: the unquoted form of RFC 5321 4.1.2 (dot-atoms of ASCII), a domain of two labels
/// at least. No display name, no comment, no quoted local part, no address literal: none of what could say more than one mailbox.
/// @returns it with its domain in lower case; nothing when it is none
std::optional<std::string> parse_email_address(std::string_view text);

/// What one mailbox is told from another by: the whole address in lower case. RFC 5321 2.4 lets the local part's case matter, and
/// no server in use tells two people by it. Mail goes to the address as it was written.
std::string email_address_key(std::string_view address);

} // namespace ingot

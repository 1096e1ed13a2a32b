#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Mail as it goes over the wire: RFC 5322 with one part of plain text in UTF-8.
namespace ingot::mail {

struct message {
  std::string from;      ///< an address (model/email_address)
  std::string from_name; ///< what stands before it; empty: nothing
  std::string to;        ///< an address
  std::string subject;
  std::string text;                                         ///< lines end in LF
  std::vector<std::pair<std::string, std::string>> headers; ///< further ones, ASCII: `List-Unsubscribe`
  std::string id;                                           ///< of the Message-ID, without the angle brackets
  timestamp at{};
};

/// The bytes of it, lines ended by CRLF, each at most 78 long but for long headers. @returns a refusal (invalid_fields) that
/// names the header when a value holds a line's end or another control character, since that could be another header; or an
/// address is none
std::variant<std::string, failure> compose(const message& x);

/// `text` with what is no ASCII as encoded words (RFC 2047); as it is otherwise.
std::string encoded_header(std::string_view text);

/// Quoted-printable (RFC 2045 6.7) of a text whose lines end in LF.
std::string quoted_printable(std::string_view text);

} // namespace ingot::mail

#pragma once

#include "model/fault.hpp"
#include "model/github/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ingot::github {

/// Where the JSON of a delivery stands: in the body itself, or in the form field `payload`.
enum class body_format : std::uint8_t { json, form };

/// `application/x-www-form-urlencoded` is form; everything else counts as JSON.
body_format format_of(std::string_view content_type) noexcept;

/// Parses the raw body of a GitHub delivery whose signature has been verified.
///
/// What is read, and from where, stands with the parser of each family (parse_*.cpp). Fields that no rule needs are tolerated
/// whatever their type: GitHub does not deliver again what is refused. An event that is ignored is refused only for what makes
/// it no storable JSON. A member that comes twice is refused where it matters: at the top level, and where it is read; elsewhere
/// the raw body keeps both.
/// @param name the X-GitHub-Event header
/// @param padding how many bytes beyond the end of `body` may be read (a string's capacity() - size()); from 64 on, a copy is
/// saved
/// @returns the event, or a failure: malformed_body (`byte N`, of the decoded payload when it is a form; JSON pointer of a member
///          that came twice), unstorable_text (with JSON pointer or `byte N`) or missing_field (with JSON pointer of every
///          required field that is absent or of the wrong type; `payload` when the form has no such field). Texts of the
///          payload are repeated in a failure up to 80 bytes each, pointers up to 256.
std::variant<event, failure> parse_webhook(std::string_view name, body_format format, std::string_view body,
                                           std::size_t padding = 0);

} // namespace ingot::github

#pragma once

#include "model/fault.hpp"
#include "model/github/event.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace ingot::github {

/// Where the JSON of a delivery stands: in the body itself, or in the form field `payload`.
enum class body_format : std::uint8_t { json, form };

/// Parses the raw body of a GitHub delivery whose signature has been verified.
/// @param name the X-GitHub-Event header
/// @returns the event, or a failure: malformed_body, unstorable_text (with JSON pointer or byte offset) or missing_field
///          (with JSON pointer of every required field that is absent or of the wrong type).
std::variant<event, failure> parse_webhook(std::string_view name, body_format format, std::string_view body);

} // namespace ingot::github

#pragma once

#include "model/fault.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace ingot::github {

/// The field `payload` of an application/x-www-form-urlencoded body (URL Standard, section 5.1), decoded. Other fields are
/// ignored.
/// @returns malformed_body (`byte N` of the body) for a broken percent escape or a second `payload`, missing_field (`payload`)
///          when there is none
std::variant<std::string, failure> decode_form_payload(std::string_view body);

} // namespace ingot::github

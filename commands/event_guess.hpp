#pragma once

#include <string>
#include <string_view>

namespace ingot::commands {

/// The GitHub event of a payload file: its folder's name when that is one (`pull_request/opened-1.payload.json`), else judged by
/// the keys of the payload. Empty when neither tells.
std::string guess_event(std::string_view file, std::string_view payload);

} // namespace ingot::commands

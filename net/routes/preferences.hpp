#pragma once

#include <string_view>

namespace ingot::routes {

/// What a Prefer field asks for (RFC 7240), as far as routes know it.
struct preferences {
  bool lenient = false;       ///< handling=lenient
  bool respond_async = false; ///< respond-async
};

/// Preferences that nobody knows are passed over; the first of a name counts. What stands in quotes is one value, whatever it
/// holds. @param field of several Prefer lines all, joined by commas, as request_head gives them
preferences parse_preferences(std::string_view field);

} // namespace ingot::routes

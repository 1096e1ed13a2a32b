#pragma once

#include "model/time.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// Writes one JSON object, member by member. Texts may hold any bytes: what is no UTF-8 becomes U+FFFD.
class json_object {
public:
  json_object& add(std::string_view name, std::string_view text);
  json_object& add(std::string_view name, const char* text) { return add(name, std::string_view{text}); }
  json_object& add(std::string_view name, std::same_as<bool> auto value) { return add_raw(name, value ? "true" : "false"); }
  json_object& add(std::string_view name, std::integral auto value) requires(!std::same_as<decltype(value), bool>) {
    return add_raw(name, std::to_string(value));
  }
  /// RFC 3339, or null.
  json_object& add(std::string_view name, const std::optional<timestamp>& at) {
    return at ? add(name, to_rfc3339(*at)) : add_raw(name, "null");
  }
  /// A text, or null when it is empty.
  json_object& add_unless_empty(std::string_view name, std::string_view text) {
    return text.empty() ? add_raw(name, "null") : add(name, text);
  }
  json_object& add_raw(std::string_view name, std::string_view json); ///< an array, an object, null

  std::string text() const { return body_ + "}"; }

private:
  std::string body_ = "{";
};

/// `[a,b]` of texts that are JSON already.
std::string json_array(const std::vector<std::string>& items);

} // namespace ingot

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ingot::routes {

/// A part of a representation, as Range asks for it (RFC 9110 section 14).
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t count = 0; ///< 1 at least

  friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// What a Range field comes to.
struct range_verdict {
  bool unsatisfiable = false;      ///< 416
  std::optional<byte_range> range; ///< 206; neither: the field does not count, the answer is whole
};

/// @param field of the request; what is none, or asks for several parts at once, does not count, as the RFC allows
/// @param size of the whole, in bytes
range_verdict judge_range(std::string_view field, std::uint64_t size) noexcept;

/// Is `tag` (with its quotes) among those of an If-None-Match field? Weak ones count too; `*` is any.
bool names_tag(std::string_view field, std::string_view tag) noexcept;

} // namespace ingot::routes

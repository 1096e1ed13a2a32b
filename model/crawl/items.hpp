#pragma once

#include "model/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::crawl {

/// What a crawl partner says of one page.
struct item {
  std::uint32_t index = 0; ///< in the body's `items`
  std::string external_id; ///< the source's own name of it
  std::string url, title;
  std::optional<std::string> summary;
  std::optional<std::string> raw; ///< JSON text, as short as it can be
  std::string content_hash;       ///< SHA-256 of all of it, in hexadecimal: equal hashes, nothing to write
};

/// Why an item is not stored.
struct item_error {
  std::uint32_t index = 0; ///< in the body's `items`
  std::string pointer;
  std::string_view code; ///< `invalid_fields`, `unstorable_text`, `duplicate`, `refused_by_database`
  std::string message;
};

/// What one request says.
struct submission {
  std::string source_id;
  std::vector<item> items;        ///< the sound ones, no external id twice
  std::vector<item_error> errors; ///< of the others, in the body's order
  std::size_t rejected = 0;       ///< items that are not stored

  /// One more item is not stored, for these reasons.
  void reject(std::vector<item_error> why);
};

/// Limits of one item (the published contract of the endpoint), in characters but for raw_bytes_max.
inline constexpr std::size_t external_id_size_max = 255;
inline constexpr std::size_t url_size_max = 2'048;
inline constexpr std::size_t title_size_max = 500;
inline constexpr std::size_t summary_size_max = 10'000;
inline constexpr std::size_t raw_bytes_max = 64 * 1024; ///< of its JSON text without blanks
inline constexpr std::size_t source_id_size_max = 64;
inline constexpr std::size_t errors_of_item_max = 20; ///< told of one item

/// Parses the body of POST /ingest/crawl. An item with faults is left out and named in `errors`; so is one whose external id a
/// later one of the same body has: the last one counts.
/// @returns invalid_fields with what is wrong with the body as a whole: it is no JSON, or cannot be stored outside of its items;
/// there is no sourceId; there are no items, or more than `items_max`; no item is sound
std::variant<submission, failure> parse_submission(std::string_view body, std::size_t items_max);

/// Is it a source's id: 1 to source_id_size_max of the letters a to z in either case, digits, `.`, `_` and `-`?
bool is_source_id(std::string_view text) noexcept;

} // namespace ingot::crawl

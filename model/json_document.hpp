#pragma once

#include "model/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string_view>

namespace ingot {

/// A parsed JSON object that can be stored: UTF-8, no NUL, no lone surrogate, no number beyond 64 bits or double, at most
/// json_depth_max levels, and no member twice at the top (further down simdjson's rule holds: the first one counts).
/// Borrows its thread's parser: one document at a time on a thread.
class json_document {
public:
  /// Bodies up to this size use the parser and the buffer that the thread keeps; larger ones give their memory back.
  static constexpr std::size_t retained_bytes_max = 512 * 1024;

  /// Who judges texts that escape a NUL or a lone surrogate?
  enum class unstorable : std::uint8_t {
    refused, ///< parse()
    left,    ///< the caller, value by value: in what simdjson gives, such a text holds a NUL or is no UTF-8
  };

  /// @param padding how many bytes beyond the end of `text` may be read; from simdjson::SIMDJSON_PADDING on, no copy is made
  /// @returns what is wrong: malformed_body or unstorable_text, with the place; nothing when root() may be used
  std::optional<failure> parse(std::string_view text, std::size_t padding = 0, unstorable escapes = unstorable::refused);

  /// @pre parse() returned nothing
  simdjson::dom::object root() const noexcept { return root_; }

private:
  std::unique_ptr<simdjson::dom::parser> own_;
  simdjson::dom::object root_;
};

} // namespace ingot

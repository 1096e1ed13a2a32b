#pragma once

#include "model/fault.hpp"
#include "model/json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// What the fuzz targets share.
namespace ingot::fuzz {

/// Ends the run when a property does not hold; libFuzzer keeps the input.
inline void require(bool holds) {
  if (!holds)
    std::abort();
}

/// Takes an input apart from its front. What is not there is 0, or empty.
class input {
public:
  input(const std::uint8_t* data, std::size_t size) : rest_{reinterpret_cast<const char*>(data), size} {}

  bool empty() const noexcept { return rest_.empty(); }
  std::string_view rest() const noexcept { return rest_; }

  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }

  /// Of so many bytes, little-endian.
  std::uint64_t number(std::size_t bytes) {
    auto out = std::uint64_t{0};
    const auto taken = take(bytes);
    for (std::size_t i = 0; i < taken.size(); ++i)
      out |= std::uint64_t{static_cast<unsigned char>(taken[i])} << (8 * i);
    return out;
  }

  std::string_view take(std::size_t bytes) {
    const auto out = rest_.substr(0, bytes);
    rest_.remove_prefix(out.size());
    return out;
  }

  /// Up to the next line end, which goes with it.
  std::string_view line() {
    const auto out = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(out.size() + 1, rest_.size()));
    return out;
  }

private:
  std::string_view rest_;
};

/// May a column of the database hold it?
inline bool is_storable(std::string_view text) {
  return find_bad_utf8(text) == std::string_view::npos && text.find('\0') == text.npos;
}

/// A refusal says what is wrong, within bounds, and in a text that an answer and a log can hold.
inline void check_refusal(const failure& x, std::size_t details_max = 100) {
  require(x.code != fault::none && !x.message.empty() && x.message.size() < 10'000 && is_storable(x.message));
  require(x.details.size() <= details_max);
  for (const auto& detail : x.details) {
    require(detail.pointer.size() < 1'000 && detail.message.size() < 1'000);
    require(is_storable(detail.pointer) && is_storable(detail.message));
  }
}

} // namespace ingot::fuzz

#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace ingot {

/// Texts that live as long as this object, packed. Moving it moves no text.
class text_store {
public:
  std::string_view keep(std::string_view text);

private:
  static constexpr std::size_t chunk_bytes_first = 1024;
  static constexpr std::size_t doublings_max = 6; // up to 64 KiB
  std::deque<std::string> chunks_;                // filled within their capacity only
};

} // namespace ingot

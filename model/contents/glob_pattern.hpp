#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::contents {

/// One line of a .gitignore file, read: the flags that lie around the glob, and the glob's parts.
struct glob_pattern {
  using bytes = std::bitset<256>;

  enum class kind : std::uint8_t {
    one,        ///< one byte of `takes`
    run,        ///< `*`: any bytes but `/`, or none
    run_of_all, ///< `**` at a slash: any bytes, or none
    folders,    ///< `**/`: nothing, or what run_of_all and a slash take
  };
  struct part {
    kind what = kind::one;
    bytes takes; ///< of one
  };

  bool takes_back = false;   ///< `!`
  bool folders_only = false; ///< `/` at the end
  bool any_folder = false;   ///< no slash before the end: it is compared with the last part of a path alone
  std::vector<part> parts;

  /// @returns nothing when `line` is no pattern; `problem`, if given, says why, as a sentence
  static std::optional<glob_pattern> read(std::string_view line, std::string* problem = nullptr);
};

} // namespace ingot::contents

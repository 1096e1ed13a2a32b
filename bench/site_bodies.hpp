#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ingot::bench {

/// The inventory that a site of the benchmark sends.
struct site_inventory {
  std::string family; ///< of the modules' names: sites of one family have the same modules
  int modules = 1000;
  int changed = 0; ///< so many of them have another version than in other generations
  std::uint32_t generation = 0;

  /// The body of its sync (some 330 bytes a module, as a real site's), `seconds` after 2024-05-01.
  std::string body(std::int64_t seconds) const;

  /// The same modules as an array for the statement that is written by hand.
  std::string modules_json() const;
};

/// Bodies made beforehand, so that the measured machine does not make them: some generations, over and over.
class body_ring {
public:
  explicit body_ring(site_inventory of);

  /// A body of another generation than the one before, `seconds` after 2024-05-01.
  std::string body(std::uint64_t number, std::int64_t seconds) const;

private:
  std::vector<std::string> modules_;
};

/// RFC 3339, so many seconds after 2024-05-01.
std::string time_text(std::int64_t seconds);

} // namespace ingot::bench

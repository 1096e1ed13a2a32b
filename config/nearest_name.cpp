#include "config/nearest_name.hpp"

#include <algorithm>
#include <numeric>

namespace ingot {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

} // namespace

std::string_view nearest_name(std::string_view typed, const std::vector<std::string>& known) {
  std::string_view best;
  auto least = std::max<std::size_t>(2, typed.size() / 3) + 1;
  for (const auto& name : known) {
    if (typed.size() > 200)
      break;
    if (auto d = distance(typed, name); d < least) {
      least = d;
      best = name;
    }
  }
  return best;
}

} // namespace ingot

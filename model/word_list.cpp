#include "model/word_list.hpp"

#include <algorithm>

namespace ingot {

std::vector<std::string> words_in(std::string_view list) {
  auto out = std::vector<std::string>{};
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(" \t"), list.size());
    if (end > 0)
      out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

} // namespace ingot

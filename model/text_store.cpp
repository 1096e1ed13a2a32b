#include "model/text_store.hpp"

#include <algorithm>

namespace ingot {

std::string_view text_store::keep(std::string_view text) {
  if (text.empty())
    return {};
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < text.size()) {
    const auto next = chunk_bytes_first << std::min<std::size_t>(chunks_.size(), doublings_max);
    chunks_.emplace_back();
    chunks_.back().reserve(std::max(next, text.size()));
  }
  auto& to = chunks_.back();
  const auto at = to.size();
  to.append(text);
  return std::string_view{to}.substr(at);
}

} // namespace ingot

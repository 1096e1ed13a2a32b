#include "model/github/limiter/waiting_lines.hpp"

#include <algorithm>
#include <utility>

namespace ingot::github::limiter {

void waiting_line::add(const std::string& repository, const waiter& x) {
  auto [found, made] = of_.try_emplace(repository);
  if (made)
    turns_.push_back(repository);
  found->second.push_back(x);
  ++size_;
  points_ += x.points;
}

void waiting_line::pass_empty() {
  for (auto found = of_.find(turns_.front()); found->second.empty(); found = of_.find(turns_.front())) {
    of_.erase(found);
    turns_.pop_front();
  }
}

const waiter& waiting_line::front() {
  pass_empty();
  return of_.find(turns_.front())->second.front();
}

waiter waiting_line::take() {
  pass_empty();
  const auto found = of_.find(turns_.front());
  const auto out = found->second.front();
  found->second.pop_front();
  auto repository = std::move(turns_.front());
  turns_.pop_front();
  if (found->second.empty())
    of_.erase(found);
  else
    turns_.push_back(std::move(repository));
  --size_;
  points_ -= out.points;
  return out;
}

bool waiting_line::take_first(const std::string& repository, std::uint64_t ticket) {
  const auto found = of_.find(repository);
  if (found == of_.end() || found->second.empty() || found->second.front().ticket != ticket)
    return false;
  points_ -= found->second.front().points;
  found->second.pop_front();
  --size_;
  return true;
}

bool waiting_lines::empty() const noexcept {
  return std::all_of(lines_.begin(), lines_.end(), [](const waiting_line& x) { return x.empty(); });
}

std::size_t waiting_lines::size() const noexcept {
  auto out = std::size_t{0};
  for (const auto& x : lines_)
    out += x.size();
  return out;
}

} // namespace ingot::github::limiter

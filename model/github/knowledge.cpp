#include "model/github/knowledge.hpp"

#include "model/github/merge_pull_request.hpp"

#include <algorithm>

namespace ingot::github {

namespace {

/// What a map's node costs beside its value, and what the allocator adds.
constexpr std::size_t node_bytes = 64;

/// Short texts lie inside their object.
std::size_t heap_of(const std::string& x) noexcept {
  return x.capacity() > 15 ? x.capacity() + 17 : 0;
}

std::size_t heap_of(const std::vector<history_entry>& entries) noexcept {
  auto result = entries.capacity() * sizeof(history_entry);
  for (const auto& x : entries)
    result += heap_of(x.field) + heap_of(x.value) + heap_of(x.source) + heap_of(x.by) + heap_of(x.sha) + heap_of(x.delivery);
  return result;
}

std::size_t heap_of(const std::map<std::string, std::pair<stamp, std::string>>& latest) noexcept {
  std::size_t result = 0;
  for (const auto& [key, value] : latest)
    result += node_bytes + sizeof(std::pair{key, value}) + heap_of(key) + heap_of(value.second);
  return result;
}

std::size_t heap_of(const pull_request_state& x) noexcept {
  auto result = heap_of(x.head_sha) + heap_of(x.commit_url_base) + heap_of(x.files_sha) + heap_of(x.history) +
                x.heads.capacity() * sizeof(x.heads[0]);
  for (const auto& [at, sha] : x.heads)
    result += heap_of(sha);
  return result;
}

std::size_t heap_of(const pipeline_state& x) noexcept {
  return heap_of(x.commit_sha) + heap_of(x.fields) + heap_of(x.builds) + heap_of(x.history);
}

std::size_t heap_of(const commit_state& x) noexcept {
  return x.pull_requests.capacity() * sizeof(std::int64_t) + heap_of(x.builds);
}

std::size_t heap_of(std::int64_t) noexcept {
  return 0;
}

template <class Key, class State>
std::size_t bytes_of_node(const std::pair<const Key, State>& x) noexcept {
  return node_bytes + sizeof x + heap_of(x.first) + heap_of(x.second);
}

template <class Map>
std::size_t bytes_of_map(const Map& xs) noexcept {
  std::size_t result = 0;
  for (const auto& x : xs)
    result += bytes_of_node(x);
  return result;
}

void need_pull_request(const knowledge& known, std::int64_t number, missing& out) {
  if (known.pull_requests.contains(number) && known.pipelines.contains(number))
    return;
  if (std::find(out.pull_requests.begin(), out.pull_requests.end(), number) == out.pull_requests.end())
    out.pull_requests.push_back(number);
}

/// A head that is new to its pull request: builds of that commit may have come before it.
void need_head(const knowledge& known, const pull_request_snapshot& said, missing& out) {
  need_pull_request(known, said.number, out);
  const auto pull_request = known.pull_requests.find(said.number);
  if (pull_request != known.pull_requests.end() && has_head(pull_request->second, said.head_sha))
    return;
  if (!known.commits.contains(said.head_sha))
    out.commits.push_back(said.head_sha);
}

void need_build(const knowledge& known, const build_event& said, missing& out) {
  for (const auto number : said.pull_requests)
    need_pull_request(known, number, out);
  if (!said.pull_requests.empty())
    return;
  const auto commit = known.commits.find(said.head_sha);
  if (commit == known.commits.end()) {
    out.commits.push_back(said.head_sha);
    return;
  }
  for (const auto number : commit->second.pull_requests)
    need_pull_request(known, number, out);
}

} // namespace

missing missing_for(const knowledge& known, const event& x) {
  auto lacks = missing{};
  if (x.ignored())
    return lacks;
  lacks.repository = !known.loaded;
  if (known.complete)
    return lacks;
  if (const auto* pull_request = std::get_if<pull_request_event>(&x.fact))
    need_head(known, pull_request->pull_request, lacks);
  else if (const auto* review = std::get_if<review_event>(&x.fact))
    need_head(known, review->pull_request, lacks);
  else if (const auto* build = std::get_if<build_event>(&x.fact))
    need_build(known, *build, lacks);
  return lacks;
}

std::size_t bytes_of(const knowledge& x) noexcept {
  return sizeof x + heap_of(x.repository.full_name) + bytes_of_map(x.pull_requests) + bytes_of_map(x.pipelines) +
         bytes_of_map(x.commits);
}

void trim(knowledge& x, std::size_t bytes_max) {
  auto bytes = bytes_of(x);
  if (bytes <= bytes_max)
    return;
  auto uses = std::vector<std::uint64_t>{};
  auto collect = [&](const auto& xs) {
    for (const auto& [key, state] : xs)
      uses.push_back(state.last_use);
  };
  collect(x.pull_requests);
  collect(x.pipelines);
  collect(x.commits);
  std::sort(uses.begin(), uses.end());
  uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
  x.complete = false;
  auto forgotten_until = uses.begin();
  auto forget = [&](auto& xs, std::uint64_t use) {
    std::erase_if(xs, [&](const auto& node) {
      if (node.second.last_use > use)
        return false;
      bytes -= bytes_of_node(node);
      return true;
    });
  };
  // A quarter of the uses at a time: few walks over the maps.
  while (bytes > bytes_max && forgotten_until != uses.end()) {
    forgotten_until += std::max<std::ptrdiff_t>(1, (uses.end() - forgotten_until) / 4);
    const auto use = *(forgotten_until - 1);
    forget(x.pull_requests, use);
    forget(x.pipelines, use);
    forget(x.commits, use);
  }
}

} // namespace ingot::github

#include "model/github/group.hpp"

#include <algorithm>

namespace ingot::github {

namespace {

bool applies(const group::item& x) {
  return !x.what->ignored() && (x.replay || x.outcome != delivery_outcome::duplicate);
}

} // namespace

std::size_t decide_from(group& x, std::size_t first) {
  for (auto i = first; i < x.items.size(); ++i) {
    const auto& item = x.items[i];
    if (!applies(item))
      continue;
    if (!missing_for(x.known, *item.what).none())
      return i;
    decide(x.known, *item.what, item.kept->id, x.changes);
  }
  return x.items.size();
}

missing missing_for(const group& x) {
  auto all = missing{};
  for (const auto& item : x.items) {
    if (!applies(item))
      continue;
    auto lacks = missing_for(x.known, *item.what);
    all.repository |= lacks.repository;
    all.pull_requests.insert(all.pull_requests.end(), lacks.pull_requests.begin(), lacks.pull_requests.end());
    all.commits.insert(all.commits.end(), lacks.commits.begin(), lacks.commits.end());
  }
  auto unique = [](auto& xs) {
    std::sort(xs.begin(), xs.end());
    xs.erase(std::unique(xs.begin(), xs.end()), xs.end());
  };
  unique(all.pull_requests);
  unique(all.commits);
  return all;
}

void confirm(group& x) {
  if (x.changes.repository)
    x.known.repository.version = x.changes.repository->is_new ? 1 : x.changes.repository->base_version + 1;
}

} // namespace ingot::github

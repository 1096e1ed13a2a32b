#include "bench/faults/followed_repositories.hpp"

#include "tests/support/payloads.hpp"

namespace ingot::faults {

namespace {

constexpr std::uint64_t files = 6;

} // namespace

followed_repositories::followed_repositories(testing::github_standin& on, const std::filesystem::path& folder,
                                             std::size_t count) {
  for (auto i = std::size_t{0}; i < count; ++i) {
    all_.push_back({testing::bare_repository{folder / (name(i) + ".git")}});
    auto hosted = testing::hosted_repository{};
    hosted.owner = owner;
    hosted.name = name(i);
    hosted.path = all_[i].repository.path();
    all_[i].github_id = on.add(hosted);
    auto first = all_[i].repository.commit({{"README.md", "100644", "# " + name(i) + "\n", {}}});
    all_[i].places[first] = 0;
    all_[i].commits.push_back(std::move(first));
  }
}

std::size_t followed_repositories::steps(std::size_t i) const {
  std::lock_guard lock{mutex_};
  return all_[i].commits.size() - 1;
}

std::string followed_repositories::head(std::size_t i) const {
  std::lock_guard lock{mutex_};
  return all_[i].commits.back();
}

std::optional<std::size_t> followed_repositories::place_of(std::size_t i, const std::string& commit) const {
  std::lock_guard lock{mutex_};
  const auto found = all_[i].places.find(commit);
  return found == all_[i].places.end() ? std::nullopt : std::optional{found->second};
}

std::string followed_repositories::commit(std::size_t i, std::uint64_t any) {
  auto& x = all_[i];
  const auto step = steps(i) + 1;
  const auto path = [&](std::uint64_t n) { return "src/file" + std::to_string(n % files) + ".txt"; };
  auto edits = std::vector<testing::file_edit>{
      {path(any), "100644", name(i) + " at step " + std::to_string(step) + ", " + std::to_string(any) + "\n", {}}};
  if (any % 5 == 0 && step > files) // what went may come back
    edits.push_back(testing::file_edit::removed(path(any + 1)));
  const auto before = head(i);
  // Known before the nodes can see it.
  auto after = std::string{};
  {
    std::lock_guard lock{mutex_};
    after = x.repository.commit(edits);
    x.places[after] = step;
    x.commits.push_back(after);
  }
  auto tree = x.repository.git({"rev-parse", after + "^{tree}"});
  tree.pop_back();
  return testing::push_of(x.github_id, std::string{owner} + '/' + name(i), "main", before, after, tree);
}

} // namespace ingot::faults

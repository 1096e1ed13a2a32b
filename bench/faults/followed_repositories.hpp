#pragma once

#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ingot::faults {

/// Repositories on the stand-in for GitHub that the nodes follow, and how they change. commit() is for one thread; the rest is
/// for all.
class followed_repositories {
public:
  /// Makes `count` repositories in `folder` and hosts them.
  followed_repositories(testing::github_standin& on, const std::filesystem::path& folder, std::size_t count);

  std::size_t size() const noexcept { return all_.size(); }
  std::string name(std::size_t i) const { return "f" + std::to_string(i); }
  static constexpr const char* owner = "faults";
  std::int64_t github_id(std::size_t i) const { return all_[i].github_id; }
  const testing::bare_repository& repository(std::size_t i) const { return all_[i].repository; }

  /// Pushes so far.
  std::size_t steps(std::size_t i) const;

  /// Changes, adds and removes files of repository `i`, as `any` says. @returns the body of the push
  std::string commit(std::size_t i, std::uint64_t any);

  /// Which of its commits it is, from 0; nothing for one that is none.
  std::optional<std::size_t> place_of(std::size_t i, const std::string& commit) const;
  std::string head(std::size_t i) const;

private:
  struct one {
    testing::bare_repository repository;
    std::int64_t github_id = 0;
    std::vector<std::string> commits = {};
    std::map<std::string, std::size_t> places = {};
  };
  mutable std::mutex mutex_; ///< of commits and places
  std::vector<one> all_;
};

} // namespace ingot::faults

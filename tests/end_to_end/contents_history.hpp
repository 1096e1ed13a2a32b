#pragma once

#include "tests/support/git_repository.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ingot::testing {

/// Changes a repository at random: files, folders, renames, modes, symbolic links, submodules, rewritten history. The same seed
/// makes the same history.
class random_history {
public:
  random_history(bare_repository& of, std::uint64_t seed) : of_{of}, chance_{seed} {}

  /// One push of one or more commits, or a rewritten branch. @returns the branch's head before it; empty: there was none
  std::string step();

  std::size_t below(std::size_t end) { return static_cast<std::size_t>(chance_() % end); }

private:
  file_edit edit(const std::vector<std::string>& present);
  std::string path();
  std::string content();
  std::vector<std::string> files_now() const;

  bare_repository& of_;
  std::mt19937_64 chance_;
  std::vector<std::string> commits_;
  std::vector<std::string> contents_; ///< that were used, some to be used again
};

} // namespace ingot::testing

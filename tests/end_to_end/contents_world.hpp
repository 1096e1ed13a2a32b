#pragma once

#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ingot::testing {

/// The personal token that nodes of these tests use, and that the stand-in knows.
inline constexpr std::string_view contents_token = "ghp_e2eContentsToken4f8d21";

/// A repository on the stand-in, and how the node follows it.
struct followed {
  std::shared_ptr<bare_repository> repository;
  std::int64_t github_id = 0, id = 0; ///< id: of provider_repositories
  std::string owner, name;
};

/// GitHub's stand-in, and a real node that follows repositories on it.
class contents_world {
public:
  explicit contents_world(std::map<std::string, std::string> environment = {});

  /// Hosts a new, empty repository, which nobody follows yet.
  followed host(const std::string& name);

  /// Has the node follow it, for its own user.
  void follow(followed& x);

  /// Hosts, fills and follows one, and waits until it is synced.
  followed follow_new(const std::string& name, const std::vector<file_edit>& files);

  /// Tells the node of a push, as GitHub does, until it says that it has it.
  void push(const followed& x, const std::string& before, const std::string& branch = "main");

  /// Asks for a sync by hand.
  void ask(const followed& x, bool full = false);

  /// Waits until the node has what the branch has, and rests. @returns whether it came to that
  bool synced(const followed& x, const std::string& branch = "main", std::chrono::seconds patience = std::chrono::seconds{60});

  /// CHECKs that rows and contents are what git has of the branch, path for path, id for id, byte for byte.
  void check_equal(const followed& x, const std::string& branch = "main");

  /// Requests to the API since the counts were reset, that for the permission to make them included.
  std::uint64_t requests() const { return standin.counts().requests; }

  /// Ids of all contents that the node has.
  std::set<std::string> known_blobs();

  sql& db();

  scratch_folder folder;
  github_standin standin;
  node running;

private:
  std::unique_ptr<sql> db_;
};

} // namespace ingot::testing

#pragma once

#include "bench/faults/findings.hpp"
#include "bench/faults/followed_repositories.hpp"
#include "bench/faults/ledger.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>

namespace ingot::testing {
class sql;
}

namespace ingot::faults {

/// Reads rows while a run goes on, on a connection of its own, and finds those that go back: the step of a pull request, of a
/// site's inventory and of a crawl's item, and the commit that a repository's files are of.
class observer {
public:
  observer(std::string database_url, const ledger& of, const followed_repositories* followed, findings& into);
  ~observer();

  /// How often it has read all of it.
  std::uint64_t looks() const noexcept { return looks_; }

private:
  void run();
  void look(testing::sql& db);
  void see(const std::string& what, std::int64_t step);

  std::string url_;
  const ledger& ledger_;
  const followed_repositories* followed_;
  findings& found_;
  std::map<std::string, std::int64_t> latest_;
  std::string trouble_; ///< of the last look that failed
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> looks_{0};
  std::thread thread_;
};

} // namespace ingot::faults

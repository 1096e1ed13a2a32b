#include "model/drupal/release_history.hpp"
#include "model/drupal/version.hpp"
#include "tests/fuzz/input.hpp"

#include <set>
#include <string>

// Input: a release history of updates.drupal.org. No version of it comes twice, each sorts as versions do, and all can be stored.

using namespace ingot;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = drupal::parse_release_history(fuzz::input{data, size}.rest());
  if (const auto* refused = std::get_if<failure>(&read)) {
    fuzz::check_refusal(*refused);
    return 0;
  }
  const auto& x = std::get<drupal::release_history>(read);
  require(!x.project.empty() && fuzz::is_storable(x.title) && fuzz::is_storable(x.status));
  require(x.warnings.size() <= drupal::release_warnings_max + 1 && x.releases.size() <= drupal::releases_max);
  auto versions = std::set<std::string>{};
  for (const auto& r : x.releases) {
    const auto version = drupal::parse_version(r.version);
    require(version && version->sort_key == r.sort_key && versions.insert(r.version).second);
    require(r.version.starts_with(r.branch) && !r.branch.empty() && fuzz::is_storable(r.release_link));
  }
  for (const auto& warning : x.warnings)
    require(fuzz::is_storable(warning) && warning.size() < 2'000);
  return 0;
}

#pragma once

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace ingot::testing {

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What was recorded lies beside the tree, or in INGOT_SHARED.
inline std::filesystem::path shared_data() {
  const char* given = std::getenv("INGOT_SHARED");
  const auto shared = given != nullptr ? std::filesystem::path(given) : std::filesystem::path(INGOT_SOURCE_DIR) / "../shared";
  return shared / "data";
}

/// GitHub's recorded payloads.
inline std::filesystem::path recorded_payloads() {
  return shared_data() / "github/webhooks";
}

/// One recorded body, such as `push/event-1`; empty, with a warning, when it is not there.
inline std::string recorded(const std::string& name) {
  const auto file = recorded_payloads() / (name + ".payload.json");
  if (std::filesystem::exists(file))
    return bytes_of(file);
  WARN("not found, so not shown here: recorded payload " << name);
  return {};
}

struct recorded_delivery {
  std::string event, file, body;
};

/// All recorded bodies in the order of their names; none, with a warning, when they are not there.
inline std::vector<recorded_delivery> all_recorded() {
  std::vector<recorded_delivery> out;
  const auto folder = recorded_payloads();
  if (!std::filesystem::is_directory(folder)) {
    WARN("not found, so not shown here: the recorded payloads (shared/data/github/webhooks)");
    return out;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json")
      out.push_back({entry.path().parent_path().filename().string(), entry.path().filename().string(), bytes_of(entry.path())});
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.event + a.file < b.event + b.file; });
  return out;
}

} // namespace ingot::testing

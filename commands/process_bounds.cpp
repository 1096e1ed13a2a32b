#include "commands/process_bounds.hpp"

#include "storage/cluster.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

namespace ingot::commands {

namespace fs = std::filesystem;

namespace {

/// A number, or `unlimited`.
std::optional<std::uint64_t> read_limit(std::istream& in) {
  auto word = std::string{};
  if (!(in >> word))
    return std::nullopt;
  if (word == "unlimited")
    return std::numeric_limits<std::uint64_t>::max();
  auto out = std::uint64_t{0};
  return std::istringstream{word} >> out ? std::optional{out} : std::nullopt;
}

} // namespace

judged_process find_judged_process(const settings& of) {
  if (const auto owner = storage::lock_owner(of.data_dir)) {
    const auto proc = fs::path{"/proc"} / std::to_string(*owner);
    // Not to be seen from another container, or with hidepid.
    if (std::ifstream{proc / "limits"})
      return {proc, true, "the node (process " + std::to_string(*owner) + ")"};
  }
  return {"/proc/self", false, "this shell"};
}

std::optional<open_file_limits> open_file_limits_of(const fs::path& proc) {
  constexpr auto name = std::string_view{"Max open files"};
  auto in = std::ifstream{proc / "limits"};
  for (auto line = std::string{}; std::getline(in, line);) {
    if (!line.starts_with(name))
      continue;
    auto rest = std::istringstream{line.substr(name.size())};
    const auto soft = read_limit(rest), hard = read_limit(rest);
    return soft && hard ? std::optional{open_file_limits{*soft, *hard}} : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> cgroup_memory_bytes_max(const fs::path& proc, const fs::path& hierarchy) {
  constexpr auto version_2 = std::string_view{"0::/"};
  auto least = std::optional<std::uint64_t>{};
  const auto look = [&](const fs::path& group) {
    auto in = std::ifstream{group / "memory.max"};
    auto bytes = std::uint64_t{0};
    if (in >> bytes) // not where it says `max`
      least = std::min(least.value_or(bytes), bytes);
  };
  auto in = std::ifstream{proc / "cgroup"};
  for (auto line = std::string{}; std::getline(in, line);) {
    if (!line.starts_with(version_2))
      continue;
    auto group = hierarchy;
    look(group); // in a container the root is its own
    for (const auto& part : fs::path{line.substr(version_2.size())})
      look(group /= part);
  }
  return least;
}

} // namespace ingot::commands

#include "model/mcp/manifest_places.hpp"

#include "model/digest.hpp"

#include <algorithm>
#include <array>

namespace ingot::mcp {

namespace {

bool is_pattern(std::string_view place) {
  return place.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string> chosen(std::span<const std::string> places, bool patterns) {
  auto out = std::vector<std::string>{};
  for (const auto& each : places)
    if (is_pattern(each) == patterns && (!patterns || !contents::glob_list::judge(each)) &&
        out.size() < contents::glob_list::patterns_max)
      out.push_back(each);
  return out;
}

} // namespace

manifest_places::manifest_places(std::span<const std::string> places)
    : paths_(chosen(places, false)), patterns_(chosen(places, true)) {}

bool manifest_places::takes(std::string_view path) const {
  return std::find(paths_.begin(), paths_.end(), path) != paths_.end() || (!patterns_.empty() && patterns_.matches(path));
}

bool is_readme(std::string_view path) {
  static constexpr auto names = std::to_array<std::string_view>({"readme.md", "readme.markdown", "readme.mdown", "readme"});
  auto name = std::string{path.substr(path.rfind('/') + 1)};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view folder_of(std::string_view path) noexcept {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view readme_of(std::string_view path, std::span<const std::string> readmes) {
  const auto in = [&](std::string_view folder) -> std::string_view {
    for (const auto& each : readmes)
      if (folder_of(each) == folder)
        return each;
    return {};
  };
  const auto beside = in(folder_of(path));
  return beside.empty() ? in({}) : beside;
}

void manifest_listing::add(std::string_view path, const contents::object_id& id) {
  if (is_readme(path) && readmes_.size() < readmes_max)
    readmes_.emplace(path, id);
  else if (manifests_.size() < manifest_places::manifests_max && places_.takes(path))
    manifests_.emplace(path, id);
}

std::int64_t manifest_listing::digest() const {
  if (manifests_.empty())
    return 0;
  auto out = ingot::digest{};
  auto readmes = std::vector<std::string>{};
  for (const auto& [path, ignored] : readmes_)
    readmes.push_back(path);
  for (const auto& [path, id] : manifests_) {
    out << std::string_view{path} << std::string_view{id.hex()};
    if (const auto readme = readme_of(path, readmes); !readme.empty())
      out << readme << std::string_view{readmes_.find(readme)->second.hex()};
  }
  return static_cast<std::int64_t>((out.value() >> 1) | 1);
}

} // namespace ingot::mcp

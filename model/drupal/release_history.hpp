#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::drupal {

/// One release of a project.
struct release {
  std::string version;  ///< as it came
  std::string sort_key; ///< of model/drupal/version
  /// What the versions of its branch begin with: the longest of supported_branches that fits; else `8.x-1.`, `10.3.` (project
  /// `drupal`), `7.` (Drupal 7 and before) or `2.` (other projects).
  std::string branch;
  std::optional<timestamp> released_at;
  bool published = false;
  bool security = false; ///< has the release type "Security update"
  bool insecure = false; ///< has the release type "Insecure"
  /// Has the release type "Unsupported", or is of a project or branch that is supported no longer.
  bool unsupported = false;
  std::string release_link; ///< empty: none
};

/// What updates.drupal.org tells of one project (`/release-history/{project}/current`, or `/7.x` and before in the older form).
struct release_history {
  std::string project; ///< short_name
  std::string title;
  std::string status; ///< project_status: published, unsupported, insecure, revoked, unpublished
  std::vector<std::string> supported_branches;
  std::vector<release> releases;     ///< in the order of the file, no version twice
  std::vector<std::string> warnings; ///< releases that were left out or lack something, with their lines
};

inline constexpr std::size_t release_history_bytes_max = 32 * 1024 * 1024; ///< Drupal core's own has less than 2 MiB
inline constexpr std::size_t releases_max = 10'000;                        ///< of one project; Drupal core has some 600
inline constexpr std::size_t release_warnings_max = 20;                    ///< told one by one

/// Parses a release history. A release that cannot be used is left out and named in `warnings`.
///
/// What counts as unsupported follows Drupal core's update module (ProjectRelease, and UpdateManager's calculation of a project's
/// status): a project that is `unsupported`, `revoked`, `unpublished` or `insecure` takes all its releases along; so do
/// supported_branches (formerly supported_majors) that are given and none of which fits.
/// @returns the history, or malformed_body with the line, unstorable_text, body_too_large; not_found when the text is the
///          server's own answer for a project that it does not know
std::variant<release_history, failure> parse_release_history(std::string_view xml);

} // namespace ingot::drupal

#pragma once

#include "model/mcp/manifest_report.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::mcp {

/// Where a manifest was found, or is said to be: its name and its repository must fit to it.
struct manifest_origin {
  std::string owner;      ///< `octocat`, as GitHub spells it
  std::string repository; ///< `hello-world`
};

/// Judges server.json manifests: the published schema that `$schema` names, and the rules that no schema can say.
/// The schemas are compiled once. Thread-safe: validate() changes nothing that others see.
class manifest_validator {
public:
  /// A longer text is refused unread.
  static constexpr std::size_t text_bytes_max = 256 * 1024;

  /// @param default_version for a manifest that names none, or one that is not accepted
  /// @param accepted dates of versions; empty: all that are known
  /// @throws std::invalid_argument naming the version that is not known
  explicit manifest_validator(std::string_view default_version = "2025-12-11", const std::vector<std::string>& accepted = {});
  ~manifest_validator();
  manifest_validator(manifest_validator&&) noexcept;
  manifest_validator& operator=(manifest_validator&&) noexcept;

  /// @param origin if given, the rules of ownership are asked, too
  manifest_report validate(std::string_view text, const std::optional<manifest_origin>& origin = std::nullopt) const;

private:
  struct compiled;
  std::unique_ptr<const compiled> compiled_;
};

/// Dates of the published versions that the node knows, ascending.
std::vector<std::string_view> known_schema_versions();

} // namespace ingot::mcp

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::drupal {

/// What a version string is, by Drupal's grammar (drupal.org, "Release naming conventions"; core's ExtensionVersion).
enum class version_kind : std::uint8_t {
  release,     ///< `8.x-1.0-rc2`, `7.x-3.1`, `10.3.0-beta1`, `2.4`
  development, ///< a branch's tip (`8.x-1.x-dev`, `3.x-dev`), or commits after a release (`8.x-1.6+4-dev`)
  free_form,   ///< a custom module's own: any printable ASCII
};

/// The version of a module as a site reports it.
struct version {
  std::string text; ///< as it came
  /// Compares by bytes as versions compare: free forms below all others; then the core that a prefix names (`7.x-` below `8.x-`
  /// and what has no prefix); the numbers, `x` above every number, since a branch's tip follows all of its releases; the stage:
  /// dev, unstable, alpha, beta, rc, none; its number; and the commits after it.
  std::string sort_key;
  version_kind kind = version_kind::free_form;

  friend bool operator==(const version& a, const version& b) noexcept { return a.text == b.text; }
  friend std::strong_ordering operator<=>(const version& a, const version& b) noexcept {
    if (const auto order = a.sort_key <=> b.sort_key; order != 0)
      return order;
    return a.text <=> b.text;
  }
};

/// Characters that a version may have at most (the published limit of the endpoint).
inline constexpr std::size_t version_size_max = 50;

/// 1 to version_size_max printable ASCII characters, neither the first nor the last of them a blank: what parse_version() takes.
bool is_version(std::string_view text) noexcept;

/// Every version that Drupal reports, and custom modules' free forms: 1 to version_size_max printable ASCII characters, blanks
/// inside included. Nothing else is a version.
std::optional<version> parse_version(std::string_view text);

} // namespace ingot::drupal

#pragma once

#include "model/fault.hpp"
#include "model/text_store.hpp"
#include "model/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::drupal {

enum class module_type : std::uint8_t { core, contrib, custom };
std::string_view to_string(module_type x) noexcept;

/// One module as a site reports it. Views live as long as the inventory.
struct reported_module {
  std::uint32_t index = 0; ///< in the body's `modules`
  std::string_view machine_name;
  std::string_view name;
  module_type type = module_type::contrib;
  std::string_view version; ///< as it came; empty: unknown (a git checkout)
  bool enabled = false;     ///< `status`
  std::optional<std::int32_t> schema_version;
  std::optional<std::string_view> package;
  std::vector<std::string_view> core_compatibility;
  std::vector<std::string_view> dependencies;
  std::optional<std::string_view> description;
  std::optional<std::string_view> project_link;
  bool security_coverage = true;

  std::uint64_t name_digest = 0;
  std::uint64_t digest = 0; ///< of all that is reported of it: equal digests, nothing to write

  /// The drupal.org project whose releases it comes with: `drupal` for core; what project_link ends in; else its own name.
  std::string_view project() const noexcept;
};

/// Does the sync name all modules of the site, or only some of them?
enum class sync_type : std::uint8_t { full, partial };
std::string_view to_string(sync_type x) noexcept;

/// What is wrong with one module, or worth telling of it.
struct module_note {
  std::uint32_t index = 0;  ///< in the body's `modules`
  std::string machine_name; ///< empty when that is what is wrong
  std::string pointer;
  std::string message;
};

/// What one sync says.
struct inventory {
  text_store texts;
  std::string_view site_info = "{}"; ///< JSON object without last_cron
  std::string_view environment;      ///< site_info.environment, or empty
  std::optional<timestamp> last_cron;
  timestamp sync_time{}; ///< sync_timestamp
  std::string_view drupal_version, php_version;
  sync_type type = sync_type::full;
  std::vector<reported_module> modules;  ///< in the body's order; no machine_name twice
  std::string_view base_hash;            ///< the state that the sync is a difference to; empty: it is none
  std::vector<std::string_view> removed; ///< of a difference: machine names
  std::uint64_t site_digest = 0;         ///< of site_info and the two versions

  std::vector<module_note> errors;     ///< lenient only: modules left out
  std::vector<module_note> warnings;   ///< e.g. a version that is stored as unknown
  std::vector<std::uint64_t> left_out; ///< name digests of modules that were left out: reported all the same
  bool left_out_nameless = false;      ///< one of them has no readable name, so nobody knows what is not reported
};

/// Limits of one body (the published contract of the endpoint).
inline constexpr std::size_t modules_max = 2'000;
inline constexpr std::size_t name_size_max = 255;       ///< characters of machine_name, name, package
inline constexpr std::size_t list_items_max = 500;      ///< of core_compatibility, dependencies
inline constexpr std::size_t faults_max = 10'000;       ///< told of one body; more are counted
inline constexpr std::size_t faults_of_module_max = 20; ///< told of one module that is left out

/// A sync_timestamp may lie so far ahead of the node's clock: one that is further would hold up all true ones until then.
inline constexpr std::chrono::hours time_ahead_max{24};

/// Parses the body of a sync.
/// @param lenient modules with faults are left out and named in `errors` (RFC 7240, `handling=lenient`), unless all are
/// @param padding as for json_document::parse
/// @returns the inventory, or invalid_fields with every fault; of what is no JSON, or none that can be stored, the first
std::variant<inventory, failure> parse_inventory(std::string_view body, bool lenient, std::size_t padding = 0);

} // namespace ingot::drupal

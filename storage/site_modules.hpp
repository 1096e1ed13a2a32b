#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What sites have installed, for readers. All of these block, and throw what libpqxx throws.
namespace ingot::storage {

/// A module of a site: a row of the view `site_modules_current`.
struct site_module_record {
  std::int64_t site_id = 0;
  std::string site;
  std::string machine_name;
  std::string display_name;
  std::string type;    ///< core | contrib | custom
  std::string project; ///< whose releases it comes with
  std::string version; ///< empty: the site does not know it
  bool enabled = false;
  std::optional<std::int64_t> schema_version;
  timestamp first_seen{};
  timestamp last_seen{};
  timestamp last_updated{};
  std::optional<timestamp> removed_at;
  bool needs_security_update = false;
};

/// Which modules are wanted; what is empty does not restrict.
struct site_module_filter {
  std::optional<bool> needs_security_update;
  std::optional<bool> enabled;
  std::optional<bool> removed;
  std::string type; ///< core | contrib | custom
};

/// Up to `limit` modules of a site whose machine names come after `after` (in the order of their bytes), by machine name.
std::vector<site_module_record> list_site_modules(connection& db, std::int64_t site_id, const site_module_filter& filter,
                                                  const std::string& after, unsigned limit);

/// Up to `limit` sites with the module `machine_name` whose ids come after `after`, by id; only `site_id` when given.
std::vector<site_module_record> list_sites_of_module(connection& db, const std::string& machine_name,
                                                     const site_module_filter& filter, std::optional<std::int64_t> site_id,
                                                     std::int64_t after, unsigned limit);

/// What is known of a module wherever it runs.
struct module_record {
  std::string machine_name;
  std::string display_name;
  std::string type;
  std::string project;
  std::string description;     ///< or empty
  std::string drupal_org_link; ///< or empty
};

std::optional<module_record> find_module(connection& db, const std::string& machine_name);

/// A module of a site changed its version.
struct module_change {
  std::string from; ///< empty: it was not there, or its version was unknown
  std::string to;   ///< empty: it was removed, or its version is unknown
  timestamp changed_at{};
  std::string sync_id; ///< `sync_<uuid>`
};

/// Up to `limit` changes of one module of a site, the newest first; older than that of the sync `after` unless it is empty.
/// Throws refused_change when `after` is no sync id.
std::vector<module_change> list_module_changes(connection& db, std::int64_t site_id, const std::string& machine_name,
                                               const std::string& after, unsigned limit);

} // namespace ingot::storage

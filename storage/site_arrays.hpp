#pragma once

#include "storage/binary_array.hpp"
#include "storage/site_store.hpp"

#include <span>
#include <vector>

/// What the statements of a sync take, gathered over all syncs of a commit.
namespace ingot::storage {

/// A sync that is applied, and what it changes.
struct applied_sync {
  site_sync* sync = nullptr;
  drupal::site_change change;
};

/// Modules and versions that a commit may make or describe anew: each once, in the order of names. Two syncs that describe one
/// differently: the newer one.
struct described_modules {
  text_array machine_name, name, type, description, link, package, project;
  int8_array described;
  timestamptz_array at;

  explicit described_modules(std::span<const applied_sync> syncs);
};

struct described_versions {
  text_array machine_name, version, sort_key, core_compatibility, dependencies;
  bool_array coverage;
  int8_array described;
  timestamptz_array at;

  explicit described_versions(std::span<const applied_sync> syncs);
};

/// The sites' rows: of each sync what was added, then what was updated.
struct written_modules {
  int8_array site_id, reported;
  text_array machine_name, version, sync_id;
  bool_array enabled, fresh;
  int4_array schema_version;
  timestamptz_array at;

  explicit written_modules(std::span<const applied_sync> syncs);
};

/// Modules that syncs take away.
struct removed_modules {
  int8_array site_id;
  int4_array module_id;
  timestamptz_array at;

  explicit removed_modules(std::span<const applied_sync> syncs);
};

/// Sites whose row changes: their modules do, or what they say of themselves.
struct changed_sites {
  int8_array site_id, reported;
  text_array environment, info, drupal_version, php_version;

  explicit changed_sites(std::span<const applied_sync> syncs);
};

/// The records of syncs.
struct sync_records {
  text_array id, type, outcome;
  int8_array site_id, key_id, job_id;
  timestamptz_array at, received, cron;
  int4_array counts; ///< seven of each
  float8_array ms;
  bytea_array hash;

  void add(const site_sync& x);
};

/// Milliseconds since the sync's body began to arrive.
double milliseconds_of(const site_sync& x);

} // namespace ingot::storage

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace ingot::storage {

/// What a copy of the spool holds.
struct spool_copy {
  bool present = false;       ///< was there a spool at all?
  std::size_t deliveries = 0; ///< that wait for the database
  std::size_t bytes = 0;      ///< of those
  std::string damage;         ///< as spool::damage(): empty while the original is sound
};

/// Copies `data_dir/spool.sqlite` to `folder/spool.sqlite`, also while a node has it open and writes it: the copy holds every
/// delivery that was acknowledged from the spool before the call and not drained until its end. Whatever is damaged is salvaged
/// in the copy as the node itself would do it. `folder` exists and has no spool. Not for the process that has the spool open:
/// closing a copied file would end that process's locks on it (POSIX).
///
/// SQLite's online backup cannot be had from outside: the node keeps its file under an exclusive lock. The files are read
/// instead, which "WAL-mode File Format" of SQLite's documentation allows: while the log is one generation (its header, with the
/// salts, stays the same), a page of the database file changes only by a checkpoint of pages that this very log holds. So the
/// database file is read first and the log after it; the copy is good when the header is the same before and after. Else it is
/// made anew. Throws std::runtime_error when it cannot be made.
spool_copy copy_spool(const std::filesystem::path& data_dir, const std::filesystem::path& folder);

/// What the spool of `folder` holds, which nobody has open. Damage is salvaged. Throws std::runtime_error.
spool_copy inspect_spool(const std::filesystem::path& folder);

} // namespace ingot::storage

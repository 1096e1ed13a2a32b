#pragma once

#include "model/drupal/release_history.hpp"
#include "model/job.hpp"
#include "storage/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace ingot::storage {

/// What an import changed.
struct releases_import {
  std::size_t releases_written = 0;
  std::size_t releases_removed = 0;
  std::size_t versions_written = 0; ///< rows of module_versions
  std::size_t versions_flagged = 0; ///< of those: that need a security update since now
  std::size_t versions_cleared = 0; ///< of those: that need one no longer
};

/// What a server said of the answer that a history came in, for the next conditional request.
struct release_fetch {
  timestamp fetched_at;
  std::string etag;          ///< empty: none
  std::string last_modified; ///< empty: none
};

/// The history is older than what is known of its project.
struct older_history : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How to take a history that nobody fetched: whose newest release is older than the newest one that is known (law 4).
enum class older_histories : std::uint8_t { refused, taken };

/// Makes the rows of one project (drupal_projects, module_releases) those of `history`, and tells the versions of its modules
/// whether they need a security update, in one transaction. Writes only rows that change: the same history again writes nothing,
/// except `fetched` when it is given. Imports go one after the other over all nodes; a transaction that inserts module_versions
/// calls ingot_hold_releases() before, or a version could miss what is imported at the same moment.
/// A fetched history is what the server says now, whatever its dates. One from elsewhere makes the next fetch unconditional, or
/// "nothing is new" would keep it. @param job behind its fence, when a job does it: an answer that waited past the job's lease is
/// older than what another node has taken since. Throws older_history and what libpqxx throws.
releases_import import_releases(connection& db, const drupal::release_history& history, timestamp at,
                                const std::optional<release_fetch>& fetched = std::nullopt,
                                older_histories older = older_histories::refused, const job_lease* job = nullptr);

/// The server said that nothing is new: the releases stay, but the versions of the project's modules are judged by them as an
/// import does, for a module may have come to the project since. Throws what libpqxx throws.
releases_import confirm_release_fetch(connection& db, const std::string& project, timestamp at, const job_lease* job = nullptr);

} // namespace ingot::storage

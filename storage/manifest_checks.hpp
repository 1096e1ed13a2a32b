#pragma once

#include "model/contents/provider.hpp"
#include "model/job.hpp"
#include "model/time.hpp"
#include "storage/connection.hpp"
#include "storage/mcp_servers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Tables `manifest_files` and `manifest_checks`: what was found where manifests and READMEs of followed repositories lie. Throws
/// what libpqxx throws.
namespace ingot::storage {

/// What was found at a place.
enum class file_finding : std::uint8_t {
  listed,        ///< a valid manifest, whose server is listed; a README that was read
  invalid,       ///< a manifest that is not valid: its report says why
  superseded,    ///< something newer is known
  name_taken,    ///< its server is another repository's
  version_taken, ///< its version was published with another text
  missing,       ///< nothing is there
  moved,         ///< its server is published from another path now
  other_branch,  ///< it is followed at another branch than the repository's default one, which alone is listed
  too_large,
  not_utf8,
  not_json,
  not_a_file, ///< a folder, a link, a submodule
};

std::string_view to_string(file_finding x) noexcept;

/// A place as it was found the last time.
struct known_file {
  std::string path, kind, etag, sha, state, server_name;
  bool settled = true; ///< it is as it was found, as long as the file stays as it was
};

/// A file as the last sync of contents listed it.
struct listed_path {
  std::string path, sha;
};

/// A followed repository as a look at its manifests needs it.
struct check_subject {
  std::int64_t id = 0;
  contents::place where;
  std::string user_id, state, default_branch;
  bool manifests = true;           ///< whether it is to be looked at
  bool is_private = false;         ///< nothing of it is listed: everybody can read the list
  bool complete = false;           ///< `listed` is all that there is
  std::vector<std::string> places; ///< its own; empty: the setting
  std::string standing;            ///< what of it decides whether its servers are listed
  std::vector<known_file> known;
};

/// Lines of a repository's history that are kept.
constexpr std::size_t manifest_checks_kept = 50;

std::optional<check_subject> load_check_subject(connection& db, std::int64_t repository_id);

/// Its files that may be manifests or READMEs: those at `paths`, READMEs, and with `patterns` all `.json`; a bounded number.
std::vector<listed_path> list_manifest_candidates(connection& db, std::int64_t repository_id,
                                                  const std::vector<std::string>& paths, bool patterns);

/// What a look found at one place.
struct found_file {
  std::string path, kind, etag, sha;
  file_finding finding = file_finding::listed;
  std::string reason;
  std::string report;                            ///< of the validation, as JSON; empty: none
  std::optional<server_publication> publication; ///< of a valid manifest
};

/// A README that has changed beside a manifest that has not.
struct readme_news {
  std::string server_name;
  server_readme readme;
};

/// All that one look found.
struct manifest_findings {
  std::vector<found_file> files;
  std::vector<readme_news> readmes;
};

/// Counts of one look.
struct check_counts {
  std::int64_t listed = 0, updated = 0, refused = 0, deleted = 0;
};

/// Keeps what a look found, in one transaction behind the job's fence: servers, versions, search documents, states, history and
/// audit lines. A server whose manifest is gone is marked as deleted.
/// @param asked_at when the look began: something newer is not overwritten
check_counts store_manifest_check(connection& db, const job_lease& lease, const check_subject& of, contents::urgency trigger,
                                  manifest_findings found, timestamp asked_at);

/// A place as it is shown.
struct manifest_place {
  std::string path, kind, state, reason, server_name, sha;
  timestamp checked_at{};
};

/// A line of the history of looks.
struct manifest_look_record {
  std::int64_t id = 0;
  std::string path, state, reason, server_name, version, sha, trigger;
  std::int64_t job_id = 0;
  timestamp checked_at{};
  std::string report; ///< of the validation, as JSON; empty: none
};

struct repository_manifests {
  std::vector<manifest_place> places;      ///< by path, a bounded number
  std::vector<manifest_look_record> looks; ///< the newest first
};

/// Nothing when nobody follows it.
std::optional<repository_manifests> list_repository_manifests(connection& db, std::int64_t repository_id);

/// Enqueues a look at every repository, up to a bounded number, that has changed in a way that takes its servers off the list or
/// brings them back: gone, forbidden, private, renamed, at another branch, or restored. @returns how many
std::size_t enqueue_restless_manifests(connection& db);

} // namespace ingot::storage

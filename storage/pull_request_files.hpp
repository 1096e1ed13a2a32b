#pragma once

#include "model/job.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// pull_requests.files_changed: what GitHub's API lists of a pull request, since payloads do not. All of these block, and throw
/// what libpqxx throws.
namespace ingot::storage {

/// A pull request whose files are to be asked for.
struct files_subject {
  std::string full_name;          ///< of its repository
  std::string head_sha;           ///< as it is known now
  std::int64_t credential_id = 0; ///< of the installation that reaches the repository; 0: none
};

/// Nothing when it is not known. @param installation_id that the order named; the repository's own counts more; 0: none
std::optional<files_subject> find_files_subject(connection& db, std::int64_t github_id, std::int64_t number,
                                                std::int64_t installation_id);

/// One state of one pull request.
struct files_target {
  std::int64_t github_id = 0; ///< of the repository
  std::int64_t number = 0;
  std::string head_sha;
};

enum class files_written : std::uint8_t {
  stored,
  unchanged,  ///< they stood there already: readers are not told (law 7)
  superseded, ///< its head is another one by now (law 4)
};

const char* to_string(files_written x) noexcept;

/// Writes the list, JSON objects, in one transaction behind the job's fence: one whose lease is lost writes nothing (law 2).
files_written store_pull_request_files(connection& db, const job_lease& lease, const files_target& x,
                                       const std::vector<std::string>& files);

} // namespace ingot::storage

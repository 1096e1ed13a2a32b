#pragma once

#include "model/mcp/manifest_report.hpp"
#include "model/mcp/new_submission.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ingot::mcp {

class manifest_validator;

/// Who vouches for the manifest of a submission.
enum class manifest_origin_kind : std::uint8_t {
  typed,      ///< its submitter alone; nobody has compared it with the repository's
  repository, ///< it is the repository's own, or is to be read there
  differs,    ///< its submitter alone: the repository's manifest of that name says something else
  absent,     ///< its submitter alone: the repository has no manifest of that name
};

/// The names in rows and answers.
std::string_view to_string(manifest_origin_kind x) noexcept;
manifest_origin_kind parse_manifest_origin(std::string_view text) noexcept; ///< typed, when it is none

/// A manifest that somebody submitted, with what its validation says, as far as it is known.
struct judged_manifest {
  std::string text;        ///< empty: not known yet, or it cannot be kept
  std::string server_name; ///< empty: it names none
  std::string report;      ///< JSON of its validation; empty: none
  bool valid = false;
};

/// Judges one. A text that no row can hold (a NUL, bad UTF-8, over submission_manifest_bytes_max) is left out of what it gives.
/// @param found_in if given, the name must belong to its owner. If not, a name under `io.github.` belongs to nobody
judged_manifest judge_submitted_manifest(const manifest_validator& by, std::string text,
                                         const std::optional<repository_page>& found_in);

/// Something else keeps it from being listed: its report says so, first of all, and it is not valid.
void add_problem(judged_manifest& to, manifest_problem what);

/// Do two texts say the same, whatever their blanks and line ends?
bool is_same_manifest(std::string_view a, std::string_view b);

} // namespace ingot::mcp

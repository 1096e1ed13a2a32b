#pragma once

#include "model/mcp/new_submission.hpp"

#include <optional>
#include <string>

namespace ingot::mcp {

class manifest_validator;

/// A manifest that somebody submitted, with what its validation says, as far as it is known.
struct judged_manifest {
  std::string text;        ///< empty: not known yet, or it cannot be kept
  std::string server_name; ///< empty: it names none
  std::string report;      ///< JSON of its validation; empty: none
  bool valid = false;
};

/// Judges one. A text that no row can hold (a NUL, bad UTF-8, over submission_manifest_bytes_max) is left out of what it gives.
/// @param found_in if given, the name must belong to its owner
judged_manifest judge_submitted_manifest(const manifest_validator& by, std::string text,
                                         const std::optional<repository_page>& found_in);

} // namespace ingot::mcp

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::mcp {

/// Who found the problem: the published JSON Schema, or a rule that a schema cannot say.
enum class problem_source : std::uint8_t { schema, rule };

/// `schema` or `rule`.
std::string_view to_string(problem_source source) noexcept;

/// One thing that the author of a manifest has to change.
struct manifest_problem {
  problem_source source = problem_source::schema;
  std::string pointer;    ///< JSON pointer (RFC 6901) of the value; of the object that lacks a member. Empty: the document
  std::string message;    ///< what was found, and what is expected
  std::string hint;       ///< how to mend it; may be empty
  std::size_t line = 1;   ///< of the value in the file, from 1
  std::size_t column = 1; ///< in characters, from 1
};

/// What a validation says of one manifest.
struct manifest_report {
  /// More are left out: whoever mends these sees the rest the next time.
  static constexpr std::size_t problems_max = 50;

  bool is_json = false;      ///< if not, `problems` holds the one that says where it breaks
  bool valid = false;        ///< no problem of either source
  bool schema_valid = false; ///< no problem of the schema
  std::string schema;        ///< date of the version that it was held against: `2025-12-11`
  std::vector<manifest_problem> problems;
};

/// `{"valid", "schema_valid", "schema", "errors": [{"source", "pointer", "message", "hint", "line", "column"}]}`
std::string to_json(const manifest_report& report);

/// What to_json() wrote, read back from a row. Nothing when `text` is something else.
/// The only reader of a stored report, so that no JSON is passed around.
bool from_json(std::string_view text, manifest_report& report);

} // namespace ingot::mcp

#pragma once

#include "model/fault.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What people send when they submit an MCP server.
namespace ingot::mcp {

inline constexpr std::size_t submission_manifest_bytes_max = 256 * 1024;
inline constexpr std::size_t submission_note_bytes_max = 4'000;

/// A repository as it is named by its page.
struct repository_page {
  std::string host; ///< `github.com`; of a GitHub Enterprise Server, its own
  std::string owner, name;

  std::string url() const { return "https://" + host + "/" + owner + "/" + name; }
  /// In lower case, since GitHub knows no other: what one repository is told from another by.
  std::string key() const;

  bool operator==(const repository_page&) const = default;
};

/// Reads `https://github.com/owner/name`, with `.git` or `/` behind it or not. Nothing when it is another thing.
std::optional<repository_page> parse_repository_page(std::string_view url);

/// A submission: a repository, a manifest, or both.
struct new_submission {
  std::optional<repository_page> repository;
  std::string manifest; ///< its text; empty: that of the repository
  std::string email;    ///< of its submitter, in lower case behind the @; empty: none
  std::string note;     ///< for the reviewer
};

/// What of it is to be different; what is absent stays.
struct submission_change {
  std::optional<repository_page> repository;
  std::optional<std::string> manifest;
  std::optional<std::string> note;
};

/// Reads the body of POST /api/v1/submissions: `{"repository": URL, "manifest": {…} or its text, "email", "note"}`. @returns
/// every fault with its JSON pointer (invalid_fields), or what keeps it from being JSON. Members that it does not know are
/// faults.
std::variant<new_submission, failure> parse_new_submission(std::string_view body);

/// Reads the body of PATCH /api/v1/submissions/{id}. One that changes nothing is a fault (missing_field).
std::variant<submission_change, failure> parse_submission_change(std::string_view body);

/// What a reviewer says: `{"version": 3, "reason": "…"}`.
struct review_decision {
  std::int64_t version = 0; ///< of the submission that was looked at
  std::string reason;       ///< empty: none
};
std::variant<review_decision, failure> parse_review_decision(std::string_view body);

} // namespace ingot::mcp

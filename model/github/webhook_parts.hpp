#pragma once

// Shared by the parsers of the event families; nobody else includes it.

#include "model/github/event.hpp"
#include "model/json_members.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ingot::github {

/// The top-level members that any family reads.
using payload = json_members<"action", "repository", "installation", "sender", "pull_request", "review", "workflow_run",
                             "workflow_job", "check_run", "check_suite", "deployment", "deployment_status", "head_commit",
                             "release", "files_changed", "repositories", "repositories_added", "repositories_removed", "id",
                             "sha", "context", "state", "updated_at", "ref", "before", "after">;

/// Each fills `fact` and `occurred_at` of an event whose name, action, repository and installation_id are read already, and
/// reports what it lacks to the payload's json_faults.
void read_pull_request(const payload& p, event& out);
void read_review(const payload& p, event& out);
void read_workflow_run(const payload& p, event& out);
void read_workflow_job(const payload& p, event& out);
void read_check_run(const payload& p, event& out);
void read_check_suite(const payload& p, event& out);
void read_status(const payload& p, event& out);
void read_deployment_status(const payload& p, event& out);
void read_push(const payload& p, event& out);
void read_ref(const payload& p, event& out); ///< create, delete
void read_release(const payload& p, event& out);
void read_repository_change(const payload& p, event& out); ///< repository, every action
void read_ping(const payload& p, event& out);
void read_installation(const payload& p, event& out); ///< installation, installation_repositories

/// A repository of which `id` and `full_name` are needed. Without `updated_at` it is a minimal mention, and says only
/// id, names, owner and is_private.
repository_snapshot read_repository(const json_child& from);
/// The same for an event that is ignored: nothing is needed.
std::optional<repository_snapshot> glance_at_repository(const json_child& from);

/// Readers' columns of counts and of pull request numbers are 32-bit integers.
constexpr std::int64_t integer_column_max = 2'147'483'647;

/// `said`, when it is a count that fits its column.
std::optional<std::int64_t> count_of(std::optional<std::int64_t> said);

/// A user; `ghost` without a picture when there is none.
person read_person(const json_child& from);

/// The object id in `text`: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits, in lower case. Nothing when it is none.
std::optional<std::string> parse_sha(std::string_view text);

/// The needed member `Name`, an object id; reported when it is none.
template <json_name Name, json_name... Names>
std::string need_sha(const json_members<Names...>& from) {
  const auto text = from.template text<Name>();
  auto sha = text ? parse_sha(*text) : std::nullopt;
  if (!sha)
    from.template lacks<Name>("a commit id of 40 or 64 hexadecimal digits");
  return sha.value_or("");
}

} // namespace ingot::github

#pragma once

#include "model/job.hpp"
#include "model/mcp/judged_manifest.hpp"
#include "model/mcp/new_submission.hpp"
#include "model/mcp/submission.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Submissions of MCP servers. Every change is one transaction with its entry of the history, its audit line and the jobs that
/// tell of it. All of these block, and throw refused_change when it cannot be done, else what libpqxx throws.
namespace ingot::storage {

/// Who submits.
struct submitter {
  std::string kind; ///< `user`, `email`
  std::string name; ///< the user's id, or the address's key (model/email_address)
};

using mcp::judged_manifest;

struct submission_event {
  timestamp at{};
  std::string actor, action, from_state, to_state, reason;
  std::int64_t version = 0;
};

/// The newest so many of a history are read.
inline constexpr unsigned submission_events_max = 200;

struct submission_record {
  std::int64_t id = 0, version = 0;
  mcp::submission_state state = mcp::submission_state::unconfirmed;
  submitter by;
  std::string email, repository_url;
  judged_manifest manifest;
  mcp::manifest_origin_kind manifest_origin = mcp::manifest_origin_kind::typed;
  std::string readme_html; ///< of the repository, sanitized
  std::string note, claimed_by, reason;
  timestamp created_at{}, updated_at{};
  bool is_confirmed = false; ///< by a user's key, or by the link of a mail

  std::vector<submission_event> history; ///< the oldest first
};

/// How many submissions one submitter may make, and who is told.
struct submission_rules {
  unsigned pending_max = 20;  ///< of one submitter that wait for a reviewer, or for changes
  unsigned daily_max = 50;    ///< of one submitter within 24 hours
  bool tells_webhook = false; ///< is there one?
};

/// Revisions of one submission within 24 hours.
inline constexpr unsigned submission_revisions_max = 50;

/// What is to be kept of a new one.
struct submission_draft {
  submitter by;
  std::string email; ///< that is told; empty: none
  std::optional<mcp::repository_page> repository;
  judged_manifest manifest;
  std::string note;
};

/// Keeps one: unconfirmed when its submitter is an address, else submitted. Refuses a duplicate of a listed server or a pending
/// submission (conflict, naming it) and what is past a limit (rate_limited).
submission_record add_submission(connection& db, const submission_draft& x, const submission_rules& rules,
                                 const operator_action& by);

std::optional<submission_record> find_submission(connection& db, std::int64_t id);

/// A page, by id: those behind (below) `before`, the newest first; without manifest, report, README, note and history.
/// @param state of these; nothing: of all
std::vector<submission_record> list_submissions(connection& db, const std::optional<mcp::submission_state>& state,
                                                std::int64_t before, unsigned limit);

/// A step to be taken.
struct submission_move {
  std::int64_t id = 0;
  mcp::submission_step step;
  std::optional<std::int64_t> version; ///< that was looked at; another one is a conflict. Nothing: whichever it is
};

/// What else an approval does in its transaction: the server is listed. May throw refused_change, and then nothing happened.
using approval_effect = std::function<void(pqxx::work&, const submission_record&)>;

/// Takes a step other than `revise`. Of two at once the second is refused (conflict).
submission_record move_submission(connection& db, const submission_move& x, const submission_rules& rules,
                                  const operator_action& by, const approval_effect& publish = {});

/// `revise`: what is to be different, with the manifest judged anew if it is.
struct submission_revision {
  std::optional<mcp::repository_page> repository;
  std::optional<judged_manifest> manifest;
  std::optional<std::string> note;
};
submission_record revise_submission(connection& db, const submission_move& x, const submission_revision& to,
                                    const submission_rules& rules, const operator_action& by);

/// What a look at the repository of a submission has found.
struct repository_look {
  std::optional<judged_manifest> manifest; ///< the repository's, to be kept; nothing: the typed one stays
  mcp::manifest_origin_kind origin = mcp::manifest_origin_kind::repository;
  std::string readme_html; ///< sanitized; empty: none
};

enum class look_end : std::uint8_t {
  kept,
  duplicate, ///< kept, with a problem in its report that names the listed server or the other submission
  unchanged, ///< all of it is known
  outdated,  ///< the submission has changed since `known` was read: look again
};

/// Keeps what a look has found, behind its job's fence. Another manifest, or another report, is another version with an entry of
/// the history, so that nobody decides on what was not looked at.
look_end keep_repository_look(connection& db, const job_lease& lease, const submission_record& known, const repository_look& x,
                              const operator_action& by);

/// A submission whose address nobody has confirmed is forgotten after this, with its history. Its audit lines stay.
inline constexpr auto unconfirmed_kept = std::chrono::hours{48};

/// Forgets such, a bounded number. @returns how many; 0: there are no more
long forget_unconfirmed_submissions(connection& db, timestamp now);

} // namespace ingot::storage

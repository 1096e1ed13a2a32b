#pragma once

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
  std::string name; ///< the user's id, or the address
};

using mcp::judged_manifest;

struct submission_record {
  std::int64_t id = 0, version = 0;
  mcp::submission_state state = mcp::submission_state::unconfirmed;
  submitter by;
  std::string email, repository_url;
  judged_manifest manifest;
  std::string note, claimed_by, reason;
  timestamp created_at{}, updated_at{};
};

struct submission_event {
  timestamp at{};
  std::string actor, action, from_state, to_state, reason;
  std::int64_t version = 0;
};

/// How many submissions one submitter may make, and who is told.
struct submission_rules {
  unsigned pending_max = 20;  ///< of one submitter that wait for somebody
  unsigned daily_max = 50;    ///< of one submitter within 24 hours
  bool tells_webhook = false; ///< is there one?
};

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

/// Its history, the oldest first; the newest submission_events_max.
inline constexpr unsigned submission_events_max = 200;
std::vector<submission_event> submission_events(connection& db, std::int64_t id);

/// A page, by id: those behind (below) `before`, the newest first. @param state of these; nothing: of all
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

/// The repository's manifest has been read: kept if there is none yet and somebody waits. No step: the version stays. Refuses
/// that of a server that another submission waits with (conflict).
void keep_fetched_manifest(connection& db, std::int64_t id, const judged_manifest& x);

/// Does this address want mail?
bool wants_mail(connection& db, const std::string& address);

/// It wants none any more. Twice is no error.
void opt_out_of_mail(connection& db, const std::string& address, const operator_action& by);

} // namespace ingot::storage

#pragma once

#include "model/fault.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How a submitted MCP server becomes a listed one: the states of a submission, and who may move it from one to another.
namespace ingot::mcp {

enum class submission_state : std::uint8_t {
  unconfirmed,       ///< by e-mail, whose link has not been followed yet: nobody reviews it
  submitted,         ///< waits for a reviewer
  under_review,      ///< a reviewer has claimed it
  changes_requested, ///< waits for its submitter
  approved,          ///< published
  rejected,
  withdrawn, ///< by its submitter
};
inline constexpr std::size_t submission_states = 7;

/// What is done with a submission; each is one entry of its history.
enum class submission_action : std::uint8_t {
  confirm,         ///< the link of the e-mail is followed
  revise,          ///< PATCH
  withdraw,        ///< by its submitter
  claim,           ///< a reviewer takes it
  release,         ///< and gives it back
  approve,         ///< publishes the server
  reject,          ///< with a reason
  request_changes, ///< with a reason
};
inline constexpr std::size_t submission_actions = 8;

enum class submission_role : std::uint8_t { submitter, reviewer, admin };
inline constexpr std::size_t submission_roles = 3;

/// The names in rows and answers: `under_review`, `request_changes`, `reviewer`.
std::string_view to_string(submission_state x) noexcept;
std::string_view to_string(submission_action x) noexcept;
std::string_view to_string(submission_role x) noexcept;

/// Nothing when it is none.
std::optional<submission_state> parse_submission_state(std::string_view text) noexcept;

/// Whom a transition is allowed to.
struct submission_roles_allowed {
  bool submitter = false, reviewer = false, admin = false;

  constexpr bool has(submission_role x) const noexcept {
    return x == submission_role::submitter ? submitter : x == submission_role::reviewer ? reviewer : admin;
  }
};

struct submission_transition {
  submission_action action;
  submission_state from;
  submission_state to;
  submission_roles_allowed who;
  bool needs_reason = false;
  bool needs_claim = false; ///< a reviewer must be the one who has claimed it; an admin need not
};

/// All that may happen. What is not here is refused.
inline constexpr auto submission_transitions = [] {
  using enum submission_state;
  using enum submission_action;
  constexpr auto by_submitter = submission_roles_allowed{.submitter = true};
  constexpr auto by_reviewers = submission_roles_allowed{.reviewer = true, .admin = true};
  return std::to_array<submission_transition>({
      {confirm, unconfirmed, submitted, by_submitter},
      {revise, submitted, submitted, by_submitter},
      {revise, changes_requested, submitted, by_submitter},
      {withdraw, unconfirmed, withdrawn, by_submitter},
      {withdraw, submitted, withdrawn, by_submitter},
      {withdraw, under_review, withdrawn, by_submitter},
      {withdraw, changes_requested, withdrawn, by_submitter},
      {claim, submitted, under_review, by_reviewers},
      {release, under_review, submitted, by_reviewers, false, true},
      {approve, under_review, approved, by_reviewers, false, true},
      {reject, under_review, rejected, by_reviewers, true, true},
      {request_changes, under_review, changes_requested, by_reviewers, true, true},
  });
}();

/// Does it wait for somebody? One that does is a duplicate of another one of the same server.
constexpr bool is_pending(submission_state x) noexcept {
  return x == submission_state::submitted || x == submission_state::under_review || x == submission_state::changes_requested;
}

/// Who wants to do what.
struct submission_step {
  submission_action action = submission_action::confirm;
  submission_role role = submission_role::submitter;
  std::string actor;  ///< as in the audit log: `user ada`, `reviewer grace`
  std::string reason; ///< empty: none was given
};

/// What there is.
struct submission_standing {
  submission_state state = submission_state::unconfirmed;
  std::string claimed_by; ///< an actor; empty: nobody
};

/// May it be done? @param becomes the state after it, if so
/// @returns forbidden (never for this role), conflict (not in this state, or another reviewer has it), missing_field (no reason);
/// nothing when it may
std::optional<failure> judge_step(const submission_standing& now, const submission_step& wanted, submission_state& becomes);

/// A reason has at most so many bytes.
inline constexpr std::size_t submission_reason_bytes_max = 4'000;

} // namespace ingot::mcp

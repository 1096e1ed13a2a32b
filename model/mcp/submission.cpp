#include "model/mcp/submission.hpp"

namespace ingot::mcp {

namespace {

constexpr std::array<std::string_view, submission_states> state_names = {
    "unconfirmed", "submitted", "under_review", "changes_requested", "approved", "rejected", "withdrawn"};
constexpr std::array<std::string_view, submission_actions> action_names = {"confirm", "revise",  "withdraw", "claim",
                                                                           "release", "approve", "reject",   "request_changes"};
constexpr std::array<std::string_view, submission_roles> role_names = {"submitter", "reviewer", "admin"};

/// The states from which the action may be done by the role, for people.
std::string states_for(const submission_step& wanted) {
  auto out = std::string{};
  for (const auto& x : submission_transitions)
    if (x.action == wanted.action && x.who.has(wanted.role))
      out += (out.empty() ? "" : ", ") + std::string{to_string(x.from)};
  return out;
}

std::string quoted(submission_action x) {
  return "`" + std::string{to_string(x)} + "`";
}

std::optional<failure> judge_reason(const submission_transition& x, const submission_step& wanted) {
  const auto expected = "expected: 1 to " + std::to_string(submission_reason_bytes_max) + " bytes that tell the submitter why";
  if (x.needs_reason && wanted.reason.find_first_not_of(" \t\r\n") == std::string::npos)
    return failure{fault::missing_field, quoted(x.action) + " needs a reason", {{"/reason", expected}}};
  if (wanted.reason.size() > submission_reason_bytes_max)
    return failure{fault::missing_field, "the reason is too long", {{"/reason", expected}}};
  return std::nullopt;
}

} // namespace

std::string_view to_string(submission_state x) noexcept {
  return state_names[static_cast<std::size_t>(x)];
}

std::string_view to_string(submission_action x) noexcept {
  return action_names[static_cast<std::size_t>(x)];
}

std::string_view to_string(submission_role x) noexcept {
  return role_names[static_cast<std::size_t>(x)];
}

std::optional<submission_state> parse_submission_state(std::string_view text) noexcept {
  for (auto i = std::size_t{0}; i < submission_states; ++i)
    if (state_names[i] == text)
      return static_cast<submission_state>(i);
  return std::nullopt;
}

std::optional<failure> judge_step(const submission_standing& now, const submission_step& wanted, submission_state& becomes) {
  const auto states = states_for(wanted);
  if (states.empty())
    return failure{fault::forbidden, "a " + std::string{to_string(wanted.role)} + " may not " + quoted(wanted.action), {}};
  for (const auto& x : submission_transitions) {
    if (x.action != wanted.action || x.from != now.state || !x.who.has(wanted.role))
      continue;
    if (x.needs_claim && wanted.role != submission_role::admin && wanted.actor != now.claimed_by)
      return failure{fault::conflict,
                     "it is under review by " + now.claimed_by + ", who releases it or decides",
                     {{"claimed_by", now.claimed_by}}};
    if (auto wrong = judge_reason(x, wanted))
      return wrong;
    becomes = x.to;
    return std::nullopt;
  }
  return failure{fault::conflict,
                 "a submission that is " + std::string{to_string(now.state)} + " takes no " + quoted(wanted.action),
                 {{"state", "is " + std::string{to_string(now.state)} + "; expected: " + states}}};
}

} // namespace ingot::mcp

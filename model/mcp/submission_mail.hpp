#pragma once

#include "model/mcp/submission.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The mails that a submitter gets, and the links in them.
namespace ingot::mcp {

/// What a link lets its holder do; a link of one kind is none of another.
enum class submission_link : std::uint8_t {
  status,      ///< see it, change it, withdraw it: the submitter's secret
  confirm,     ///< shows that the address is read by its submitter
  unsubscribe, ///< no more mail to its address
};

/// The token of a link: 256 bits, signed for the submission and what it lets do under a key that is derived from the master key,
/// so that none is stored. @param master_key raw bytes
std::string make_submission_token(std::string_view master_key, submission_link what, std::int64_t submission_id);

/// Was it made with this key? Compared in constant time. False for an empty key.
bool is_submission_token(std::string_view token, std::string_view master_key, submission_link what, std::int64_t submission_id);

/// What a mail is about.
struct submission_mail_facts {
  std::int64_t id = 0;
  std::string action; ///< `submit`, or a submission_action
  submission_state state = submission_state::unconfirmed;
  std::string server; ///< its name; anything else is a stranger's text, and not written to anybody
  std::string reason; ///< of a decision
  std::string status_link, confirm_link, unsubscribe_link;
};

struct submission_mail_text {
  std::string subject, text;
};

/// Is a step to this state worth a mail? Not what its submitter did, other than submitting and confirming.
bool is_worth_a_mail(std::string_view action, submission_state becomes) noexcept;

/// Nothing when the step is not worth a mail: what its submitter did, other than submitting.
std::optional<submission_mail_text> submission_mail_of(const submission_mail_facts& x);

} // namespace ingot::mcp

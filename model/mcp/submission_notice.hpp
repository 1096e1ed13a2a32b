#pragma once

#include "model/job.hpp"
#include "model/mcp/submission.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Who is told of what happens to a submission, as jobs that the same transaction enqueues.
namespace ingot::mcp {

inline constexpr const char* submission_mail_kind = "submission_mail";
inline constexpr const char* submission_webhook_kind = "submission_webhook";
inline constexpr const char* submission_fetch_kind = "submission_fetch"; ///< reads the repository's manifest
inline constexpr const char* submission_track_kind = "submission_track"; ///< begins to follow the repository

/// What happened.
struct submission_news {
  std::int64_t id = 0, version = 0;
  std::string action; ///< `submit`, or the name of a submission_action
  submission_state state = submission_state::unconfirmed;
  std::string server_name, repository_url; ///< empty: not known, none
  std::string reason;
  timestamp at{};
};

/// Tells the settings' submissions.notify_url: {"type":"submission.approved","timestamp","data":{"id","state","version","action",
/// "server","repository","reason"}}.
new_job submission_webhook(const submission_news& x);

/// Tells its submitter by mail. The payload holds no link and no address: these are made when it is sent.
new_job submission_mail(const submission_news& x);

/// What such a payload says.
struct submission_mail_order {
  std::int64_t submission_id = 0;
  std::string action;
  submission_state state = submission_state::unconfirmed;
  std::string reason;
};
std::optional<submission_mail_order> parse_submission_mail(std::string_view payload);

/// A job of the other kinds, whose payload is the submission's id.
new_job submission_job(const char* kind, std::int64_t submission_id, std::int64_t version);
std::optional<std::int64_t> parse_submission_job(std::string_view payload);

} // namespace ingot::mcp

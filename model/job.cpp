#include "model/job.hpp"

#include "model/json_object.hpp"
#include "model/json_text.hpp"

#include <algorithm>
#include <stdexcept>

namespace ingot {

namespace {

/// A job that says it cannot be done for longer than this looks again after it: a node whose clock was wrong for a moment, and
/// that took the time until a limit's reset for hours, holds a lane up for no longer.
constexpr auto put_off_max = std::chrono::milliseconds{std::chrono::minutes{5}};

/// `text` as a column of type text can hold it.
std::string storable(std::string text) {
  for (auto bad = find_bad_utf8(text); bad != std::string_view::npos; bad = find_bad_utf8(text))
    text.replace(bad, 1, "\xEF\xBF\xBD");
  std::replace(text.begin(), text.end(), '\0', ' ');
  if (text.empty())
    text = "no reason was given";
  return cut_for_echo(text, job_error_bytes_max);
}

} // namespace

std::string_view to_string(job_state x) noexcept {
  switch (x) {
  case job_state::pending:
    return "pending";
  case job_state::running:
    return "running";
  case job_state::succeeded:
    return "succeeded";
  case job_state::failed:
    return "failed";
  case job_state::dead:
    return "dead";
  }
  return "unknown";
}

std::chrono::milliseconds backoff_of(const job_policy& policy, int attempt, double chance) noexcept {
  auto pause = std::min(policy.backoff_base, policy.backoff_cap);
  for (auto i = 1; i < attempt && pause < policy.backoff_cap; ++i)
    pause = std::min(pause * 2, policy.backoff_cap);
  const auto kept = 1.0 - 0.5 * std::clamp(chance, 0.0, 1.0);
  return std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(pause.count()) * kept)};
}

job_completion judge(const claimed_job& job, const job_outcome& outcome, const job_policy& policy, double chance) {
  auto end = job_completion{job.lease, job_state::succeeded, {}, {}, {}};
  if (const auto* done = std::get_if<job_succeeded>(&outcome)) {
    end.result = done->result;
  } else if (const auto* refused = std::get_if<job_failed_for_good>(&outcome)) {
    end.becomes = job_state::failed;
    end.error = storable(refused->error);
  } else if (const auto* again = std::get_if<job_failed_for_now>(&outcome)) {
    const auto last = job.attempt >= static_cast<int>(policy.attempts_max);
    end.becomes = last ? job_state::dead : job_state::pending;
    end.error = storable(again->error);
    end.delay = last ? std::chrono::milliseconds{0} : backoff_of(policy, job.attempt, chance);
  } else if (const auto* later = std::get_if<job_put_off>(&outcome)) {
    end.becomes = job_state::pending;
    end.result = json_object{}.add("put_off", later->reason).text();
    end.delay = std::clamp(later->delay, std::chrono::milliseconds{0}, put_off_max);
  } else {
    throw std::logic_error{"a job that is completed already is not judged"};
  }
  return end;
}

std::string_view result_label(const job_outcome& x) noexcept {
  if (const auto* done = std::get_if<job_completed_already>(&x))
    return done->succeeded ? "succeeded" : "permanent";
  if (std::holds_alternative<job_succeeded>(x))
    return "succeeded";
  if (std::holds_alternative<job_put_off>(x))
    return "put_off";
  return std::holds_alternative<job_failed_for_good>(x) ? "permanent" : "transient";
}

} // namespace ingot

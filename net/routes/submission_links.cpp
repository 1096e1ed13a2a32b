#include "net/routes/submission_links.hpp"

#include "model/base64.hpp"
#include "storage/refused_change.hpp"

namespace ingot::routes {

namespace {

/// Limits of a day let the next one in when the oldest of the day is over: nobody need ask more often than once an hour.
constexpr auto retry_after_of_daily_limits = "3600";

/// The bytes of a master key; empty when there is none.
std::string key_bytes(const std::string& base64) {
  return from_base64(base64).value_or("");
}

} // namespace

std::string submission_token(const services& what, mcp::submission_link kind, std::int64_t id) {
  return mcp::make_submission_token(key_bytes(what.context->config.master_key), kind, id);
}

bool is_good_token(const services& what, std::string_view token, mcp::submission_link kind, std::int64_t id) {
  const auto& config = what.context->config;
  const auto now = mcp::is_submission_token(token, key_bytes(config.master_key), kind, id);
  const auto before = mcp::is_submission_token(token, key_bytes(config.master_key_previous), kind, id);
  return now || before;
}

http::response refusing(const services& what, const http::request& asked, const std::function<http::response()>& work) {
  try {
    return work();
  } catch (const storage::refused_change& e) {
    const auto& why = e.why();
    if (why.code == fault::unauthorized || why.code == fault::forbidden || why.code == fault::not_found)
      audit_refusal(what, asked.head, why);
    auto out = http::refusal(why, asked.head.request_id);
    if (why.code == fault::rate_limited)
      http::set_field(out, "retry-after", retry_after_of_daily_limits);
    return out;
  }
}

storage::submission_rules submission_rules_of(const settings& of) {
  const auto& x = of.submissions;
  return {x.pending_max, x.daily_max, !x.notify_url.empty()};
}

} // namespace ingot::routes

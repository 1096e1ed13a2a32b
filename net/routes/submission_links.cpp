#include "net/routes/submission_links.hpp"

#include "model/base64.hpp"

namespace ingot::routes {

namespace {

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

storage::submission_rules submission_rules_of(const settings& of) {
  const auto& x = of.submissions;
  return {x.pending_max, x.daily_max, !x.notify_url.empty()};
}

} // namespace ingot::routes

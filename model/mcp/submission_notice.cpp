#include "model/mcp/submission_notice.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"

namespace ingot::mcp {

namespace {

/// What is told of one submission comes in its order; mail that waits holds up no webhook.
std::string key_of(std::int64_t id, std::string_view what) {
  return "submission/" + std::to_string(id) + "/" + std::string{what};
}

} // namespace

new_job submission_webhook(const submission_news& x) {
  auto data = json_object{};
  data.add("id", x.id).add("state", to_string(x.state)).add("version", x.version).add("action", x.action);
  data.add_unless_empty("server", x.server_name).add_unless_empty("repository", x.repository_url);
  data.add_unless_empty("reason", x.reason);
  auto body = json_object{};
  body.add("type", "submission." + std::string{to_string(x.state)}).add("timestamp", to_rfc3339(x.at));
  return {submission_webhook_kind, key_of(x.id, "webhook"), {}, body.add_raw("data", data.text()).text(), 1, {}};
}

new_job submission_mail(const submission_news& x) {
  auto order = json_object{};
  order.add("submission", x.id).add("action", x.action).add("state", to_string(x.state)).add("reason", x.reason);
  return {submission_mail_kind, key_of(x.id, "mail"), {}, order.text(), 1, {}};
}

std::optional<submission_mail_order> parse_submission_mail(std::string_view payload) {
  auto document = json_document{};
  if (document.parse(payload))
    return std::nullopt;
  auto faults = json_faults{};
  const auto x = json_members<"submission", "action", "state", "reason">{json_child{document.root(), json_place{}, &faults}};
  auto out = submission_mail_order{};
  out.submission_id = x.need_positive<"submission">();
  out.action = x.need_text<"action">();
  out.reason = x.need_text<"reason">();
  const auto state = parse_submission_state(x.need_text<"state">());
  if (faults.any() || !state)
    return std::nullopt;
  out.state = *state;
  return out;
}

new_job submission_job(const char* kind, std::int64_t submission_id, std::int64_t version) {
  const auto key = key_of(submission_id, kind);
  return {kind, key, key + "/" + std::to_string(version), json_object{}.add("submission", submission_id).text(), 1, {}};
}

std::optional<std::int64_t> parse_submission_job(std::string_view payload) {
  auto document = json_document{};
  if (document.parse(payload))
    return std::nullopt;
  auto faults = json_faults{};
  const auto x = json_members<"submission">{json_child{document.root(), json_place{}, &faults}};
  const auto id = x.need_positive<"submission">();
  return faults.any() ? std::nullopt : std::optional{id};
}

} // namespace ingot::mcp

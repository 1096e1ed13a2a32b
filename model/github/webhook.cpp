#include "model/github/webhook.hpp"

#include "model/github/webhook_form.hpp"
#include "model/github/webhook_parts.hpp"
#include "model/json_document.hpp"

#include <algorithm>

namespace ingot::github {

namespace {

struct family {
  std::string_view name;
  void (*read)(const payload&, event&);
};

/// Every event that is understood. All others are kept and ignored.
constexpr family families[] = {
    {"check_run", read_check_run},
    {"check_suite", read_check_suite},
    {"create", read_ref},
    {"delete", read_ref},
    {"deployment_status", read_deployment_status},
    {"installation", read_installation},
    {"installation_repositories", read_installation},
    {"ping", read_ping},
    {"pull_request", read_pull_request},
    {"pull_request_review", read_review},
    {"push", read_push},
    {"release", read_release},
    {"repository", read_repository_change},
    {"status", read_status},
    {"workflow_job", read_workflow_job},
    {"workflow_run", read_workflow_run},
};

bool names_a_repository(std::string_view name, const payload& p) {
  if (name == "ping" || name == "installation" || name == "installation_repositories")
    return p.child<"repository">().object.has_value();
  return true;
}

std::variant<event, failure> read_event(std::string_view name, simdjson::dom::object root) {
  json_faults faults;
  const payload p(json_child{root, {}, &faults});
  event out;
  out.name = name;
  out.action = p.text<"action">().value_or("");
  if (const auto id = json_members<"id">(p.child<"installation">()).integer<"id">(); id && *id >= 1)
    out.installation_id = *id;
  const auto* const known =
      std::find_if(std::begin(families), std::end(families), [&](const family& x) { return x.name == name; });
  if (known == std::end(families)) {
    out.repository = glance_at_repository(p.child<"repository">());
    return out;
  }
  if (names_a_repository(name, p))
    out.repository = read_repository(p.child<"repository">());
  known->read(p, out);
  if (faults.any())
    return faults.take("the event " + std::string(name));
  return out;
}

std::variant<event, failure> parse_json(std::string_view name, std::string_view text, std::size_t padding) {
  json_document document;
  if (auto wrong = document.parse(text, padding))
    return std::move(*wrong);
  return read_event(name, document.root());
}

} // namespace

std::variant<event, failure> parse_webhook(std::string_view name, body_format format, std::string_view body,
                                           std::size_t padding) {
  if (format == body_format::json)
    return parse_json(name, body, padding);
  auto decoded = decode_form_payload(body);
  if (auto* wrong = std::get_if<failure>(&decoded))
    return std::move(*wrong);
  const auto& text = std::get<std::string>(decoded);
  return parse_json(name, text, text.capacity() - text.size());
}

body_format format_of(std::string_view content_type) noexcept {
  constexpr auto form = std::string_view{"application/x-www-form-urlencoded"};
  const auto type = content_type.substr(0, content_type.find(';')).substr(0, form.size());
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(type.begin(), type.end(), form.begin(), form.end(), [&](char a, char b) { return lower(a) == b; })
             ? body_format::form
             : body_format::json;
}

} // namespace ingot::github

#include "net/routes/submission_json.hpp"

#include "model/json_object.hpp"

namespace ingot::routes {

namespace {

/// As in the audit log, or what its submitter may know of it.
std::string shown(const std::string& actor, submission_reader who) {
  if (who == submission_reader::reviewer)
    return actor;
  if (actor == "node")
    return actor;
  return actor.starts_with("reviewer") || actor.starts_with("admin") ? "reviewer" : "submitter";
}

std::string to_json(const storage::submission_event& x, submission_reader who) {
  auto out = json_object{};
  out.add("at", to_rfc3339(x.at)).add("by", shown(x.actor, who)).add("action", x.action).add_unless_empty("from", x.from_state);
  return out.add("to", x.to_state).add("version", x.version).add_unless_empty("reason", x.reason).text();
}

/// `verified`: the repository itself says what the manifest says.
json_object& add_common(json_object& to, const storage::submission_record& x) {
  to.add("id", x.id).add("state", to_string(x.state)).add("version", x.version);
  to.add_unless_empty("server", x.manifest.server_name).add_unless_empty("repository", x.repository_url);
  const auto is_verified = x.manifest_origin == mcp::manifest_origin_kind::repository && !x.manifest.server_name.empty();
  to.add("valid", x.manifest.valid).add("verified", is_verified).add("manifest_origin", to_string(x.manifest_origin));
  to.add_unless_empty("reason", x.reason);
  return to.add("created_at", to_rfc3339(x.created_at)).add("updated_at", to_rfc3339(x.updated_at));
}

json_object& add_people(json_object& to, const storage::submission_record& x) {
  to.add("submitter", x.by.name).add("submitter_kind", x.by.kind).add_unless_empty("email", x.email);
  return to.add_unless_empty("claimed_by", x.claimed_by);
}

} // namespace

std::string to_json(const storage::submission_record& x, submission_reader who) {
  auto out = json_object{};
  add_common(out, x);
  if (who == submission_reader::reviewer)
    add_people(out, x).add_unless_empty("readme_html", x.readme_html);
  out.add("note", x.note).add_unless_empty("manifest", x.manifest.text);
  out.add_raw("report", x.manifest.report.empty() ? "null" : x.manifest.report);
  auto steps = std::vector<std::string>{};
  for (const auto& step : x.history)
    steps.push_back(to_json(step, who));
  return out.add_raw("history", json_array(steps)).text();
}

std::string to_json(const storage::submission_record& x) {
  auto out = json_object{};
  add_common(out, x);
  return add_people(out, x).text();
}

} // namespace ingot::routes

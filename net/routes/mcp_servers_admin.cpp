#include "net/routes/mcp_servers_admin.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "storage/manifest_checks.hpp"
#include "storage/mcp_servers.hpp"
#include "storage/refused_change.hpp"

namespace ingot::routes {

namespace {

std::string to_json(const storage::manifest_place& x) {
  return json_object{}
      .add("path", x.path)
      .add("kind", x.kind)
      .add("state", x.state)
      .add("reason", x.reason)
      .add("server", x.server_name)
      .add("sha", x.sha)
      .add("checked_at", to_rfc3339(x.checked_at))
      .text();
}

std::string to_json(const storage::manifest_look_record& x) {
  return json_object{}
      .add("id", x.id)
      .add("path", x.path)
      .add("state", x.state)
      .add("reason", x.reason)
      .add("server", x.server_name)
      .add("version", x.version)
      .add("sha", x.sha)
      .add("trigger", x.trigger)
      .add("job_id", x.job_id)
      .add("checked_at", to_rfc3339(x.checked_at))
      .add_raw("report", x.report.empty() ? "null" : x.report)
      .text();
}

template <class Item>
std::string json_list(const std::vector<Item>& of) {
  auto out = std::vector<std::string>{};
  for (const auto& x : of)
    out.push_back(to_json(x));
  return json_array(out);
}

std::variant<std::string, failure> wanted_status(std::string_view body) {
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto faults = json_faults{};
  const auto members = json_members<"status">{json_child{document.root(), json_place{}, &faults}};
  auto out = std::string{members.need_text<"status">()};
  if (!faults.any() && out != "active" && out != "deprecated")
    members.lacks<"status">("active or deprecated");
  if (faults.any())
    return faults.take("the change of a server");
  return out;
}

} // namespace

void list_repository_manifests(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [id = id.front()](storage::connection& db, const http::request&) {
    const auto found = storage::list_repository_manifests(db, id_in_path(id));
    if (!found)
      throw storage::refused_change{{fault::not_found, "there is no followed repository " + id, {}}};
    return json_response(
        json_object{}.add_raw("files", json_list(found->places)).add_raw("looks", json_list(found->looks)).text());
  });
}

void change_server(const services& what, http::request req, path_parameters of, http::responder done) {
  auto wanted = wanted_status(req.body);
  if (const auto* why = std::get_if<failure>(&wanted))
    return done(http::refusal(*why, req.head.request_id));
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, text = of.front(), status = std::get<std::string>(std::move(wanted))](storage::connection& db,
                                                                                                   const http::request& asked) {
                       const auto name = percent_decoded(text);
                       storage::change_server_status(db, name, status, action_of(what, asked));
                       return json_response(json_object{}.add("name", name).add("status", status).text());
                     });
}

} // namespace ingot::routes

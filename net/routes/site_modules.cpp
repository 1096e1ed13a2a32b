#include "net/routes/site_modules.hpp"

#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_caller.hpp"
#include "net/routes/site_json.hpp"
#include "storage/refused_change.hpp"
#include "storage/site_state.hpp"

#include <utility>

namespace ingot::routes {

namespace {

/// What a request of a site comes to, on a READER.
using site_work = std::function<std::string(storage::connection&, const site_request&, std::int64_t site_id)>;

void answer_site(const services& what, http::request req, path_parameters parameters, http::responder done, site_work work) {
  with_caller_of_site(what, std::move(req), std::move(parameters), std::move(done),
                      [&what, work = std::move(work)](const site_request_ptr& x, std::int64_t id) {
                        bridge::run_query(*what.context,
                                          {[x, id, work](storage::connection& db) { x->done(json_response(work(db, *x, id))); },
                                           [x](const failure& why) { x->done(http::refusal(why, x->request.head.request_id)); }});
                      });
}

/// A key's own site is there; the admin may name any.
void require_site(storage::connection& db, const site_request& x, std::int64_t id) {
  if (x.caller.is_admin() && !storage::find_site(db, id))
    throw storage::refused_change{{fault::not_found, "there is no site " + std::to_string(id), {}}};
}

unsigned limit_of(const query_parameters& query) {
  return static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
}

storage::site_module_filter filter_of(const query_parameters& query) {
  return {query.flag("needs_security_update"), query.flag("enabled"), query.flag("removed"),
          query.one_of("type", {"core", "contrib", "custom"})};
}

std::string module_json(const storage::module_record& x, const std::vector<storage::site_module_record>& on, unsigned limit) {
  auto sites = std::vector<std::string>{};
  for (const auto& one : on)
    if (sites.size() < limit)
      sites.push_back(to_json(one));
  auto out = json_object{};
  out.add("machine_name", x.machine_name)
      .add("display_name", x.display_name)
      .add("module_type", x.type)
      .add("project", x.project);
  out.add_unless_empty("description", x.description).add_unless_empty("drupal_org_link", x.drupal_org_link);
  out.add_raw("sites", json_array(sites));
  return out.add_raw("next", on.size() > limit ? std::to_string(on[limit - 1].site_id) : "null").text();
}

} // namespace

void list_site_modules(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_site(what, std::move(req), std::move(site_id), std::move(done),
              [](storage::connection& db, const site_request& x, std::int64_t id) {
                require_site(db, x, id);
                const auto query = query_parameters{x.request.head.query,
                                                    {"needs_security_update", "enabled", "removed", "type", "limit", "after"}};
                const auto limit = limit_of(query);
                const auto found = storage::list_site_modules(db, id, filter_of(query), query.text("after"), limit + 1);
                return page_json("modules", found, limit, [](const auto& m) { return json_string(m.machine_name); });
              });
}

void list_module_changes(const services& what, http::request req, path_parameters site_id_and_name, http::responder done) {
  answer_site(what, std::move(req), std::move(site_id_and_name), std::move(done),
              [](storage::connection& db, const site_request& x, std::int64_t id) {
                require_site(db, x, id);
                const auto name = percent_decoded(x.parameters.at(1));
                const auto query = query_parameters{x.request.head.query, {"limit", "after"}};
                const auto limit = limit_of(query);
                const auto found = storage::list_module_changes(db, id, name, query.text("after"), limit + 1);
                if (found.empty() && storage::list_sites_of_module(db, name, {}, id, 0, 1).empty())
                  throw storage::refused_change{{fault::not_found, "this site never had a module " + name, {}}};
                return page_json("history", found, limit, [](const auto& c) { return json_string(c.sync_id); });
              });
}

void list_site_syncs(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_site(what, std::move(req), std::move(site_id), std::move(done),
              [](storage::connection& db, const site_request& x, std::int64_t id) {
                require_site(db, x, id);
                const auto query = query_parameters{x.request.head.query, {"limit", "after"}};
                const auto limit = limit_of(query);
                const auto found = storage::list_syncs(db, id, query.text("after"), limit + 1);
                return page_json("syncs", found, limit, [](const auto& y) { return json_string(y.id); });
              });
}

void show_module(const services& what, http::request req, path_parameters machine_name, http::responder done) {
  with_caller(what, std::move(req), std::move(machine_name), std::move(done), [&what](const site_request_ptr& x) {
    bridge::run_query(*what.context, {[x](storage::connection& db) {
                                        const auto query =
                                            query_parameters{x->request.head.query,
                                                             {"needs_security_update", "enabled", "removed", "limit", "after"}};
                                        const auto limit = limit_of(query);
                                        const auto name = percent_decoded(x->parameters.front());
                                        auto filter = storage::site_module_filter{query.flag("needs_security_update"),
                                                                                  query.flag("enabled"),
                                                                                  query.flag("removed").value_or(false),
                                                                                  {}};
                                        const auto only = x->caller.is_admin() ? std::nullopt : std::optional{x->caller.site_id};
                                        const auto found = storage::find_module(db, name);
                                        // Another site's modules are none of this one's business, not even their names.
                                        if (!found || (only && storage::list_sites_of_module(db, name, {}, only, 0, 1).empty()))
                                          throw storage::refused_change{{fault::not_found, "there is no module " + name, {}}};
                                        const auto after = query.integer("after", 0, storage::site_id_max, 0);
                                        const auto on = storage::list_sites_of_module(db, name, filter, only, after, limit + 1);
                                        x->done(json_response(module_json(*found, on, limit)));
                                      },
                                      [x](const failure& why) { x->done(http::refusal(why, x->request.head.request_id)); }});
  });
}

void show_site_state(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_site(what, std::move(req), std::move(site_id), std::move(done),
              [](storage::connection& db, const site_request& x, std::int64_t id) {
                require_site(db, x, id);
                query_parameters{x.request.head.query, {}};
                const auto state = storage::read_site_state(db, id);
                auto modules = json_object{};
                for (const auto& m : state.modules)
                  m.version.empty() ? modules.add_raw(m.machine_name, "null") : modules.add(m.machine_name, m.version);
                auto out = json_object{};
                out.add("site_id", id).add("state_hash", state.hash);
                state.last_sync ? out.add("last_sync_timestamp", to_rfc3339(*state.last_sync))
                                : out.add_raw("last_sync_timestamp", "null");
                return out.add_raw("modules", modules.text()).text();
              });
}

} // namespace ingot::routes

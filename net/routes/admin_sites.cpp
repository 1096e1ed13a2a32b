#include "net/routes/admin_sites.hpp"

#include "config/secrets.hpp"
#include "model/new_site.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/refused_change.hpp"

#include <utility>

namespace ingot::routes {

namespace {

new_site parsed(const http::request& req) {
  auto out = parse_new_site(req.body);
  if (auto* why = std::get_if<failure>(&out))
    throw storage::refused_change{std::move(*why)};
  return std::get<new_site>(std::move(out));
}

std::string site_json(storage::connection& db, std::int64_t id) {
  const auto found = storage::find_site(db, id);
  if (!found)
    throw storage::refused_change{{fault::not_found, "there is no site " + std::to_string(id), {}}};
  return to_json(*found, storage::count_site_modules(db, id));
}

std::string id_text(const auto& x) {
  return std::to_string(x.id);
}

} // namespace

void add_site(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    const auto wanted = parsed(asked);
    const auto id = storage::add_site(db, wanted.name, wanted.id, action_of(what, asked));
    auto answer = json_response(site_json(db, id), 201);
    answer.fields.emplace_back("location", "/api/v1/admin/sites/" + std::to_string(id));
    return answer;
  });
}

void list_sites(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"needs_security_update", "limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto sites = storage::list_sites(db, query.integer("after", 0, storage::site_id_max, 0), limit + 1,
                                           query.flag("needs_security_update"));
    const auto counts = storage::count_modules_of_sites(db, sites);
    auto shown = std::vector<std::string>{};
    for (auto i = std::size_t{0}; i < sites.size() && i < limit; ++i)
      shown.push_back(to_json(sites[i], counts[i]));
    return json_response(page_json("sites", shown, sites.size() > limit ? id_text(sites[limit - 1]) : "null"));
  });
}

void show_site(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [id = site_id.front()](storage::connection& db, const http::request&) {
    return json_response(site_json(db, id_in_path(id)));
  });
}

void disable_site(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, text = site_id.front()](storage::connection& db, const http::request& asked) {
                       const auto id = id_in_path(text);
                       storage::disable_site(db, id, action_of(what, asked));
                       what.keys->forget_site(id);
                       return json_response(site_json(db, id));
                     });
}

void enable_site(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, text = site_id.front()](storage::connection& db, const http::request& asked) {
                       const auto id = id_in_path(text);
                       storage::enable_site(db, id, action_of(what, asked));
                       return json_response(site_json(db, id));
                     });
}

void create_key(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_by_changing(
      what, std::move(req), std::move(done),
      [&what, text = site_id.front()](storage::connection& db, const http::request& asked) {
        const auto wanted = parsed(asked);
        if (wanted.id)
          throw storage::refused_change{{fault::missing_field, "a key's id is not chosen", {{"/id", "must be absent"}}}};
        const auto key = storage::create_key(db, id_in_path(text), wanted.name, random_bytes(), action_of(what, asked));
        return json_response(to_json(key), 201);
      });
}

void list_keys(const services& what, http::request req, path_parameters site_id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done),
                    [text = site_id.front()](storage::connection& db, const http::request& asked) {
                      const auto id = id_in_path(text);
                      const auto query = query_parameters{asked.head.query, {"limit", "after"}};
                      const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
                      const auto keys = storage::list_keys(db, id, query.integer("after", 0, storage::site_id_max, 0), limit + 1);
                      if (keys.empty())
                        site_json(db, id); // says so when there is no such site
                      return json_response(page_json("keys", keys, limit, [](const auto& x) { return id_text(x); }));
                    });
}

void revoke_key(const services& what, http::request req, path_parameters key_id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, text = key_id.front()](storage::connection& db, const http::request& asked) {
                       const auto key = storage::revoke_key(db, std::to_string(id_in_path(text)), action_of(what, asked));
                       what.keys->forget(key.id);
                       return json_response(to_json(key));
                     });
}

} // namespace ingot::routes

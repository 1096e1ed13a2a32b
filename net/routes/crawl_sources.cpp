#include "net/routes/crawl_sources.hpp"

#include "model/crawl/new_source.hpp"
#include "model/json_object.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/refused_change.hpp"

#include <utility>

namespace ingot::routes {

namespace {

std::string source_json(storage::connection& db, const std::string& id) {
  const auto found = storage::find_crawl_source(db, id);
  if (!found)
    throw storage::refused_change{{fault::not_found, "there is no source " + id, {}}};
  return to_json(*found);
}

using change = void (*)(storage::connection&, const std::string&, const storage::operator_action&);

void change_source(const services& what, http::request req, std::string in_path, http::responder done, change apply) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, text = std::move(in_path), apply](storage::connection& db, const http::request& asked) {
                       const auto id = percent_decoded(text);
                       apply(db, id, action_of(what, asked));
                       return json_response(source_json(db, id));
                     });
}

} // namespace

void add_crawl_source(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    auto wanted = crawl::parse_new_source(asked.body);
    if (auto* why = std::get_if<failure>(&wanted))
      throw storage::refused_change{std::move(*why)};
    const auto& source = std::get<crawl::new_source>(wanted);
    storage::add_crawl_source(db, source.id, source.name, action_of(what, asked));
    return json_response(source_json(db, source.id), 201);
  });
}

void list_crawl_sources(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    return json_response(sources_json(storage::list_crawl_sources(db, query.text("after"), limit + 1), limit));
  });
}

void disable_crawl_source(const services& what, http::request req, path_parameters source_id, http::responder done) {
  change_source(what, std::move(req), std::move(source_id.front()), std::move(done), storage::disable_crawl_source);
}

void enable_crawl_source(const services& what, http::request req, path_parameters source_id, http::responder done) {
  change_source(what, std::move(req), std::move(source_id.front()), std::move(done), storage::enable_crawl_source);
}

std::string to_json(const storage::crawl_source_record& x) {
  auto out = json_object{};
  return out.add("source_id", x.id).add("name", x.name).add("disabled_at", x.disabled_at).add("created_at", x.created_at).text();
}

std::string sources_json(const std::vector<storage::crawl_source_record>& sources, std::size_t limit) {
  auto shown = std::vector<std::string>{};
  for (const auto& x : sources)
    if (shown.size() < limit)
      shown.push_back(to_json(x));
  return page_json("sources", shown, sources.size() > limit ? json_string(sources[limit - 1].id) : "null");
}

} // namespace ingot::routes

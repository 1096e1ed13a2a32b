#include "net/routes/nightly_runs.hpp"

#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/event_stream.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "storage/nightly_runs.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();

/// Between two looks at a run that is watched.
constexpr auto look_interval = std::chrono::milliseconds{500};

nightly::run run_in_path(storage::connection& db, const std::string& id) {
  auto found = storage::find_nightly_run(db, id_in_path(id));
  if (!found)
    throw storage::refused_change{{fault::not_found, "there is no nightly run " + id, {}}};
  return std::move(*found);
}

http::response refuse_second(std::int64_t run, const http::request& asked) {
  return http::refusal({fault::conflict, "nightly run " + std::to_string(run) + " is unfinished", {{"run", std::to_string(run)}}},
                       asked.head.request_id);
}

void wake_jobs(const services& what) {
  if (const auto handles = what.context->handles.load())
    bridge::tell(handles->jobs, hint_atom_v);
}

/// Runs or items as a page: `next` is where the next one begins, null on the last.
template <class Item, class Text>
http::response page_of(std::string_view name, std::vector<Item> items, std::size_t limit, Text text,
                       std::int64_t (*id)(const Item&)) {
  auto next = std::string{"null"};
  if (items.size() > limit) {
    items.resize(limit);
    next = std::to_string(id(items.back()));
  }
  auto texts = std::vector<std::string>{};
  for (const auto& x : items)
    texts.push_back(text(x));
  return json_response(json_object{}.add_raw(name, json_array(texts)).add_raw("next", next).text());
}

/// Looks whether `id` has gone on since `told`.
news_look look_at(const services& what, std::int64_t id) {
  const auto told = std::make_shared<std::string>();
  return [context = what.context, id, told](std::function<void(stream_news)> tell) {
    bridge::run_query(*context, {[id, told, tell](storage::connection& db) {
                                   const auto run = storage::find_nightly_run(db, id);
                                   auto news = stream_news{{}, !run || run->over()};
                                   if (auto text = run ? nightly::run_json(*run) : std::string{}; text != *told) {
                                     *told = std::move(text);
                                     news.text = event_text("run", *told);
                                   }
                                   tell(std::move(news));
                                 },
                                 [tell](const failure&) { tell({}); }}); // the database is away: later
  };
}

} // namespace

void start_nightly_run(const services& what, http::request req, path_parameters, http::responder done) {
  auto order = nightly::parse_run_order(req.body, storage::order_of(what.context->config.nightly));
  if (const auto* why = std::get_if<failure>(&order))
    return done(http::refusal(*why, req.head.request_id));
  answer_by_changing(
      what, std::move(req), std::move(done),
      [&what, order = std::get<nightly::run_order>(std::move(order))](storage::connection& db, const http::request& asked) {
        const auto started = storage::start_nightly_run(db, order, action_of(what, asked));
        if (!started.begun)
          return refuse_second(started.run_id, asked);
        wake_jobs(what);
        auto answer = json_response(nightly::run_json(run_in_path(db, std::to_string(started.run_id))), 202);
        answer.fields.emplace_back("location", "/api/v1/admin/nightly-runs/" + std::to_string(started.run_id));
        return answer;
      });
}

void list_nightly_runs(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    return page_of<nightly::run>("runs", storage::list_nightly_runs(db, query.integer("after", 1, id_max, id_max), limit + 1),
                                 limit, nightly::run_json, [](const nightly::run& x) { return x.id; });
  });
}

void show_nightly_run(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [id = id.front()](storage::connection& db, const http::request&) {
    return json_response(nightly::run_json(run_in_path(db, id)));
  });
}

void list_nightly_items(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_by_reading(
      what, std::move(req), std::move(done), [id = id.front()](storage::connection& db, const http::request& asked) {
        const auto query = query_parameters{asked.head.query, {"state", "limit", "after"}};
        const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
        const auto state = query.one_of("state", {"changed", "failed"});
        return page_of<nightly::item>(
            "items", storage::list_nightly_items(db, id_in_path(id), state, query.integer("after", 0, id_max, 0), limit + 1),
            limit, nightly::item_json, [](const nightly::item& x) { return x.repository_id; });
      });
}

void watch_nightly_run(const services& what, http::request req, path_parameters id, http::responder done) {
  auto shared = std::make_shared<http::responder>(std::move(done));
  const auto request_id = req.head.request_id;
  bridge::run_query(*what.context, {[&what, shared, request_id, id = id.front()](storage::connection& db) {
                                      const auto run = run_in_path(db, id);
                                      send_events(what, std::move(*shared), request_id, look_interval, look_at(what, run.id));
                                    },
                                    [shared, request_id](const failure& why) { (*shared)(http::refusal(why, request_id)); }});
}

void cancel_nightly_run(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, id = id.front()](storage::connection& db, const http::request& asked) {
                       const auto run = storage::cancel_nightly_run(db, id_in_path(id), action_of(what, asked));
                       wake_jobs(what);
                       return json_response(nightly::run_json(run));
                     });
}

} // namespace ingot::routes

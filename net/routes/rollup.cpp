#include "net/routes/rollup.hpp"

#include "model/json_object.hpp"
#include "model/rollup/order.hpp"
#include "model/rollup/run.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/preferences.hpp"
#include "net/routes/query_parameters.hpp"
#include "storage/refused_change.hpp"
#include "storage/rollup_runs.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

/// A caller waits so long at most, then it is told where to look.
constexpr auto wait_max = std::chrono::minutes{10};

/// Between two looks at a run: short ones are answered soon, long ones cost little.
constexpr auto look_interval_min = std::chrono::milliseconds{50};
constexpr auto look_interval_max = std::chrono::milliseconds{1'000};

/// Dry runs of this node at a time: each is as much work for the database as a rollup.
constexpr auto previews_max = 1u;

std::string path_of(std::int64_t run_id) {
  return "/cron/rollup/" + std::to_string(run_id);
}

http::response accepted(std::int64_t run_id, std::string body) {
  auto answer = json_response(std::move(body), 202);
  answer.fields.emplace_back("location", path_of(run_id));
  return answer;
}

http::response refuse_second(std::int64_t run_id, std::string_view request_id) {
  auto refused = http::refusal({fault::conflict,
                                "another rollup is unfinished; GET " + path_of(run_id) + " tells how far it is",
                                {{"run_id", std::to_string(run_id)}}},
                               request_id);
  refused.body.pop_back();
  refused.body += ",\"run_id\":" + std::to_string(run_id) + '}';
  return refused;
}

/// Somebody who waits for the end of a run.
struct caller {
  const services& what;
  http::responder done;
  std::string request_id;
  timestamp until;
  std::int64_t run_id = 0;
  std::chrono::milliseconds interval = look_interval_min;
};

http::response answer_of(const rollup_run& run, const caller& to) {
  if (run.state == "succeeded")
    return json_response(run_json(run));
  auto refused =
      http::refusal({fault::internal, "the rollup failed: " + run.error, {{"run_id", std::to_string(run.id)}}}, to.request_id);
  return refused;
}

/// Answers when the run is over, else looks again a little later. No thread waits.
void look(const std::shared_ptr<caller>& x) {
  const auto& context = *x->what.context;
  bridge::run_query(context, {[x, &context](storage::connection& db) {
                                const auto run = storage::find_rollup(db, x->run_id);
                                if (!run)
                                  throw storage::refused_change{{fault::not_found, "the rollup's run is gone", {}}};
                                if (run->over())
                                  return x->done(answer_of(*run, *x));
                                if (context.draining || context.now() > x->until)
                                  return x->done(accepted(run->id, run_json(*run)));
                                x->interval = std::min(x->interval * 2, look_interval_max);
                                bridge::later(x->what.system, x->interval, [x] { look(x); });
                              },
                              [x](const failure& why) { x->done(http::refusal(why, x->request_id)); }});
}

/// On a READER, whose connection it has no use for: it makes one for what is not to be repeated.
void start(const std::shared_ptr<caller>& x, const rollup_order& order, bool wait) {
  const auto& context = *x->what.context;
  bridge::run_query(context, {[x, &context, order, wait](storage::connection& db) {
                                const auto started = context.start_rollup(order);
                                x->run_id = started.run_id;
                                if (!started.begun)
                                  return x->done(refuse_second(started.run_id, x->request_id));
                                if (const auto handles = context.handles.load())
                                  bridge::tell(handles->jobs, hint_atom_v);
                                if (wait)
                                  return look(x);
                                const auto run = storage::find_rollup(db, started.run_id);
                                x->done(accepted(started.run_id, run ? run_json(*run) : "{}"));
                              },
                              [x](const failure& why) { x->done(http::refusal(why, x->request_id)); }, false});
}

std::string preview_json(const rollup_order& order, const rollup_counts& counts) {
  return json_object{}
      .add_raw("run_id", "null")
      .add("date", date_text(order.date))
      .add("daysToProcess", order.days)
      .add("force", order.force)
      .add("dryRun", true)
      .add("status", "succeeded")
      .add_raw("counts", counts_json(counts))
      .text();
}

void preview(const std::shared_ptr<caller>& x, const rollup_order& order) {
  const auto& context = *x->what.context;
  if (x->what.previews->fetch_add(1) >= previews_max) {
    x->what.previews->fetch_sub(1);
    return x->done(http::refusal({fault::overloaded, "another dry run is under way at this node", {}}, x->request_id));
  }
  bridge::in_background(x->what.system, [x, &context, order] {
    auto answer = http::response{};
    try {
      answer = json_response(preview_json(order, context.preview_rollup(order)));
    } catch (const std::exception& e) {
      answer =
          http::refusal({fault::storage_unavailable, "the dry run came to no end: " + storage::describe(e), {}}, x->request_id);
    }
    x->what.previews->fetch_sub(1);
    x->done(std::move(answer));
  });
}

} // namespace

void take_rollup(const services& what, http::request req, path_parameters, http::responder done) {
  const auto& context = *what.context;
  const auto now = context.now();
  auto parsed = parse_rollup_order(req.body, now, context.config.rollup.days);
  auto x = std::make_shared<caller>(caller{what, std::move(done), req.head.request_id, now + wait_max});
  if (const auto* why = std::get_if<failure>(&parsed))
    return x->done(http::refusal(*why, x->request_id));
  const auto& order = std::get<rollup_order>(parsed);
  if (order.dry_run)
    return preview(x, order);
  start(x, order, !parse_preferences(req.head["prefer"]).respond_async);
}

void show_rollup(const services& what, http::request req, path_parameters run_id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [id = run_id.front()](storage::connection& db, const http::request&) {
    const auto found = storage::find_rollup(db, id_in_path(id));
    if (!found)
      throw storage::refused_change{{fault::not_found, "there is no rollup " + id, {}}};
    return json_response(run_json(*found));
  });
}

void list_rollups(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"limit"}};
    return json_response(
        runs_json(storage::list_rollups(db, static_cast<unsigned>(query.integer("limit", 1, page_max, page_default)))));
  });
}

} // namespace ingot::routes

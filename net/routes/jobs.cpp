#include "net/routes/jobs.hpp"

#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_caller.hpp"
#include "storage/job_queries.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();

using change = job_record (*)(storage::connection&, std::int64_t, const storage::operator_action&);

void change_job(const services& what, http::request req, std::string id, http::responder done, change apply) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, id = std::move(id), apply](storage::connection& db, const http::request& asked) {
                       auto answer = json_response(job_json(apply(db, id_in_path(id), action_of(what, asked))));
                       if (const auto handles = what.context->handles.load())
                         bridge::tell(handles->jobs, hint_atom_v);
                       return answer;
                     });
}

/// What the sender of a sync that became a job may see of it.
std::string status_json(const job_record& x) {
  auto out = json_object{};
  out.add("job_id", std::to_string(x.id)).add("status", x.state).add("attempts", x.attempts);
  out.add("created_at", to_rfc3339(x.created_at));
  x.finished_at ? out.add("finished_at", to_rfc3339(*x.finished_at)) : out.add_raw("finished_at", "null");
  x.last_error.empty() ? out.add_raw("error", "null") : out.add("error", x.last_error);
  return out.add_raw("result", x.result.empty() ? "null" : x.result).text();
}

} // namespace

void list_jobs(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"state", "kind", "key", "limit", "after"}};
    const auto filter = storage::job_filter{query.one_of("state", {"pending", "running", "succeeded", "failed", "dead"}),
                                            query.text("kind"), query.text("key")};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    return json_response(page_json(storage::list_jobs(db, filter, limit, query.integer("after", 1, id_max, id_max))));
  });
}

void show_job(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [id = id.front()](storage::connection& db, const http::request&) {
    const auto found = storage::find_job(db, id_in_path(id));
    if (!found)
      throw storage::refused_change{{fault::not_found, "there is no job " + id, {}}};
    return json_response(job_json(*found));
  });
}

void show_own_job(const services& what, http::request req, path_parameters id, http::responder done) {
  with_caller(what, std::move(req), std::move(id), std::move(done), [&what](const site_request_ptr& x) {
    bridge::run_query(*what.context,
                      {[x](storage::connection& db) {
                         const auto found = storage::find_job(db, id_in_path(x->parameters.front()));
                         if (!found || (!x->caller.is_admin() && found->key != storage::sync_job_key(x->caller.site_id)))
                           throw storage::refused_change{{fault::not_found, "there is no such job of yours", {}}};
                         x->done(json_response(status_json(*found)));
                       },
                       [x](const failure& why) { x->done(http::refusal(why, x->request.head.request_id)); }});
  });
}

void retry_job(const services& what, http::request req, path_parameters id, http::responder done) {
  change_job(what, std::move(req), std::move(id.front()), std::move(done), storage::retry_job);
}

void bury_job(const services& what, http::request req, path_parameters id, http::responder done) {
  change_job(what, std::move(req), std::move(id.front()), std::move(done), storage::bury_job);
}

} // namespace ingot::routes

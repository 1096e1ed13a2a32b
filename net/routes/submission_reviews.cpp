#include "net/routes/submission_reviews.hpp"

#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "net/routes/submission_json.hpp"
#include "net/routes/submission_links.hpp"
#include "storage/refused_change.hpp"
#include "storage/submission_approval.hpp"

#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

using mcp::submission_action;
using mcp::submission_role;

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();

mcp::review_decision decision_in(const http::request& asked) {
  auto out = mcp::parse_review_decision(asked.body);
  if (auto* why = std::get_if<failure>(&out))
    throw storage::refused_change{std::move(*why)};
  return std::get<mcp::review_decision>(std::move(out));
}

void decide(const services& what, http::request req, std::string in_path, http::responder done, submission_action action) {
  answer_by_changing(
      what, std::move(req), std::move(done),
      [&what, in_path = std::move(in_path), action](storage::connection& db, const http::request& asked) {
        return refusing(what, asked, [&] {
          const auto decision = decision_in(asked);
          const auto role = asked.by.is_admin ? submission_role::admin : submission_role::reviewer;
          const auto by = action_of(what, asked);
          const auto now = storage::move_submission(
              db, {id_in_path(in_path), {action, role, by.who, decision.reason}, decision.version},
              submission_rules_of(what.context->config), by,
              [&by](pqxx::work& tx, const storage::submission_record& x) { storage::list_submitted_server(tx, x, by); });
          if (const auto handles = what.context->handles.load())
            bridge::tell(handles->jobs, hint_atom_v);
          return json_response(to_json(now, submission_reader::reviewer));
        });
      });
}

} // namespace

void list_submissions(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"state", "limit", "after"}};
    const auto state = mcp::parse_submission_state(query.one_of(
        "state", {"unconfirmed", "submitted", "under_review", "changes_requested", "approved", "rejected", "withdrawn"}));
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto rows = storage::list_submissions(db, state, query.integer("after", 1, id_max, id_max), limit + 1);
    auto shown = std::vector<std::string>{};
    for (const auto& x : rows)
      if (shown.size() < limit)
        shown.push_back(to_json(x));
    const auto next = rows.size() > limit ? std::to_string(rows[limit - 1].id) : "null";
    return json_response(page_json("submissions", shown, next));
  });
}

void review_submission(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [id = id.front()](storage::connection& db, const http::request&) {
    const auto found = storage::find_submission(db, id_in_path(id));
    if (!found)
      throw storage::refused_change{{fault::not_found, "there is no submission " + id, {}}};
    return json_response(to_json(*found, submission_reader::reviewer));
  });
}

void claim_submission(const services& what, http::request req, path_parameters id, http::responder done) {
  decide(what, std::move(req), std::move(id.front()), std::move(done), submission_action::claim);
}

void release_submission(const services& what, http::request req, path_parameters id, http::responder done) {
  decide(what, std::move(req), std::move(id.front()), std::move(done), submission_action::release);
}

void approve_submission(const services& what, http::request req, path_parameters id, http::responder done) {
  decide(what, std::move(req), std::move(id.front()), std::move(done), submission_action::approve);
}

void reject_submission(const services& what, http::request req, path_parameters id, http::responder done) {
  decide(what, std::move(req), std::move(id.front()), std::move(done), submission_action::reject);
}

void request_submission_changes(const services& what, http::request req, path_parameters id, http::responder done) {
  decide(what, std::move(req), std::move(id.front()), std::move(done), submission_action::request_changes);
}

} // namespace ingot::routes

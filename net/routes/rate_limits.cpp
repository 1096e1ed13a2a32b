#include "net/routes/rate_limits.hpp"

#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/rate_budgets.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

using github::resource;
using views = std::vector<github::limiter::budget_view>;

constexpr auto limiter_timeout = std::chrono::seconds{5};

std::string waiting_json(const github::limiter::budget_view::part& x) {
  auto out = json_object{};
  for (auto i = std::size_t{0}; i < x.waiting.size(); ++i)
    out.add(to_string(static_cast<contents::urgency>(i)), x.waiting[i]);
  return out.text();
}

std::string node_json(const github::limiter::budget_view& of, const github::limiter::budget_view::part& x) {
  return json_object{}
      .add("leased", x.leased)
      .add("points", x.points)
      .add("granted", x.granted)
      .add("in_flight", of.in_flight)
      .add("at_once", of.at_once)
      .add_raw("waiting", waiting_json(x))
      .text();
}

/// One resource of a budget, as its row has it, with what this node does with it.
std::string to_json(const storage::rate_budget_record& row, resource of, const github::limiter::budget_view& here,
                    const github::limiter::limits& limits) {
  const auto at = static_cast<std::size_t>(of);
  const auto& w = row.budget.windows[at];
  const auto remaining = std::max<std::int64_t>(w.limit - w.spent - w.elsewhere, 0);
  auto leased = std::int64_t{0};
  for (const auto& x : row.budget.leases)
    leased += x.requests[at];
  return json_object{}
      .add("budget", row.budget.name)
      .add("resource", to_string(of))
      .add("known", w.observed)
      .add("unlimited", w.unmetered)
      .add("limit", w.limit)
      .add("used", w.limit - remaining)
      .add("remaining", remaining)
      .add("leased", leased)
      .add("reserve", w.reserve(limits))
      .add("reset", w.observed ? w.ends_at : std::nullopt)
      .add("blocked_until", row.budget.blocked.blocked_until)
      .add("nodes", row.budget.leases.size())
      .add_raw("this_node", node_json(here, here.parts[at]))
      .add("updated_at", std::optional{row.updated_at})
      .text();
}

std::string page(storage::connection& db, const http::request& asked, const views& here, const github::limiter::limits& limits) {
  const auto query = query_parameters{asked.head.query, {"limit", "after"}};
  const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
  auto rows = storage::list_rate_budgets(db, query.text("after"), limit + 1);
  const auto more = rows.size() > limit;
  if (more)
    rows.resize(limit);
  auto shown = std::vector<std::string>{};
  for (const auto& row : rows) {
    const auto found = std::find_if(here.begin(), here.end(), [&](const auto& x) { return x.budget == row.budget.name; });
    const auto mine = found == here.end() ? github::limiter::budget_view{} : *found;
    for (const auto of : {resource::core, resource::graphql})
      shown.push_back(to_json(row, of, mine, limits));
  }
  return page_json("budgets", shown, more ? json_string(rows.back().budget.name) : "null");
}

} // namespace

void list_rate_limits(const services& what, http::request req, path_parameters, http::responder done) {
  const auto handles = what.context->handles.load();
  if (!handles)
    return done(http::refusal({fault::stopping, "the node stops", {}}, req.head.request_id));
  auto asked = std::make_shared<http::request>(std::move(req));
  auto answer = std::make_shared<http::responder>(std::move(done));
  bridge::ask<views>(
      what.system, handles->rate_limiter, limiter_timeout,
      [&what, asked, answer](caf::expected<views> found) {
        if (!found)
          return (*answer)(http::refusal({fault::overloaded, "the rate limiter does not answer", {}}, asked->head.request_id));
        answer_by_reading(
            what, std::move(*asked), std::move(*answer),
            [here = std::move(*found), limits = storage::limits_of(what.context->config.github_api)](
                storage::connection& db, const http::request& x) { return json_response(page(db, x, here, limits)); });
      },
      collect_atom_v);
}

} // namespace ingot::routes

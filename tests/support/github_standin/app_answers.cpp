#include "tests/support/github_standin/standin_request.hpp"

#include <algorithm>

namespace ingot::testing {

namespace {

std::int64_t number_of(const std::string& text) {
  return !text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string::npos ? std::stoll(text) : 0;
}

} // namespace

web_answer standin_request::app_route(const segments& names) {
  if (names[0] == "installation") {
    endpoint_ = "/installation/repositories";
    return names.size() == 2 && names[1] == "repositories" ? installation_repositories() : problem(404, "Not Found");
  }
  endpoint_ = "/app";
  if (!caller_.is_app)
    return problem(401, "A JSON web token could not be decoded");
  if (names.size() == 1) {
    const auto lock = std::lock_guard{state_.mutex};
    return ok(state_.make.app(state_.app));
  }
  endpoint_ += '/' + names[1];
  if (names[1] == "installations" && names.size() == 2)
    return installations();
  if (names[1] == "installations" && names.size() == 4 && names[3] == "access_tokens" && request_.method == "POST")
    return new_installation_token(number_of(names[2]));
  if (names[1] == "installations" && names.size() == 3) {
    const auto lock = std::lock_guard{state_.mutex};
    const auto found = state_.installations.find(number_of(names[2]));
    return found == state_.installations.end() ? problem(404, "Not Found")
                                               : ok(state_.make.installation(found->second, state_.app));
  }
  if (names[1] == "hook" && names.size() == 3 && names[2] == "deliveries")
    return deliveries("");
  if (names[1] == "hook" && names.size() == 5 && names[4] == "attempts" && request_.method == "POST")
    return redeliver("", number_of(names[3]));
  return problem(404, "Not Found");
}

web_answer standin_request::installations() {
  const auto lock = std::lock_guard{state_.mutex};
  std::vector<json> all, shown;
  for (const auto& [id, x] : state_.installations)
    all.push_back(state_.make.installation(x, state_.app));
  web_answer out;
  const auto at = page(all.size(), out);
  shown.assign(all.begin() + static_cast<std::ptrdiff_t>(at.from), all.begin() + static_cast<std::ptrdiff_t>(at.to));
  out.body = json::array(shown).text;
  return out;
}

web_answer standin_request::new_installation_token(std::int64_t id) {
  endpoint_ = "/app/installations/{id}/access_tokens";
  const auto lock = std::lock_guard{state_.mutex};
  const auto found = state_.installations.find(id);
  if (found == state_.installations.end())
    return problem(404, "Not Found");
  if (found->second.suspended)
    return problem(403, "This installation has been suspended");
  ++state_.counts.installation_tokens;
  const auto token = state_.new_token("ghs_");
  hosted_token kept;
  kept.login = found->second.account;
  kept.installation_id = id;
  kept.repositories.emplace();
  for (const auto& x : repositories_of(found->second))
    kept.repositories->insert(x.id);
  kept.expires_at = seconds_now() + state_.limits.installation_token_seconds;
  state_.tokens[token] = kept;
  return ok(json::object({{"token", token},
                          {"expires_at", time_text(*kept.expires_at)},
                          {"permissions", json::object({{"contents", "read"}, {"metadata", "read"}})},
                          {"repository_selection", found->second.repositories ? "selected" : "all"}}),
            201);
}

/// Under the lock.
std::vector<hosted_repository> standin_request::repositories_of(const hosted_installation& x) const {
  std::vector<hosted_repository> out;
  for (const auto& [id, each] : state_.repositories)
    if (!each.deleted && each.owner == x.account && (!x.repositories || x.repositories->contains(id)))
      out.push_back(each);
  return out;
}

web_answer standin_request::installation_repositories() {
  const auto lock = std::lock_guard{state_.mutex};
  const auto found = state_.installations.find(caller_.token.installation_id);
  if (found == state_.installations.end())
    return problem(403, "Resource not accessible by integration");
  const auto all = repositories_of(found->second);
  web_answer out;
  const auto at = page(all.size(), out);
  std::vector<json> shown;
  for (auto i = at.from; i < at.to; ++i)
    shown.push_back(state_.make.repository(all[i], false));
  out.body = json::object({{"total_count", all.size()},
                           {"repository_selection", found->second.repositories ? "selected" : "all"},
                           {"repositories", json::array(shown)}})
                 .text;
  return out;
}

/// The newest first; the cursor is the last id that was shown.
web_answer standin_request::deliveries(const std::string& hook) {
  endpoint_ = hook.empty() ? "/app/hook/deliveries" : "/repos/…/hooks/{id}/deliveries";
  const auto per_page = std::clamp<std::int64_t>(number_of(request_.parameter("per_page").value_or("30")), 1, 100);
  const auto cursor = request_.parameter("cursor");
  const auto before = cursor && cursor->starts_with("v1_") ? number_of(cursor->substr(3)) : INT64_MAX;
  if (cursor && !cursor->starts_with("v1_"))
    return problem(422, "Invalid cursor");
  const auto lock = std::lock_guard{state_.mutex};
  std::vector<json> shown;
  auto last = std::int64_t{0};
  auto more = false;
  for (auto x = state_.deliveries.rbegin(); x != state_.deliveries.rend(); ++x) {
    if (x->hook != hook || x->id >= before)
      continue;
    more = static_cast<std::int64_t>(shown.size()) == per_page;
    if (more)
      break;
    shown.push_back(state_.make.delivery(*x));
    last = x->id;
  }
  auto out = ok(json::array(shown));
  if (more)
    out.headers.emplace_back("link", '<' + state_.make.api + request_.path + "?per_page=" + std::to_string(per_page) +
                                         "&cursor=v1_" + std::to_string(last) + ">; rel=\"next\"");
  return out;
}

/// A new attempt of the same guid, which on_redelivery may carry out.
web_answer standin_request::redeliver(const std::string& hook, std::int64_t id) {
  endpoint_ = hook.empty() ? "/app/hook/deliveries/{id}/attempts" : "/repos/…/hooks/{id}/deliveries/{id}/attempts";
  hosted_delivery again;
  {
    const auto lock = std::lock_guard{state_.mutex};
    const auto found = std::find_if(state_.deliveries.begin(), state_.deliveries.end(),
                                    [&](const auto& x) { return x.id == id && x.hook == hook; });
    if (found == state_.deliveries.end())
      return problem(404, "Not Found");
    if (found->delivered_at < seconds_now() - 3 * 86'400)
      return problem(422, "This delivery is too old to be redelivered");
    state_.redelivered.push_back(id);
    again = *found;
  }
  again.status_code = of_.on_redelivery ? of_.on_redelivery(again) : 200;
  again.status = again.status_code / 100 == 2 ? "OK" : "failed";
  again.redelivery = true;
  again.id = 0;
  again.delivered_at = 0;
  of_.add(std::move(again));
  return ok(json::object({}), 202);
}

web_answer standin_request::user_route(const segments& names) {
  endpoint_ = names.size() == 1 ? "/user" : "/user/" + names[1];
  if (caller_.anonymous)
    return problem(401, "Requires authentication");
  if (caller_.is_app || caller_.token.installation_id != 0)
    return problem(403, "Resource not accessible by integration");
  if (names.size() == 1) {
    auto body = state_.make.user(caller_.token.login, caller_.token.user_id, "User");
    for (const auto* text : {"name", "company", "location", "email", "hireable", "bio"})
      body.with(text, nullptr);
    for (const auto* count : {"public_repos", "public_gists", "followers", "following"})
      body.with(count, 0);
    body.with("blog", "").with("created_at", "2020-01-01T00:00:00Z").with("updated_at", "2020-01-01T00:00:00Z");
    return with_etag(ok(body), body.text);
  }
  if (names.size() != 2 || names[1] != "installations")
    return problem(404, "Not Found");
  const auto lock = std::lock_guard{state_.mutex};
  std::vector<json> visible;
  for (const auto& [id, x] : state_.installations)
    if (x.visible_to.contains(caller_.token.login))
      visible.push_back(state_.make.installation(x, state_.app));
  web_answer out;
  const auto at = page(visible.size(), out);
  const auto shown = std::vector<json>(visible.begin() + static_cast<std::ptrdiff_t>(at.from),
                                       visible.begin() + static_cast<std::ptrdiff_t>(at.to));
  out.body = json::object({{"total_count", visible.size()}, {"installations", json::array(shown)}}).text;
  return out;
}

web_answer standin_request::rate_limit() {
  endpoint_ = "/rate_limit";
  const auto lock = std::lock_guard{state_.mutex};
  const auto of = [&](const std::string& resource) {
    const auto window = state_.budget.at(caller_.budget, resource);
    const auto limit = state_.budget.limit_of(caller_.budget, resource);
    const auto used = std::min(window.used, limit);
    return json::object({{"limit", limit}, {"used", used}, {"remaining", limit - used}, {"reset", window.reset}});
  };
  auto resources = json::object({{"core", of("core")}, {"graphql", of("graphql")}});
  for (const auto* name : {"search", "integration_manifest", "source_import", "code_scanning_upload",
                           "actions_runner_registration", "scim", "dependency_snapshots", "code_search", "code_scanning_autofix"})
    resources.with(name, json::object({{"limit", 30}, {"used", 0}, {"remaining", 30}, {"reset", seconds_now() + 60}}));
  return ok(json::object({{"resources", resources}, {"rate", of("core")}}));
}

} // namespace ingot::testing

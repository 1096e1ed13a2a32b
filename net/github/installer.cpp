#include "net/github/installer.hpp"

#include "model/github/api/answer.hpp"
#include "model/github/api/parse.hpp"
#include "net/github/api.hpp"
#include "net/github/token_requests.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace ingot::github {

namespace {

using contents::provider_error;
using contents::trouble;

/// Installations that one user sees are looked through so far.
constexpr auto pages_max = 10u;
constexpr auto page_items = std::size_t{100};

template <class Value>
Value value_or_throw(api::parsed<Value>&& x) {
  if (const auto* wrong = std::get_if<failure>(&x))
    throw provider_error{trouble::permanent, wrong->message};
  return std::get<Value>(std::move(x));
}

} // namespace

app_installer::app_installer(const github_api_settings& settings, client& transport, tokens& credentials, permits& limiter)
    : settings_{settings}, transport_{transport}, credentials_{credentials}, limiter_{limiter} {}

std::string app_installer::slug() {
  if (!settings_.app_slug.empty())
    return settings_.app_slug;
  return api_session{transport_, credentials_, limiter_, {0, true, contents::urgency::manual, {}}}.app().slug;
}

/// With a token that no credential keeps.
std::string app_installer::get(const std::string& path, const std::string& token) {
  auto call = http_call{};
  call.url = path;
  call.headers = {{"accept", "application/vnd.github+json"}, {"user-agent", user_agent}, {"x-github-api-version", api_version}};
  call.token = token;
  call.body_bytes_max = std::size_t{4} * 1024 * 1024;
  const auto permit = limiter_.acquire({"installer", resource::core, contents::urgency::manual, {}, 1});
  const auto answer = transport_.perform(call);
  const auto verdict = api::judge(answer.status, answer.headers, answer.body, resource::core, credentials_.now());
  permit->settle(verdict.news);
  if (verdict.problem || answer.status != 200)
    throw provider_error{verdict.problem.value_or(trouble::permanent),
                         "GitHub answers " + std::to_string(answer.status) + " to the installer's token", verdict.retry_at};
  return answer.body;
}

bool app_installer::sees(const std::string& token, std::int64_t installation_id) {
  for (auto page = 1u; page <= pages_max; ++page) {
    const auto path = "/user/installations?per_page=" + std::to_string(page_items) + "&page=" + std::to_string(page);
    const auto listed = value_or_throw(api::parse_user_installations(get(path, token)));
    if (std::any_of(listed.begin(), listed.end(), [&](const auto& x) { return x.id == installation_id; }))
      return true;
    if (listed.size() < page_items)
      return false;
  }
  return false;
}

verified_installation app_installer::verify(std::int64_t installation_id, const std::string& code) {
  constexpr auto how = contents::urgency::manual;
  const auto found = api_session{transport_, credentials_, limiter_, {0, true, how, {}}}.installation(installation_id);
  const auto given = token_requests{settings_, transport_, limiter_, [this] { return credentials_.now(); }}.exchange(code, how);
  if (!given.error.empty())
    throw provider_error{trouble::forbidden, "GitHub refuses the code: " + given.error};
  const auto who = value_or_throw(api::parse_user(get("/user", given.access_token)));
  const auto is_own = found.account_type == "User" && found.account_id == who.id;
  if (!is_own && (found.account_type == "User" || !sees(given.access_token, installation_id)))
    throw provider_error{trouble::forbidden, "the installation on " + found.account + " is not " + who.login + "'s"};
  if (found.suspended)
    throw provider_error{trouble::forbidden, "the installation on " + found.account + " is suspended"};
  return {installation_id, found.account, who.login};
}

} // namespace ingot::github

#include "net/github/token_requests.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace ingot::github {

namespace {

using contents::provider_error;
using contents::trouble;

/// Of POST, in points of the secondary limit.
constexpr std::uint32_t post_points = 5;

constexpr std::size_t answer_bytes_max =
    1024 * 1024; // an installation's token lists its repositories when it is narrowed to some

std::string form_encoded(std::string_view text) {
  constexpr auto digits = "0123456789ABCDEF";
  auto out = std::string{};
  for (const unsigned char c : text)
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.')
      out += static_cast<char>(c);
    else
      (out += '%').append({digits[c >> 4], digits[c & 15]});
  return out;
}

template <class Value>
Value value_or_throw(api::parsed<Value>&& x, const char* what) {
  if (const auto* wrong = std::get_if<failure>(&x))
    throw provider_error{trouble::permanent, std::string{what} + ": " + wrong->message};
  return std::get<Value>(std::move(x));
}

} // namespace

token_requests::token_requests(const github_api_settings& settings, client& transport, permits& limiter,
                               std::function<timestamp()> now)
    : settings_{settings}, transport_{transport}, limiter_{limiter}, now_{std::move(now)} {}

http_answer token_requests::ask(const http_call& call, contents::urgency how, std::string_view what) {
  const auto permit = limiter_.acquire({"app", resource::core, how, {}, post_points});
  auto answer = http_answer{};
  try {
    answer = transport_.perform(call);
  } catch (const provider_error&) {
    auto nothing = rate_news{};
    nothing.free = true;
    permit->settle(nothing);
    throw;
  }
  const auto verdict = api::judge(answer.status, answer.headers, answer.body, resource::core, now_());
  permit->settle(verdict.news);
  const auto redirected = answer.status >= 300 && answer.status < 400;
  if (verdict.problem || redirected)
    throw provider_error{verdict.problem.value_or(trouble::permanent),
                         std::string{what} + ": GitHub answers " + std::to_string(answer.status) +
                             (verdict.reason.empty() ? "" : ": " + verdict.reason),
                         verdict.retry_at};
  return answer;
}

api::installation_token token_requests::of_installation(std::int64_t installation_id, const std::string& jwt,
                                                        contents::urgency how) {
  auto call = http_call{};
  call.method = "POST";
  call.url = "/app/installations/" + std::to_string(installation_id) + "/access_tokens";
  call.headers = {{"accept", "application/vnd.github+json"}, {"user-agent", user_agent}, {"x-github-api-version", api_version}};
  call.token = jwt;
  call.body_bytes_max = answer_bytes_max;
  call.repeatable = true; // a second token hurts nobody
  const auto answer = ask(call, how, "the token of installation " + std::to_string(installation_id));
  return value_or_throw(api::parse_installation_token(answer.body), "GitHub's answer with an installation's token");
}

api::refreshed_token token_requests::user_token(const std::string& grant, contents::urgency how, std::string_view what) {
  auto call = http_call{};
  call.method = "POST";
  call.url = settings_.web_url + "/login/oauth/access_token";
  call.headers = {
      {"accept", "application/json"}, {"content-type", "application/x-www-form-urlencoded"}, {"user-agent", user_agent}};
  call.body =
      grant + "&client_id=" + form_encoded(settings_.client_id) + "&client_secret=" + form_encoded(settings_.client_secret);
  call.body_bytes_max = answer_bytes_max;
  const auto answer = ask(call, how, what);
  return value_or_throw(api::parse_refreshed_token(answer.body), "GitHub's answer with a user's tokens");
}

api::refreshed_token token_requests::refresh(const std::string& refresh_token, contents::urgency how) {
  return user_token("grant_type=refresh_token&refresh_token=" + form_encoded(refresh_token), how,
                    "the refresh of a user's token");
}

api::refreshed_token token_requests::exchange(const std::string& code, contents::urgency how) {
  return user_token("code=" + form_encoded(code), how, "the exchange of a user's code");
}

} // namespace ingot::github

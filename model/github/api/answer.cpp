#include "model/github/api/answer.hpp"

#include "model/github/api/parse.hpp"

#include <algorithm>
#include <charconv>

namespace ingot::github::api {

namespace {

using contents::trouble;

std::optional<std::int64_t> number_of(std::string_view text) noexcept {
  auto out = std::int64_t{0};
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && at == end && !text.empty() && out >= 0 ? std::optional{out} : std::nullopt;
}

rate_news news_of(unsigned status, const header_list& headers, timestamp now) {
  auto out = rate_news{};
  const auto number = [&](std::string_view name) { return number_of(find_header(headers, name)); };
  out.limit = number("x-ratelimit-limit");
  out.remaining = number("x-ratelimit-remaining");
  out.used = number("x-ratelimit-used");
  if (const auto reset = number("x-ratelimit-reset"))
    out.reset = from_epoch_seconds(*reset);
  if (out.reset && *out.reset > now + closed_max)
    out.reset = now + closed_max;
  if (const auto seconds = number("retry-after"))
    out.retry_after = now + std::min<std::chrono::seconds>(std::chrono::seconds{*seconds}, closed_max);
  out.free = status == 304;
  return out;
}

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

/// GitHub has worded it in several ways: "API rate limit exceeded for …", "You have exceeded a secondary rate limit …", "You have
/// triggered an abuse detection mechanism …".
bool speaks_of_a_limit(std::string_view reason) {
  const auto text = lower(reason);
  return text.find("rate limit") != std::string::npos || text.find("abuse detection") != std::string::npos;
}

void close_budget(judgement& out) {
  out.problem = trouble::rate_limited;
  out.news.limited = true;
  // A window that is used up closes its resource alone; retry-after is for all that the credential may do.
  out.retry_at = !out.news.retry_after && out.news.remaining == 0 ? out.news.reset : out.news.retry_after;
}

bool is_limit(unsigned status, const judgement& x) {
  return status == 429 || x.news.retry_after || x.news.remaining == 0 || speaks_of_a_limit(x.reason);
}

trouble trouble_of(unsigned status) {
  switch (status) {
  case 401:
  case 403:
    return trouble::forbidden;
  case 404:
  case 410:
  case 451:
    return trouble::gone;
  case 408:
    return trouble::transient;
  default:
    return status >= 500 ? trouble::transient : trouble::permanent;
  }
}

} // namespace

std::string_view find_header(const header_list& headers, std::string_view name) noexcept {
  const auto at = std::find_if(headers.begin(), headers.end(), [&](const auto& x) { return x.first == name; });
  return at == headers.end() ? std::string_view{} : std::string_view{at->second};
}

judgement judge(unsigned status, const header_list& headers, std::string_view body, resource of, timestamp now) {
  auto out = judgement{};
  out.news = news_of(status, headers, now);
  if (status >= 200 && status < 400) {
    if (of != resource::graphql || status != 200)
      return out;
    const auto error = parse_graphql_error(body);
    if (error && error->rate_limited) {
      out.reason = error->message;
      close_budget(out);
    }
    return out;
  }
  out.reason = parse_error_message(body);
  if ((status == 403 || status == 429) && is_limit(status, out))
    close_budget(out);
  else
    out.problem = trouble_of(status);
  return out;
}

std::string next_link(std::string_view link_header) {
  for (auto rest = link_header; !rest.empty();) {
    const auto begin = rest.find('<');
    const auto end = rest.find('>', begin == rest.npos ? rest.size() : begin);
    if (end == rest.npos)
      return {};
    const auto url = rest.substr(begin + 1, end - begin - 1);
    rest.remove_prefix(end + 1);
    // A URL holds no `<`, so the parameters of this link end before the next one.
    const auto parameters = rest.substr(0, rest.find('<'));
    if (parameters.find("rel=\"next\"") != parameters.npos || parameters.find("rel=next") != parameters.npos)
      return std::string{url};
  }
  return {};
}

} // namespace ingot::github::api

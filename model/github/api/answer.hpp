#pragma once

#include "model/contents/provider.hpp"
#include "model/github/api/permits.hpp"
#include "model/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::github::api {

/// Header fields of an answer, names in lower case.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// The first value of that lower-case name, or empty.
std::string_view find_header(const header_list& headers, std::string_view name) noexcept;

/// No answer can close a budget for longer, whatever it says.
inline constexpr auto closed_max = std::chrono::hours{24};

/// What an answer means.
struct judgement {
  std::optional<contents::trouble> problem; ///< absent: 2xx and 304, and redirects, which are the caller's to follow
  std::optional<timestamp> retry_at;        ///< of rate_limited, when GitHub said it
  rate_news news;                           ///< for the RATE LIMITER
  std::string reason;                       ///< GitHub's own `message`, cut; empty: none
};

/// Judges an answer by its status, headers and body alone, as GitHub documents it ("Rate limits for the REST API", "Best
/// practices for using the REST API", "Rate limits and node limits for the GraphQL API"):
/// - 401 the credential is refused; 404, 410 and 451 the thing is gone for us; 408 and 5xx pass; 409 (an empty repository among
///   them) and all other 4xx are permanent;
/// - 403 and 429 are limits when they say so: by `retry-after`, by no requests remaining (then until `x-ratelimit-reset`), or, of
/// a
///   403, by a text that speaks of a rate limit. 429 always is. Any other 403 is forbidden;
/// - a 200 of GraphQL is a limit when one of its errors has the type RATE_LIMITED.
/// A limit that names its end has it in `news.retry_after` too; one without is a secondary limit of unknown length.
/// @param now against which `retry-after` counts
judgement judge(unsigned status, const header_list& headers, std::string_view body, resource of, timestamp now);

/// The URL of `rel="next"` in a Link header (RFC 8288), or empty.
std::string next_link(std::string_view link_header);

} // namespace ingot::github::api

#pragma once

#include "config/settings.hpp"
#include "model/contents/provider.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::github {

/// Who asks; GitHub answers 403 to requests without.
inline constexpr auto user_agent = "ingot/" INGOT_VERSION;
/// Of the REST API (`x-github-api-version`), whose answers model/github/api reads.
inline constexpr auto api_version = "2022-11-28";

/// One request to GitHub, or to where GitHub redirects.
struct http_call {
  std::string method = "GET";
  std::string url;                                          ///< absolute, or a path below the settings' base URL
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string token; ///< sent as `authorization: Bearer` to the base URL's host, and to no other
  std::string body;
  std::chrono::milliseconds timeout{0};          ///< of silence: without a byte for so long it fails; 0: the settings'
  std::size_t body_bytes_max = 64 * 1024 * 1024; ///< of an answer that is gathered, decompressed; past it the call fails
  bool repeatable = false;                       ///< a POST that does no harm when it is sent twice; GET and HEAD never do
  bool offered = false; ///< the URL is from an answer: it leads to no private address either, as no redirect does
  bool stay_at_own =
      false; ///< a redirect within the base URL's host is given back: it is another request, with a permit of its own

  /// Of a 200: gets the body piece by piece, decompressed, and nothing more is read before it returns; empty: it is gathered.
  std::function<void(std::string_view)> into;
};

struct http_answer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;
  std::string url; ///< that answered, after redirects
  unsigned redirects = 0;
  std::uint64_t bytes = 0; ///< that came over the network: heads and bodies, compressed, of redirects too
  std::string redirect;    ///< the URL that a redirect which was not followed leads to; empty: it is none
  std::string_view operator[](std::string_view name) const noexcept; ///< the first of that lower-case name, or empty
};

/// The answer began and has no end that can be used: whoever answered has counted the request.
class broken_answer : public contents::provider_error {
public:
  using provider_error::provider_error;
};

/// No answer takes longer, however steadily it drips (law 10). An archive of many gigabytes does not.
inline constexpr auto answer_time_max = std::chrono::hours{1};

/// HTTP/1.1 over TLS with a pool of keep-alive connections for each host. Follows up to five redirects (301, 302, 307, 308; of
/// GET only), never from https to http, and to no private address unless the base URL is on one itself. gzip is asked for and
/// undone unless the call says `accept-encoding` itself. A redirect to another host gets of the call's headers accept,
/// accept-encoding and user-agent alone. A request on a kept connection that turns out to be closed is repeated
/// once on a new one. Thread-safe; calls block. Throws contents::provider_error (broken_answer when one had begun): transient
/// when no whole answer came, permanent when it is none that can be used. Texts name the host at most (law 9).
class client {
public:
  /// Throws std::runtime_error when the base URL is none, or the trusted certificate cannot be read.
  explicit client(const github_api_settings& settings);
  ~client();

  http_answer perform(const http_call& x);

  /// Does this absolute URL lead to the base URL's host, port and scheme?
  bool is_own(std::string_view url) const;

  /// Of GraphQL, beside that of REST: `/graphql` below it; of a GitHub Enterprise Server `/api/graphql` beside `/api/v3`.
  std::string graphql_url() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::github

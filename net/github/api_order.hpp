#pragma once

#include "model/github/api/answer.hpp"
#include "net/github/api.hpp"

#include <cstdint>
#include <string>

namespace ingot::github {

struct api_session::order {
  std::string method = "GET";
  std::string url; ///< a path below the base URL, or a URL that GitHub gave
  const char* accept = "application/vnd.github+json";
  std::string etag; ///< makes it conditional
  std::string body; ///< JSON, of a POST
  resource of = resource::core;
  std::uint32_t points = 1;
  bool repeatable = true; ///< does it no harm when it is sent twice?
  bool as_it_is = false;  ///< no content coding: the bytes are what is asked for
  bool free = false;      ///< costs nothing of the primary limit
  bytes_sink into;        ///< of a 200

  /// For texts: method and path, without a query.
  std::string name() const { return method + " " + url.substr(0, url.find('?')); }
};

struct api_session::answer {
  http_answer got;
  api::judgement verdict;
};

} // namespace ingot::github

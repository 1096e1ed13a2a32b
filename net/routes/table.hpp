#pragma once

#include "net/http/server.hpp"
#include "net/routes/services.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace ingot::routes {

/// The parts of a path that a pattern leaves open, in order: `{id}`.
using path_parameters = std::vector<std::string>;

using handler = void (*)(const services&, http::request, path_parameters, http::responder);

/// Who may call a route. Pages in browsers may not, but for the health check and what the console needs.
enum class door : std::uint8_t {
  health,      ///< anybody
  open,        ///< anybody but pages of other origins
  visitor,     ///< anybody, browsers too, who proves in the handler for whom they come, by a link that counts once
  github,      ///< GitHub, which proves itself in the handler by its signature
  stripe,      ///< Stripe, which proves itself in the handler by its signature
  application, ///< an application token as x-app-token
  cron,        ///< a cron secret as x-cron-secret
  site,        ///< a site that proves itself in the handler, by its key
  user,        ///< a user who follows repositories, and proves it in the handler by a key; or the admin token
  page,        ///< anybody, browsers too: files of the console, which hold no secret
  sign_in,     ///< anybody but pages of other origins, who prove themselves in the handler
  reviewer,    ///< the admin token as bearer, or a session of somebody (net/routes/person)
  admin,       ///< the admin token as bearer, or a session of an admin
};

/// Which share of requests a client address has, at this node.
enum class metered : std::uint8_t { no, events, crawl, sign_ins, validations, registry, submissions };

/// What the OpenAPI document says of a route, as names in its components (net/routes/openapi.hpp).
struct description {
  std::string_view parameters = {}; ///< `limit, after`; those of the path's pattern are added by their own names
  std::string_view body = {};       ///< a request body; empty: none
  std::string_view answers = {};    ///< `200 receipt, 503 readiness`: responses by status; empty: 200 without more
};

/// One request that the node answers.
struct route {
  std::string_view method;
  std::string_view path; ///< pattern; `{name}` stands for one segment, `{name*}` for one or more
  door who;
  std::size_t body_bytes_max; ///< 0: no body
  handler handle;
  std::string_view purpose; ///< one sentence, as in the OpenAPI document
  description told = {};    ///< the rest of what that document says of it
  metered share = metered::no;
};

/// Every request that the node answers.
std::span<const route> table();

} // namespace ingot::routes

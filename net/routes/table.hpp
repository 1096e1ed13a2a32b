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

/// Who may call a route.
enum class door : std::uint8_t {
  open,   ///< anybody
  ingest, ///< a sender that proves itself in the handler; browsers are refused
  site,   ///< a site that proves itself in the handler, by its key; browsers are refused
  admin,  ///< the admin token as bearer
};

/// One request that the node answers.
struct route {
  std::string_view method;
  std::string_view path; ///< pattern; `{name}` stands for one segment
  door who;
  std::size_t body_bytes_max; ///< 0: no body
  handler handle;
  std::string_view purpose; ///< one sentence, as in the OpenAPI document
};

/// Every request that the node answers.
std::span<const route> table();

} // namespace ingot::routes

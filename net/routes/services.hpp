#pragma once

#include "actors/context.hpp"
#include "net/http/server.hpp"
#include "net/routes/site_keys.hpp"

#include <memory>
#include <string>

namespace ingot::routes {

/// What the routes need of the node. Outlives the server.
struct services {
  caf::actor_system& system;
  context_ptr context;
  std::string version;
  int schema_version = 0; ///< that this program brings along; what /ready compares with
  std::shared_ptr<site_keys> keys = std::make_shared<site_keys>();
};

/// A refusal becomes an audit line and a line of the log.
void audit_refusal(const services& what, const http::request_head& head, const failure& why);

} // namespace ingot::routes

#pragma once

#include <string>

namespace ingot {

/// One line for the audit log.
struct audit_line {
  std::string actor;   ///< who: `remote 10.0.0.1`, `admin`, `node`
  std::string action;  ///< what: `request refused`, `delivery replayed`
  std::string subject; ///< to what: a route, a delivery id
  std::string reason;  ///< a code or a sentence
};

} // namespace ingot

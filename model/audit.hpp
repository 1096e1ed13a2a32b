#pragma once

#include <string>

namespace ingot {

/// What something was and what it became, as JSON; empty: not told.
struct audit_change {
  std::string before = {};
  std::string after = {};
};

/// One line for the audit log.
struct audit_line {
  std::string actor;           ///< who: `remote 10.0.0.1`, `admin`, `node`
  std::string action;          ///< what: `request refused`, `delivery replayed`
  std::string subject;         ///< to what: a route, a delivery id
  std::string reason;          ///< a code or a sentence
  std::string request_id = {}; ///< of the request that did it; empty: none did
  audit_change change = {};
};

} // namespace ingot

#pragma once

#include <string>

namespace ingot {

/// What was found when somebody looked for the database.
struct database_report {
  bool reachable = false; ///< there, writable and migrated
  int schema_version = 0;
  std::string problem; ///< empty when reachable
};

} // namespace ingot

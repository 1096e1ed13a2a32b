#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What readers see of the audit log. Blocks, and throws what libpqxx throws.
namespace ingot::storage {

/// Which lines are wanted; what is empty does not restrict.
struct audit_filter {
  std::string actor = {}, action = {}, subject = {};
  std::optional<timestamp> since = {}; ///< at it or later
  std::optional<timestamp> until = {}; ///< before it
};

struct audit_record {
  std::int64_t id = 0;
  timestamp at{};
  std::string actor, action, subject, reason;
  std::int64_t count = 1;          ///< equal lines of one second
  std::string before, after;       ///< JSON; empty: not told
  std::string request_id;          ///< empty: no request did it
  std::optional<std::int64_t> seq; ///< place in the chain; nothing: not sealed yet
  std::string hash;                ///< hexadecimal; empty: not sealed yet
};

/// The newest lines, behind (below) the id `before`.
std::vector<audit_record> newest_audit_lines(connection& db, const audit_filter& filter, std::int64_t before, unsigned limit);

/// The oldest lines above the id `after`.
std::vector<audit_record> oldest_audit_lines(connection& db, const audit_filter& filter, std::int64_t after, unsigned limit);

} // namespace ingot::storage

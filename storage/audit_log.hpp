#pragma once

#include "model/audit.hpp"
#include "model/time.hpp"
#include "storage/pgx.hpp"
#include "storage/pipeline.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ingot::storage {

/// Writes audit lines, each with how often it occurred, in the transaction of whatever they tell of. Throws what libpqxx throws.
void append_audit_lines(pqxx::transaction_base& tx, const std::vector<std::pair<audit_line, std::uint64_t>>& lines, timestamp at);

/// What the pipeline's append_audit_lines() runs.
std::span<const named_statement> audit_statements();

/// Queues the same for a session that writes by batches.
void append_audit_lines(pipeline& db, const std::vector<std::pair<audit_line, std::uint64_t>>& lines, timestamp at);

/// Who does something by hand, and when.
struct operator_action {
  std::string who; ///< as in the audit log: `command line`, `admin`
  timestamp at{};
  std::string request_id = {}; ///< of the request that asked for it; empty: none did
};

/// One line for what an operator did. Throws what libpqxx throws.
void append_audit_line(pqxx::transaction_base& tx, const operator_action& by, std::string action, std::string subject,
                       std::string reason = {}, audit_change change = {});

} // namespace ingot::storage

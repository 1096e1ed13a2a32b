#pragma once

#include "model/audit_chain.hpp"
#include "storage/connection.hpp"

#include <cstddef>
#include <optional>

/// Seals the audit log and looks whether its seals hold. Both block, and throw what libpqxx throws.
namespace ingot::storage {

/// Lines that one transaction seals at most.
inline constexpr unsigned audit_seal_batch = 1'000;

/// Seals the oldest lines that are committed and not sealed, in the order of their ids. Waits for nobody: while another node
/// seals it does nothing. @returns how many; audit_seal_batch: there may be more
std::size_t seal_audit_lines(connection& db);

/// What became of a chain.
struct audit_report {
  audit::chain_end end;                ///< of what was walked through
  std::optional<audit::damage> damage; ///< the first
  std::int64_t unsealed = 0;           ///< lines that wait for their seal
};

/// Walks through the whole chain as it is at one moment, in pages.
/// @param anchor an end of the chain that was written down before
audit_report verify_audit(connection& db, const std::optional<audit::chain_end>& anchor = {});

} // namespace ingot::storage

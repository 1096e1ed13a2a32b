#pragma once

#include "model/audit_chain.hpp"
#include "storage/connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

/// Seals the audit log and looks whether its seals hold. Both block, and throw what libpqxx throws.
namespace ingot::storage {

/// Lines that one transaction seals at most.
inline constexpr unsigned audit_seal_batch = 1'000;

/// A running node seals a line within about a second of its commit.
inline constexpr auto seal_overdue_after = std::chrono::minutes{1};

/// The row that names the end of the chain is not there: nothing can be sealed until it is put back.
class chain_head_missing : public std::runtime_error {
public:
  chain_head_missing() : std::runtime_error{"the table audit_chain has no row"} {}
};

/// Seals the oldest lines that are committed and not sealed, in the order of their ids. Waits for nobody: while another node
/// seals it does nothing. Throws chain_head_missing. @returns how many; audit_seal_batch: there may be more
std::size_t seal_audit_lines(connection& db);

/// What became of a chain.
struct audit_report {
  audit::chain_end end;                ///< of what was walked through
  std::optional<audit::damage> damage; ///< the first
  std::int64_t unsealed = 0;           ///< lines that wait for their seal
  std::int64_t overdue = 0;            ///< of these, for longer than seal_overdue_after: nobody seals them
};

/// Walks through the whole chain as it is at one moment, in pages.
/// @param anchor an end of the chain that was written down before
audit_report verify_audit(connection& db, const std::optional<audit::chain_end>& anchor = {});

/// What waits for its seal.
struct seal_backlog {
  std::int64_t lines = 0;    ///< counted up to unsealed_counted_max
  double oldest_seconds = 0; ///< how long the oldest of them has waited
};

/// More are not counted: a log that nobody seals for days must not make every look at it dear.
inline constexpr unsigned unsealed_counted_max = 10'000;

seal_backlog count_unsealed_lines(connection& db);

} // namespace ingot::storage

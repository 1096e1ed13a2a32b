#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The hash chain of the audit log: the sealed lines have numbers from 1 on without a gap, and each carries the hash of the one
/// before and its own, which is computed over that and all of its fields. So a line that is changed, taken away or put in between
/// makes another chain than the one that its head names.
namespace ingot::audit {

/// A line as it is stored.
struct entry {
  std::int64_t id = 0;
  timestamp at{};
  std::string actor = {}, action = {}, subject = {};
  std::int64_t count = 1;
  std::string details = {};               ///< jsonb as PostgreSQL prints it, which is one text for one value
  std::optional<std::string> before = {}; ///< likewise
  std::optional<std::string> after = {};
  std::optional<std::string> request_id = {};
};

/// What seals a line.
struct seal {
  std::int64_t seq = 0;      ///< place in the chain, from 1 on
  std::string previous_hash; ///< 32 bytes; of the first line: zeros
  std::string hash;          ///< 32 bytes
};

/// The end of a chain: how many lines it has and the hash of the last one.
struct chain_end {
  std::int64_t lines = 0;
  std::string hash; ///< 32 bytes; of an empty chain: zeros

  bool operator==(const chain_end&) const = default;
};

/// The chain without a line.
chain_end empty_chain();

/// The seal of `x` behind `end`.
seal seal_behind(const chain_end& end, const entry& x);

/// What is wrong with a chain, and where.
struct damage {
  std::int64_t seq = 0; ///< place in the chain
  std::int64_t id = 0;  ///< of the line that shows it; 0: there is none
  std::string what;     ///< a sentence
};

/// A line has the time at which it was written, and is sealed when its transaction has committed. So one may lie before the line
/// before it by the longest transaction and by the difference of two nodes' clocks; one that lies further back was put in later.
inline constexpr auto late_line_max = std::chrono::hours{1};

/// Follows a chain from its first line. Bounded memory.
class chain_walk {
public:
  /// @param anchor an end of the chain that was written down before: the chain must lead through it
  explicit chain_walk(std::optional<chain_end> anchor = {});

  /// The next sealed line, by seq, then by id. @returns the first thing that is wrong; no more lines are taken then
  std::optional<damage> next(const entry& x, const seal& claimed);

  /// After the last line: does the chain end where its head says?
  std::optional<damage> finish(const chain_end& head) const;

  const chain_end& end() const noexcept { return end_; }

private:
  chain_end end_;
  std::optional<chain_end> anchor_;
  std::optional<timestamp> last_at_; ///< of the line before
};

/// `SEQ:HASH` with the hash in hexadecimal, as people write an end down.
std::string print_anchor(const chain_end& x);

/// Nothing when it is none.
std::optional<chain_end> parse_anchor(std::string_view text);

} // namespace ingot::audit

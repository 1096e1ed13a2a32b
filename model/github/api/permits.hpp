#pragma once

#include "model/contents/provider.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::github {

/// Which of GitHub's primary limits a request draws on.
enum class resource : std::uint8_t { core, graphql };
inline constexpr std::size_t resources = 2;

std::string_view to_string(resource x) noexcept;

/// What a request needs before it may be sent (law 8).
struct permit_order {
  std::string budget; ///< whose limit: `installation/7`, `user/3`, `token` (the node's personal one), `app`, `anonymous`
  resource of = resource::core;
  contents::urgency how = contents::urgency::fallback;
  std::string repository;   ///< permits of one urgency are shared out fairly among these; empty: for none in particular
  std::uint32_t points = 1; ///< of the secondary limit: GET, HEAD and OPTIONS 1, others 5; a GraphQL query 1, a mutation 5
};

/// What an answer said of the limits, by its headers and its status; every member that it did not name is absent.
struct rate_news {
  std::optional<std::int64_t> limit, remaining, used;
  std::optional<timestamp> reset;       ///< of the primary limit's window
  std::optional<timestamp> retry_after; ///< nothing may be sent for this budget before it
  bool limited = false;                 ///< the answer refused the request because of a limit; without retry_after it was a
                                        ///< secondary one of unknown length: a minute, then longer
  bool free = false;                    ///< it cost nothing of the primary limit: 304, GET /rate_limit, or no answer came
};

/// A permit that was granted, to be given back once with what the answer said.
class permit {
public:
  virtual ~permit() = default;

  /// After the answer, or its absence. A permit that is dropped without it counts as used.
  virtual void settle(const rate_news& news) = 0;
};

/// Grants permits: the RATE LIMITER, as whoever sends requests sees it. Thread-safe.
class permits {
public:
  virtual ~permits() = default;

  /// Blocks until the request may be sent. Throws contents::provider_error(rate_limited, retry_at) when that will not be within
  /// the time that a request may wait, or the node is stopping.
  virtual std::unique_ptr<permit> acquire(const permit_order& x) = 0;
};

} // namespace ingot::github

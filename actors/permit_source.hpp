#pragma once

#include "actors/context.hpp"
#include "model/github/api/permits.hpp"

namespace ingot {

/// The RATE LIMITER as whoever sends requests sees it. Blocks: for detached threads only.
class permit_source final : public github::permits {
public:
  /// The context outlives it.
  explicit permit_source(const node_context& context) : context_{context} {}

  std::unique_ptr<github::permit> acquire(const github::permit_order& x) override;

private:
  const node_context& context_;
};

} // namespace ingot

#pragma once

#include "bench/faults/shim_block.hpp"

namespace ingot::bench {

/// The block that this process is controlled by; null without one. For the shim's own files.
shim_block* block_of_process() noexcept;

} // namespace ingot::bench

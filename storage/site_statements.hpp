#pragma once

#include "storage/pipeline.hpp"

#include <span>

namespace ingot::storage {

/// The statements of a site sync, all of them over arrays: one of each, whatever the size of the batch. Those that write rows
/// that sites share (modules, module_versions) do so in the order of names, phase by phase, so that no two transactions deadlock.
std::span<const named_statement> site_statements();

} // namespace ingot::storage

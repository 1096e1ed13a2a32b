#pragma once

#include "storage/pipeline.hpp"

#include <span>

/// Tables of application events: the statements that the store (storage/event_store) runs.
namespace ingot::storage {

std::span<const named_statement> event_statements();

} // namespace ingot::storage

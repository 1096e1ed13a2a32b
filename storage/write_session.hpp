#pragma once

#include "storage/pipeline.hpp"

#include <span>
#include <vector>

namespace ingot::storage {

/// `begin`, `commit`, `roll_back`, and all of `more`: the statements of a session that writes by batches.
std::vector<named_statement> write_statements(std::initializer_list<std::span<const named_statement>> more);

/// Plans each of them once, by index: a plan that is right for arrays of every length. @pre the session has write_statements()
void plan_once(pipeline& db);

} // namespace ingot::storage

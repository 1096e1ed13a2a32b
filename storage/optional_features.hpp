#pragma once

#include "storage/connection.hpp"

#include <string>

namespace ingot::storage {

/// What makes things faster where it exists, and changes nothing where it does not (YugabyteDB, older or smaller builds). Each
/// statement stands alone: one that is refused is passed over.
void tune_tables(connection& db);

/// The same for a new partition of `deliveries`.
void tune_delivery_partition(connection& db, const std::string& name);

} // namespace ingot::storage

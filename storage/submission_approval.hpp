#pragma once

#include "storage/submissions.hpp"

namespace ingot::storage {

/// Lists the server of a submission that is approved, in that transaction. Throws refused_change (conflict) when its name is
/// another repository's, or its version was published with another manifest.
void list_submitted_server(pqxx::transaction_base& tx, const submission_record& x, const operator_action& by);

} // namespace ingot::storage

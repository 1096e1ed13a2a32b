#pragma once

#include "storage/audit_queries.hpp"

#include <string>

/// Audit lines as they are shown and exported.
namespace ingot::routes {

/// What is not known is null.
std::string to_json(const storage::audit_record& x);

/// The names of the columns of a line of CSV, with its end.
std::string audit_csv_header();

/// One record of RFC 4180. A field that a spreadsheet would take as a formula gets an apostrophe before it.
std::string to_csv(const storage::audit_record& x);

} // namespace ingot::routes

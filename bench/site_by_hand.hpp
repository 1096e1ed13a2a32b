#pragma once

#include "bench/database.hpp"
#include "bench/site_bodies.hpp"

#include <cstdint>
#include <string>

namespace ingot::bench {

/// What one would write by hand for a site's sync, as the base of ratios.

/// One set-based statement over all modules that the site reports, in a transaction, as text for psql: everything is upserted,
/// what is not reported any more is marked, changes of versions go to the history, the sync is recorded.
std::string whole_statement(std::int64_t site_id, const site_inventory& x, std::int64_t seconds);

/// The same by a straightforward client: for each module look it up, insert or update it, its version and the site's row.
void one_row_at_a_time(database& db, std::int64_t site_id, const site_inventory& x, std::int64_t seconds);

} // namespace ingot::bench

#pragma once

#include "actors/context.hpp"

namespace ingot {

/// A site's sync is over, waited for or run as a job: a metric, a line of the log, an audit line.
/// @param why code none: it was applied, or stored as a job; else why not, the database's verdict included
void log_sync(const node_context& context, const sync_in_hand& x, const failure& why);

} // namespace ingot

#pragma once

#include "config/settings.hpp"
#include "model/events/event.hpp"
#include "model/events/viewer.hpp"
#include "storage/batch_store.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace ingot::storage {

/// One request's events on their way into the database.
struct event_request {
  std::array<unsigned char, 16> id{}; ///< by chance: applied once, however often it is committed
  timestamp received_at{};            ///< part of its identity
  events::batch said;
  events::viewer who; ///< hashed for the periods of its views, and of their neighbours within view_window

  std::size_t accepted = 0;   ///< set by commit: events that are stored
  std::size_t duplicates = 0; ///< set by commit: the others
};

/// Where application events are put. One thread at a time.
class event_store {
public:
  virtual ~event_store() = default;

  /// Stores the events of all requests in one transaction: those whose idempotency key is new, and views that lie
  /// settings.events.view_window apart from the others of their viewer and rule. On return it is COMMITted. Throws store_error:
  /// nothing of it is stored (or nobody knows, with sql_remedy::reconnect; committing it again is safe).
  virtual void commit(std::span<event_request* const> requests) = 0;

  /// Keeps an acknowledged request that cannot be applied in `deliveries`, with its reason, so that it can be seen. Throws
  /// store_error.
  virtual void keep_failed(const delivery& x, const std::string& why) = 0;
};

using event_store_factory = std::function<std::unique_ptr<event_store>()>;

/// The first day of the period of a time (events::viewer_hasher::period_of).
using period_of_time = std::function<std::chrono::sys_days(timestamp)>;

/// The periods that `said` needs its viewer hashed for: those of its views, and of their neighbours within `window`.
std::vector<std::chrono::sys_days> periods_of(const events::batch& said, const period_of_time& period_of, milliseconds window);

/// The store on PostgreSQL. Throws store_error.
std::unique_ptr<event_store> open_event_store(const std::string& url, const database_settings& settings,
                                              const event_settings& rules);

} // namespace ingot::storage

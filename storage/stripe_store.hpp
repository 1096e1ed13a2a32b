#pragma once

#include "config/settings.hpp"
#include "model/delivery.hpp"
#include "model/stripe/event.hpp"
#include "storage/batch_store.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace ingot::storage {

/// What `deliveries.source` says of Stripe's events.
inline constexpr const char* stripe_source = "stripe";

/// Which road an event of Stripe's came.
enum class stripe_road : std::uint8_t { webhook, missed_event_check };

/// One event on its way through one commit.
struct stripe_item {
  delivery kept;
  stripe::event what;
  stripe_road road = stripe_road::webhook;

  // What the commit found.
  delivery_outcome outcome = delivery_outcome::stored;
  std::string donation; ///< the donation that it is about; empty: none
};

/// The delivery that keeps `body`, the event `what` as it came.
delivery stripe_delivery(const stripe::event& what, std::string_view body, timestamp received_at, stripe_road road);

/// Where Stripe's events are committed. One thread at a time.
class stripe_store {
public:
  virtual ~stripe_store() = default;

  /// Keeps and applies all events in one transaction: the deliveries, the donations, the marks of the days that change, the jobs
  /// that tell the application, a line of the audit log each. On return it is COMMITted and every item has its outcome: stored,
  /// ignored (of no type that makes donations), duplicate (its id was taken), or failed (kept with `what.unusable`; its id stays
  /// free). Throws store_error: nothing is applied, or nobody knows (sql_remedy::reconnect); applying it again is safe.
  virtual void commit(std::span<stripe_item* const> items) = 0;

  /// Keeps an event that the database refuses, with its reason. Its id stays free.
  virtual void keep_failed(const delivery& x, std::string_view reason) = 0;

  /// Which of these event ids were not taken yet.
  virtual std::vector<std::string> unknown_of(std::span<const std::string> ids) = 0;
};

/// Connects, or throws store_error(reconnect).
using stripe_store_factory = std::function<std::unique_ptr<stripe_store>()>;

/// The store on PostgreSQL. @param notifies enqueue jobs that tell the application
std::unique_ptr<stripe_store> open_stripe_store(const std::string& url, const database_settings& settings, bool notifies);

} // namespace ingot::storage

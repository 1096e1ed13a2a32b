#pragma once

#include "model/delivery.hpp"
#include "storage/connection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ingot::storage {

/// Which deliveries are wanted; what is empty does not restrict.
struct delivery_filter {
  std::string event;
  std::string repository; ///< full name, or the numeric id
  std::string outcome;    ///< stored | ignored | failed
  std::optional<timestamp> since;
};

/// A place in the listing, which runs from the newest to the oldest. Stays valid while deliveries arrive.
struct delivery_cursor {
  timestamp received_at{};
  std::string id;
};

/// One kept delivery.
struct kept_delivery {
  delivery kept;       ///< `body` is empty in listings
  std::string outcome; ///< as in the column
  std::string error;   ///< why it failed, or empty
};

struct delivery_page {
  std::vector<kept_delivery> items;
  std::optional<delivery_cursor> next; ///< where the next page begins, when there is more
};

/// The `limit` newest deliveries that the filter lets through, older than `after` when given. Throws what libpqxx throws.
delivery_page list_deliveries(connection& db, const delivery_filter& filter, unsigned limit,
                              const std::optional<delivery_cursor>& after);

/// Every kept delivery of that id with its body, the newest first: the one that was taken, and failed attempts before it.
std::vector<kept_delivery> find_deliveries(connection& db, const std::string& source, const std::string& id);

} // namespace ingot::storage

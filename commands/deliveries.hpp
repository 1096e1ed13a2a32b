#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "storage/delivery_queries.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ingot::commands {

struct list_options {
  unsigned limit = 20; ///< 1 to 1000
  std::string event;
  std::string repository;
  std::string outcome;
  std::string since; ///< RFC 3339, or how long ago: `2h`, `7d`
  std::string after; ///< where an earlier page ended
};

/// The newest deliveries, a page at a time. Throws std::runtime_error.
int list_deliveries(const settings& of, const list_options& options, timestamp now, const terminal& to);

/// Everything that is known of one delivery; with `body` the raw body alone, as it was sent.
int show_delivery(const settings& of, const std::string& id, bool body, const terminal& to);

/// Asks the running node to apply each delivery again (POST /api/v1/admin/deliveries/{id}/replay with the admin token).
int replay_deliveries(const settings& of, const std::vector<std::string>& ids, const terminal& to);

/// `2024-05-01T10:00:00Z`, or a duration before `now`. Throws std::runtime_error that says what is expected.
timestamp parse_since(const std::string& text, timestamp now);

/// A place in the listing as one word, and back. Throws std::runtime_error.
std::string print_cursor(const storage::delivery_cursor& at);
storage::delivery_cursor parse_cursor(const std::string& text);

/// One delivery as a JSON object, without its body.
std::string delivery_json(const storage::kept_delivery& x);

} // namespace ingot::commands

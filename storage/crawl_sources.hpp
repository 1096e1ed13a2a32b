#pragma once

#include "model/time.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <optional>
#include <string>
#include <vector>

/// Sources of crawl items, as operators manage them. What changes something writes its audit line in the same transaction. All
/// of these block, and throw refused_change when it cannot be done, else what libpqxx throws.
namespace ingot::storage {

struct crawl_source_record {
  std::string id;
  std::string name;
  std::optional<timestamp> disabled_at;
  timestamp created_at{};
};

/// A source's name has so many bytes at most.
inline constexpr std::size_t source_name_bytes_max = 255;

/// Refuses an id that is none (crawl::is_source_id) or taken (conflict). @param name empty: as the id
void add_crawl_source(connection& db, const std::string& id, const std::string& name, const operator_action& by);

/// Up to `limit` sources whose ids come after `after`, by id, bytewise.
std::vector<crawl_source_record> list_crawl_sources(connection& db, const std::string& after, unsigned limit);

std::optional<crawl_source_record> find_crawl_source(connection& db, const std::string& id);

/// A disabled source's items are refused as not_found; what it sent stays. Disabling twice changes nothing and is no error; so
/// with enabling.
void disable_crawl_source(connection& db, const std::string& id, const operator_action& by);
void enable_crawl_source(connection& db, const std::string& id, const operator_action& by);

} // namespace ingot::storage

#pragma once

#include "storage/provider_repositories.hpp"

#include <string>
#include <vector>

/// Followed repositories and their syncs, as routes and commands show them in JSON. What is not known is null.
namespace ingot::routes {

std::string to_json(const storage::followed_repository& x);
std::string to_json(const storage::content_sync_record& x);

/// Pages of them, asked with one item more than `limit`.
std::string page_json(const std::vector<storage::followed_repository>& items, unsigned limit);
std::string page_json(const std::vector<storage::content_sync_record>& items, unsigned limit);

} // namespace ingot::routes

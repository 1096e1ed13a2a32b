#pragma once

#include "config/settings.hpp"
#include "storage/connection.hpp"
#include "storage/module_releases.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// What is known of fetching release histories: table drupal_projects, and jobs that fetch. All of it blocks, and throws what
/// libpqxx throws.
namespace ingot::storage {

/// The kind of jobs that fetch; their payload is {"project"}, their key release_job_key().
inline constexpr const char* release_job_kind = "releases_fetch";

/// `drupal/releases/token`
std::string release_job_key(std::string_view project);

/// What the last answer said of itself, for a conditional request; empty when the project was never fetched.
release_fetch last_release_fetch(connection& db, const std::string& project);

/// Notes why a fetch or its import failed; the releases that are known stay. @param job behind its fence, when a job does it
void record_release_failure(connection& db, const std::string& project, const std::string& error, timestamp at,
                            const job_lease* job = nullptr);

/// Enqueues a fetch for every project that an enabled module of a site belongs to, custom modules left out: their names are
/// nobody's business. @param period the same for all nodes that mean the same fetch: such are enqueued once
/// @returns how many projects there are. Throws statement_error and what libpqxx throws.
std::size_t enqueue_release_fetches(const std::string& url, const database_settings& settings, std::string_view period);

} // namespace ingot::storage

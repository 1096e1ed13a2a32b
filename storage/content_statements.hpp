#pragma once

#include "storage/pipeline.hpp"

#include <span>

/// Tables `provider_repositories`, `content_blobs`, `repository_files`, `content_syncs`, `content_changes`: what a sync runs.
namespace ingot::storage {

/// To be run by name once a session, before content_statements() are prepared: they make the session's listing.
std::span<const named_statement> content_session_statements();

std::span<const named_statement> content_statements();

/// What needs no listing.
std::span<const named_statement> content_fallback_statements();

} // namespace ingot::storage

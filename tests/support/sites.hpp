#pragma once

#include "tests/support/http_client.hpp"
#include "tests/support/node.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ingot::testing {

/// A site that may sync.
struct test_site {
  std::int64_t id = 0;
  std::string key;

  std::string sync_path() const { return "/api/v1/sites/" + std::to_string(id) + "/modules/sync"; }
};

/// Adds a site and makes a key for it, straight in the database.
test_site make_site(const std::string& database_url, const std::string& name = "a site");

/// What the body of a sync says; members may be changed before text().
struct sync_body {
  boost::json::object members;

  /// @param at sync_timestamp, RFC 3339
  explicit sync_body(const std::string& at = "2024-05-01T10:00:00Z");

  sync_body& module(const std::string& machine_name, const std::string& version = "1.0.0", bool enabled = true);
  boost::json::array& modules() { return members["modules"].as_array(); }
  std::string text() const { return boost::json::serialize(members); }
};

/// A body of `count` modules `m0`, `m1`, …; those below `changed` have `version`.
sync_body many_modules(const std::string& at, int count, int changed = 0, const std::string& version = "2.0.0");

/// Sends a sync. `more` headers stand beside the key.
http_answer sync(http_client& to, const test_site& as, const std::string& body, const std::vector<header>& more = {});

boost::json::object object_of(const http_answer& x);

} // namespace ingot::testing

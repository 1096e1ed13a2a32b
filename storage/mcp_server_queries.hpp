#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is listed of MCP servers, as readers see it. Nothing here changes anything; all block, and throw what libpqxx throws.
namespace ingot::storage {

/// One version of a server.
struct server_version {
  std::string name, version;
  std::string manifest; ///< JSON
  std::string status;   ///< of the server: active, deprecated, deleted
  bool is_latest = false;
  timestamp published_at{}, updated_at{};
};

struct server_page_query {
  std::string after_name, after_version;  ///< where the page before ended; empty: from the first on
  std::string search;                     ///< a part of the name, whatever the case; empty: all
  std::optional<timestamp> updated_since; ///< deleted servers are listed, too, so that whoever follows changes learns of them
  bool latest_only = false;
  std::string version; ///< that alone; empty: all
  unsigned limit = 30;
};

/// Manifests of one page: it ends behind the one that passes this.
constexpr std::size_t server_page_bytes_max = 1024 * 1024;

struct server_page {
  std::vector<server_version> versions;
  bool more = false; ///< behind the last of them
};

/// By name, then version.
server_page list_server_versions(connection& db, const server_page_query& x);

/// Those of one server, the newest first, behind (published before) `after_version`. Nothing when there is no such server.
std::optional<server_page> list_versions_of(connection& db, const std::string& name, const std::string& after_version,
                                            unsigned limit);

/// One version; an empty one: the current.
std::optional<server_version> find_server_version(connection& db, const std::string& name, const std::string& version);

/// What is known of a server besides its manifest.
struct server_details {
  std::optional<std::int64_t> repository_id;
  std::string repository_url, manifest_path, manifest_sha, status_reason;
  std::string readme_path, readme_sha, readme_html, readme_facts; ///< empty: none. Facts: JSON
  std::string metadata;                                           ///< JSON
};
std::optional<server_details> find_server_details(connection& db, const std::string& name);

} // namespace ingot::storage

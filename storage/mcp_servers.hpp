#pragma once

#include "model/mcp/manifest.hpp"
#include "model/time.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"
#include "storage/pgx.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Tables `mcp_servers` and `mcp_server_versions`: what the node lists. Whatever changes a server writes its version, its search
/// document and its audit line in the same transaction. Throws what libpqxx throws.
namespace ingot::storage {

/// The README that stands beside a manifest; none, when its path is empty.
struct server_readme {
  std::string path, sha; ///< sha: git's id of the blob
  std::string text;      ///< Markdown, UTF-8
  std::string html;      ///< sanitized
  std::string facts;     ///< JSON: title, first paragraph, headings, links …
};

/// A server that is to be listed, as its valid manifest says it.
struct server_publication {
  mcp::manifest what;
  std::string text;                          ///< of the manifest, as it was found
  std::string sha;                           ///< git's id of that text as a blob
  std::string path;                          ///< where it lies in its repository; empty: it was given inline
  std::optional<std::int64_t> repository_id; ///< of provider_repositories, if it is followed
  std::string repository_url;                ///< where it was found; empty: what the manifest says
  std::optional<server_readme> readme;       ///< nothing: what is stored stays
  timestamp observed_at{};                   ///< when it was so: an older observation changes nothing
};

/// What became of a publication.
enum class published : std::uint8_t {
  listed,         ///< a new server
  updated,        ///< another version is the current one, or the README changed
  unchanged,      ///< as it is listed
  superseded,     ///< something newer is known
  name_taken,     ///< the name is another repository's
  held_elsewhere, ///< another row that follows the same repository publishes it
  version_taken,  ///< this version was published with another manifest: a version is published once
};

std::string_view to_string(published x) noexcept;

/// Lists a server, or its next version, in a transaction of the caller's. Takes the lock of its name, and of the search: call it
/// late.
/// @pre the manifest is valid, and its name may be used by whoever publishes it
published publish_server(pqxx::transaction_base& tx, const server_publication& x, const operator_action& by);

/// Whose name it is: the id of the repository that it is published from, if any.
struct listed_server {
  std::int64_t id = 0;
  std::string name, version, status;
  std::optional<std::int64_t> repository_id;
  std::string repository_url;
  std::string manifest; ///< JSON, as it was found
};

/// The server of that name, deleted ones too.
std::optional<listed_server> find_listed_server(pqxx::transaction_base& tx, std::string_view name);

/// Those that are published from a repository, whatever the case and the end (`.git`) of its URL.
std::optional<listed_server> find_server_of_repository(pqxx::transaction_base& tx, std::string_view repository_url);

/// Who may change a server: the row of provider_repositories that it is published from, or another one of the same repository,
/// when that row follows it no longer.
struct server_holder {
  std::int64_t repository_id = 0;
  std::string repository_url;
};

/// The README beside a manifest that stayed as it was. @returns whether that changed anything
bool set_server_readme(pqxx::transaction_base& tx, std::string_view name, const server_holder& of, const server_readme& x,
                       const operator_action& by);

/// Marks a server as deleted that `of` published from `path`. @returns whether that changed anything
bool retire_server(pqxx::transaction_base& tx, std::string_view name, const server_holder& of, std::string_view path,
                   const std::string& reason, timestamp observed_at, const operator_action& by);

/// What an operator says of a listed server: `deprecated`, or `active` again; that it is so already changes nothing. Throws
/// refused_change: not_found, or conflict when it is deleted.
void change_server_status(connection& db, const std::string& name, const std::string& status, const operator_action& by);

/// Marks a server as deprecated or deleted, or as active again. Its rows stay. @returns whether that changed anything
bool set_server_status(pqxx::transaction_base& tx, std::string_view name, std::string_view status, const std::string& reason,
                       timestamp observed_at, const operator_action& by);

} // namespace ingot::storage

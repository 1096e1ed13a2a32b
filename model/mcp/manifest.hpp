#pragma once

#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

/// A server.json manifest as a value. The source of every member is the published schema (model/mcp/schemas).
namespace ingot::mcp {

/// An argument of a command line, a header, or an environment variable.
struct manifest_input {
  bool is_named = true;            ///< a flag, a header, a variable; else an argument by its place
  std::optional<std::string> name; ///< nothing: absent
  std::string value;               ///< fixed, or the default; empty: absent
  std::string value_hint;          ///< of an argument by its place
  bool is_repeated = false;        ///< may stand more than once
};

struct manifest_transport {
  std::string type, url; ///< empty: absent
  std::vector<manifest_input> headers;
  std::vector<std::string> variables; ///< names
};

struct manifest_package {
  std::string registry_type, registry_base_url, identifier, version, file_sha256, runtime_hint; ///< empty: absent
  manifest_transport transport;
  std::vector<manifest_input> runtime_arguments, package_arguments, environment;
};

struct manifest_repository {
  std::string url, source, id, subfolder; ///< empty: absent
};

/// What a manifest says, members of wrong types left out. Texts are UTF-8.
struct manifest {
  /// The version of 2025-07-09 writes `registry_type`; all later ones `registryType`.
  bool underscored = false;
  std::string schema; ///< `$schema`; empty: absent
  std::string name, title, description, version, website_url;
  bool deprecated = false; ///< says so itself, by `status`: the versions of 2025-07-09 and 2025-09-16 alone have that
  std::optional<manifest_repository> repository;
  std::vector<manifest_package> packages;
  std::vector<manifest_transport> remotes;

  /// `name` as this manifest spells it: `registryType` or `registry_type`.
  std::string spelled(std::string_view name) const;
};

manifest read_manifest(simdjson::dom::element document);

/// Reads the text of a manifest that was validated.
/// @returns nothing when it is no JSON object
std::optional<manifest> read_manifest(std::string_view text);

/// What the search should find a server by, besides its name and title: description, packages, remotes, repository.
std::string search_text(const manifest& x);

/// What is listed of a server beside its manifest, as JSON: `{"registry_types", "transports", "remotes", "packages"}`.
std::string metadata_json(const manifest& x);

} // namespace ingot::mcp

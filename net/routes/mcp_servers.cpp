#include "net/routes/mcp_servers.hpp"

#include "model/json_object.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "storage/mcp_server_queries.hpp"
#include "storage/refused_change.hpp"

namespace ingot::routes {

namespace {

constexpr std::int64_t servers_default = 30; // as the official registry
constexpr std::int64_t servers_max = 100;
constexpr std::size_t search_bytes_max = 200;

storage::refused_change no_server(const std::string& name) {
  return storage::refused_change{{fault::not_found, "there is no server " + name, {}}};
}

/// A manifest, and what the registry says of it (`_meta`); `more` goes in between.
std::string to_json(const storage::server_version& x, const std::string& more = {}) {
  const auto official = json_object{}
                            .add("status", x.status)
                            .add("publishedAt", to_rfc3339(x.published_at))
                            .add("updatedAt", to_rfc3339(x.updated_at))
                            .add("isLatest", x.is_latest)
                            .text();
  auto meta = json_object{};
  meta.add_raw("io.modelcontextprotocol.registry/official", official);
  if (!more.empty())
    meta.add_raw("ingot/listing", more);
  return json_object{}.add_raw("server", x.manifest).add_raw("_meta", meta.text()).text();
}

std::string to_json(const storage::server_details& x) {
  auto readme = json_object{};
  readme.add("path", x.readme_path).add("sha", x.readme_sha).add("html", x.readme_html);
  readme.add_raw("facts", x.readme_facts.empty() ? "null" : x.readme_facts);
  return json_object{}
      .add_unless_empty("repositoryUrl", x.repository_url)
      .add_unless_empty("manifestPath", x.manifest_path)
      .add("manifestSha", x.manifest_sha)
      .add_unless_empty("statusReason", x.status_reason)
      .add_raw("metadata", x.metadata)
      .add_raw("readme", x.readme_sha.empty() ? "null" : readme.text())
      .text();
}

/// A cursor is `name:version`; no name holds a colon.
std::string page_json(const storage::server_page& found) {
  auto items = std::vector<std::string>{};
  for (const auto& x : found.versions)
    items.push_back(to_json(x));
  auto metadata = json_object{};
  metadata.add("count", items.size());
  if (found.more)
    metadata.add("nextCursor", found.versions.back().name + ':' + found.versions.back().version);
  return json_object{}.add_raw("servers", json_array(items)).add_raw("metadata", metadata.text()).text();
}

std::pair<std::string, std::string> cursor_of(const query_parameters& query) {
  const auto text = query.text("cursor");
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<timestamp> time_of(const query_parameters& query) {
  const auto text = query.text("updated_since");
  if (text.empty())
    return std::nullopt;
  const auto at = parse_rfc3339(text);
  if (!at)
    throw storage::refused_change{{fault::bad_parameter,
                                   "the parameter updated_since takes a time as in RFC 3339",
                                   {{"updated_since", "expected such as 2025-08-07T13:15:04Z"}}}};
  return at;
}

unsigned limit_of(const query_parameters& query) {
  return static_cast<unsigned>(query.integer("limit", 1, servers_max, servers_default));
}

} // namespace

void validate_manifest(const services& what, http::request req, path_parameters, http::responder done) {
  const auto report = what.context->manifests->validate(req.body);
  if (report.is_json)
    return done(json_response(mcp::to_json(report)));
  const auto& why = report.problems.front();
  done(http::refusal({fault::malformed_body,
                      "the body is no JSON that can be read: " + why.message,
                      {{"line " + std::to_string(why.line) + ", column " + std::to_string(why.column), why.message}}},
                     req.head.request_id));
}

void list_servers(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{
        asked.head.query, {"cursor", "limit", "search", "updated_since", "version"}, query_parameters::others::pass};
    auto wanted = storage::server_page_query{};
    wanted.limit = limit_of(query);
    std::tie(wanted.after_name, wanted.after_version) = cursor_of(query);
    wanted.search = query.text("search");
    if (wanted.search.size() > search_bytes_max)
      throw storage::refused_change{{fault::bad_parameter,
                                     "the parameter search takes at most " + std::to_string(search_bytes_max) + " bytes",
                                     {{"search", "too long"}}}};
    wanted.updated_since = time_of(query);
    wanted.version = query.text("version");
    wanted.latest_only = wanted.version == "latest";
    if (wanted.latest_only)
      wanted.version.clear();
    return json_response(page_json(storage::list_server_versions(db, wanted)));
  });
}

void show_server(const services& what, http::request req, path_parameters of, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [text = of.front()](storage::connection& db, const http::request&) {
    const auto name = percent_decoded(text);
    const auto found = storage::find_server_version(db, name, {});
    const auto details = storage::find_server_details(db, name);
    if (!found || !details)
      throw no_server(name);
    return json_response(to_json(*found, to_json(*details)));
  });
}

void list_server_versions(const services& what, http::request req, path_parameters of, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done),
                    [text = of.front()](storage::connection& db, const http::request& asked) {
                      const auto query = query_parameters{asked.head.query, {"cursor", "limit"}, query_parameters::others::pass};
                      const auto name = percent_decoded(text);
                      const auto found = storage::list_versions_of(db, name, cursor_of(query).second, limit_of(query));
                      if (!found)
                        throw no_server(name);
                      return json_response(page_json(*found));
                    });
}

void show_server_version(const services& what, http::request req, path_parameters of, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [of = std::move(of)](storage::connection& db, const http::request&) {
    const auto name = percent_decoded(of.at(0));
    const auto version = percent_decoded(of.at(1));
    const auto found = storage::find_server_version(db, name, version == "latest" ? std::string{} : version);
    if (!found)
      throw storage::refused_change{{fault::not_found, "there is no version " + version + " of a server " + name, {}}};
    return json_response(to_json(*found));
  });
}

} // namespace ingot::routes

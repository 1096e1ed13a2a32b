#include "storage/submission_approval.hpp"

#include "model/contents/object_id.hpp"
#include "storage/mcp_servers.hpp"
#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

refused_change not_listed(const std::string& why, const std::string& server) {
  return refused_change{{fault::conflict, why, {{"server", server}}}};
}

} // namespace

void list_submitted_server(pqxx::transaction_base& tx, const submission_record& x, const operator_action& by) {
  const auto manifest = mcp::read_manifest(std::string_view{x.manifest.text});
  if (!manifest)
    throw not_listed("its manifest is no JSON", x.manifest.server_name);
  auto server = server_publication{};
  server.what = *manifest;
  server.text = x.manifest.text;
  server.sha = contents::id_of_blob(x.manifest.text).hex();
  server.repository_url = x.repository_url;
  server.observed_at = by.at;
  switch (publish_server(tx, server, by)) {
  case published::listed:
  case published::updated:
  case published::unchanged:
    return;
  case published::superseded:
  case published::held_elsewhere:
    throw not_listed("something newer is listed of this server", manifest->name);
  case published::name_taken:
    throw not_listed("this name is another repository's", manifest->name);
  case published::version_taken:
    throw not_listed("version " + manifest->version + " was published with another manifest", manifest->name);
  }
}

} // namespace ingot::storage

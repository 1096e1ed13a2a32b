#include "net/routes/repository_json.hpp"

#include "model/json_object.hpp"
#include "net/routes/site_json.hpp"

namespace ingot::routes {

namespace {

json_object& add_id(json_object& to, std::string_view name, std::int64_t id) {
  return id == 0 ? to.add_raw(name, "null") : to.add(name, id);
}

std::string texts_json(const std::vector<std::string>& from) {
  auto items = std::vector<std::string>{};
  for (const auto& x : from)
    items.push_back(json_string(x));
  return json_array(items);
}

template <class Item>
std::string page_of(const char* name, const std::vector<Item>& items, unsigned limit) {
  return page_json(name, items, limit, [](const Item& x) { return std::to_string(x.id); });
}

} // namespace

std::string to_json(const storage::followed_repository& x) {
  auto out = json_object{};
  out.add("id", x.id).add("userId", x.user_id).add("provider", x.provider).add_unless_empty("owner", x.owner);
  add_id(out.add("name", x.name).add_unless_empty("url", x.url), "externalId", x.external_id);
  add_id(out, "credentialId", x.credential_id).add_unless_empty("branch", x.branch);
  out.add_unless_empty("defaultBranch", x.default_branch).add("isPrivate", x.is_private).add("archived", x.archived);
  out.add_raw("include", texts_json(x.filter.include)).add_raw("exclude", texts_json(x.filter.exclude));
  x.filter.file_bytes_max ? out.add("fileBytesMax", *x.filter.file_bytes_max) : out.add_raw("fileBytesMax", "null");
  out.add("skipBinary", x.filter.skip_binary).add("fetchLfs", x.filter.fetch_lfs);
  out.add("manifests", x.filter.manifests).add_raw("manifestPaths", texts_json(x.filter.manifest_paths));
  out.add("state", x.state).add_unless_empty("stateReason", x.state_reason);
  out.add("lastSyncedAt", x.last_synced_at).add_unless_empty("lastCommitSha", x.last_commit_sha);
  out.add_unless_empty("lastTreeSha", x.last_tree_sha).add_unless_empty("lastBranch", x.last_branch);
  out.add("complete", x.complete).add("files", x.files).add("bytes", x.bytes).add("version", x.version);
  out.add("rateLimitResetAt", x.rate_limit_reset_at).add("retryCount", x.retry_count).add("nextRetryAt", x.next_retry_at);
  out.add_unless_empty("lastError", x.last_error).add("createdAt", std::optional{x.created_at});
  return out.add("updatedAt", std::optional{x.updated_at}).text();
}

std::string to_json(const storage::content_sync_record& x) {
  auto out = json_object{};
  out.add("id", x.id).add("repositoryId", x.repository_id).add("jobId", std::to_string(x.job_id)).add("trigger", x.trigger);
  out.add("state", x.state).add_unless_empty("beforeSha", x.before_sha).add_unless_empty("commitSha", x.commit_sha);
  out.add_unless_empty("treeSha", x.tree_sha).add_unless_empty("branch", x.branch).add("plan", x.plan);
  out.add("requests", x.requests).add("notModified", x.not_modified).add("points", x.points).add("bytes", x.bytes);
  out.add("added", x.added).add("modified", x.modified).add("removed", x.removed).add("skipped", x.skipped);
  out.add("blobsWanted", x.blobs_wanted).add("blobsStored", x.blobs_stored).add("complete", x.complete);
  out.add_unless_empty("error", x.error).add("startedAt", std::optional{x.started_at});
  return out.add("finishedAt", x.finished_at).text();
}

std::string page_json(const std::vector<storage::followed_repository>& items, unsigned limit) {
  return page_of("repositories", items, limit);
}

std::string page_json(const std::vector<storage::content_sync_record>& items, unsigned limit) {
  return page_of("syncs", items, limit);
}

} // namespace ingot::routes

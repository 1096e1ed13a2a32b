#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components account_components() {
  return {
      R"json(
 "userId":{"name":"userId","in":"path","required":true,"description":"letters, digits and . _ - @ : +","schema":{"type":"string","minLength":1,"maxLength":128}},
 "repository_id":{"name":"repository_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "link":{"name":"link","in":"query","description":"as POST /api/v1/github/install-links made it; absent: the user's key counts","schema":{"type":"string"}},
 "installation_id":{"name":"installation_id","in":"query","required":true,"schema":{"type":"integer","minimum":1}},
 "state":{"name":"state","in":"query","required":true,"description":"as GET /github/install gave it to GitHub; it counts once","schema":{"type":"string"}},
 "code":{"name":"code","in":"query","required":true,"description":"by which GitHub tells who installed","schema":{"type":"string"}})json",
      R"json(
 "new_repository":{"required":true,"content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/RepositoryWish"},{"type":"object","required":["provider"],"properties":{
  "provider":{"enum":["github","git"]},"owner":{"type":"string","maxLength":100,"description":"of github"},"name":{"type":"string","maxLength":100},"url":{"type":"string","maxLength":2048,"description":"of git: https or http, without user name"}}}]}}}},
 "repository_change":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/RepositoryWish"}}}},
 "sync_request":{"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{"full":{"type":"boolean","default":false,"description":"list all files even when the branch has not moved"}}}}}})json",
      R"json(
 "user_key":{"description":"The key, without its text.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/UserKey"}}}},
 "new_user_key":{"description":"The new key.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/UserKey"},{"type":"object","required":["key"],"properties":{"key":{"type":"string","description":"shown this once"}}}]}}}},
 "repository":{"description":"The repository.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/FollowedRepository"}}}},
 "repositories":{"description":"A page of repositories.","content":{"application/json":{"schema":{"type":"object","required":["repositories","next"],"properties":{"repositories":{"type":"array","items":{"$ref":"#/components/schemas/FollowedRepository"}},"next":{"type":["integer","null"]}}}}}},
 "sync_begun":{"description":"A job syncs it; Location lists its syncs.","content":{"application/json":{"schema":{"type":"object","required":["repositoryId","jobId"],"properties":{"repositoryId":{"type":"integer"},"jobId":{"type":"string"}}}}}},
 "content_syncs":{"description":"A page of syncs.","content":{"application/json":{"schema":{"type":"object","required":["syncs","next"],"properties":{"syncs":{"type":"array","items":{"$ref":"#/components/schemas/ContentSync"}},"next":{"type":["integer","null"]}}}}}},
 "delivery_receipts":{"description":"One receipt for each hook that was looked through.","content":{"application/json":{"schema":{"type":"object","required":["receipts"],"properties":{"receipts":{"type":"array","items":{"type":"object","required":["completeThrough","missing","unrecoverable"],"properties":{
  "hook":{"type":["string","null"],"description":"null: the App's"},"completeThrough":{"$ref":"#/components/schemas/Time","description":"1970: no look has succeeded yet"},"checkedAt":{"$ref":"#/components/schemas/Time"},"error":{"type":["string","null"],"description":"why the last look failed"},"missing":{"type":"integer"},"unrecoverable":{"type":"integer"},
  "deliveries":{"type":"array","maxItems":100,"items":{"type":"object","properties":{"guid":{"type":"string"},"deliveryId":{"type":"integer"},"event":{"type":"string"},"action":{"type":["string","null"]},"status":{"type":"string"},"deliveredAt":{"$ref":"#/components/schemas/Time"},"asked":{"type":"integer"},"askedAt":{"$ref":"#/components/schemas/TimeOrNull"},"unrecoverable":{"type":["string","null"],"description":"why it is not asked for any more"}}}}}}}}}}}},
 "install_link":{"description":"The link.","content":{"application/json":{"schema":{"type":"object","required":["path","expiresAt"],"properties":{"path":{"type":"string"},"expiresAt":{"$ref":"#/components/schemas/Time"}}}}}},
 "to_github":{"description":"Location is GitHub's page."},
 "installed":{"description":"A page that says which account's installation is now whose.","content":{"text/html":{"schema":{"type":"string"}}}},
 "installations":{"description":"A page of installations.","content":{"application/json":{"schema":{"type":"object","required":["installations","next"],"properties":{"installations":{"type":"array","items":{"type":"object","properties":{"credentialId":{"type":"integer"},"userId":{"type":"string"},"account":{"type":"string"},"installationId":{"type":["integer","null"]},"state":{"enum":["live","suspended","refused"]},"stateReason":{"type":["string","null"]},"createdAt":{"$ref":"#/components/schemas/Time"},"updatedAt":{"$ref":"#/components/schemas/Time"}}}},"next":{"type":["integer","null"]}}}}}},
 "user_keys":{"description":"A page of keys.","content":{"application/json":{"schema":{"type":"object","required":["keys","next"],"properties":{"keys":{"type":"array","items":{"$ref":"#/components/schemas/UserKey"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "RepositoryWish":{"type":"object","properties":{"branch":{"type":["string","null"],"description":"null: the default branch, whatever that is"},
  "include":{"type":["array","null"],"maxItems":100,"items":{"type":"string"},"description":"patterns as in .gitignore; none: all files"},"exclude":{"type":["array","null"],"maxItems":100,"items":{"type":"string"}},
  "fileBytesMax":{"type":["integer","null"],"minimum":0,"description":"larger files are recorded and skipped"},"skipBinary":{"type":["boolean","null"]},"fetchLfs":{"type":["boolean","null"]},"manifests":{"type":["boolean","null"],"description":"look for manifests of MCP servers"},"manifestPaths":{"type":["array","null"],"maxItems":100,"items":{"type":"string"},"description":"paths, and patterns as in .gitignore; none: the setting mcp.manifest_paths"},"credentialId":{"type":["integer","null"],"minimum":1}}},
 "FollowedRepository":{"type":"object","required":["id","provider","name","state"],"properties":{"id":{"type":"integer"},"userId":{"type":"string"},"provider":{"enum":["github","git"]},"owner":{"type":["string","null"]},"name":{"type":"string"},"url":{"type":["string","null"]},
  "externalId":{"type":["integer","null"],"description":"GitHub's id, which outlives renames"},"credentialId":{"type":["integer","null"]},"branch":{"type":["string","null"]},"defaultBranch":{"type":["string","null"]},"isPrivate":{"type":"boolean"},"archived":{"type":"boolean"},
  "include":{"type":"array","items":{"type":"string"}},"exclude":{"type":"array","items":{"type":"string"}},"fileBytesMax":{"type":["integer","null"]},"skipBinary":{"type":"boolean"},"fetchLfs":{"type":"boolean"},"manifests":{"type":"boolean"},"manifestPaths":{"type":"array","items":{"type":"string"}},
  "state":{"enum":["active","gone","forbidden","suspended","removed"]},"stateReason":{"type":["string","null"]},"lastSyncedAt":{"$ref":"#/components/schemas/TimeOrNull"},"lastCommitSha":{"type":["string","null"]},"lastTreeSha":{"type":["string","null"]},"lastBranch":{"type":["string","null"]},
  "complete":{"type":"boolean","description":"every wanted file of lastCommitSha is stored"},"files":{"type":"integer"},"bytes":{"type":"integer"},"version":{"type":"integer"},"rateLimitResetAt":{"$ref":"#/components/schemas/TimeOrNull"},"retryCount":{"type":"integer"},"nextRetryAt":{"$ref":"#/components/schemas/TimeOrNull"},
  "lastError":{"type":["string","null"]},"createdAt":{"$ref":"#/components/schemas/Time"},"updatedAt":{"$ref":"#/components/schemas/Time"}}},
 "ContentSync":{"type":"object","required":["id","repositoryId","jobId","state"],"properties":{"id":{"type":"integer"},"repositoryId":{"type":"integer"},"jobId":{"type":"string"},"trigger":{"enum":["webhook","manual","fallback","nightly"]},"state":{"enum":["running","succeeded","failed"]},
  "beforeSha":{"type":["string","null"]},"commitSha":{"type":["string","null"]},"treeSha":{"type":["string","null"]},"branch":{"type":["string","null"]},"plan":{"type":"string","description":"how, in the order of its steps"},
  "requests":{"type":"integer"},"notModified":{"type":"integer"},"points":{"type":"integer"},"bytes":{"type":"integer"},"added":{"type":"integer"},"modified":{"type":"integer"},"removed":{"type":"integer"},"skipped":{"type":"integer"},
  "blobsWanted":{"type":"integer"},"blobsStored":{"type":"integer"},"complete":{"type":"boolean"},"error":{"type":["string","null"]},"startedAt":{"$ref":"#/components/schemas/Time"},"finishedAt":{"$ref":"#/components/schemas/TimeOrNull"}}},
 "UserKey":{"type":"object","required":["keyId","userId","prefix"],"properties":{"keyId":{"type":"integer"},"userId":{"type":"string"},"name":{"type":"string"},"prefix":{"type":"string","description":"the key's first 12 characters"},
  "createdAt":{"$ref":"#/components/schemas/Time"},"lastUsedAt":{"$ref":"#/components/schemas/TimeOrNull","description":"to the hour"},"revokedAt":{"$ref":"#/components/schemas/TimeOrNull"}}})json"};
}

} // namespace ingot::routes

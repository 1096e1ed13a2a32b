#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components content_components() {
  return {
      R"json(
 "file_path":{"name":"file_path","in":"path","required":true,"description":"the file's path; its slashes may stand as they are","schema":{"type":"string"}},
 "files_path":{"name":"path","in":"query","description":"a file, or a folder: all below it","schema":{"type":"string"}},
 "feed_after":{"name":"after","in":"query","description":"`cursor` of the last line that was read, or X-Next-Cursor; absent: from the beginning","schema":{"type":"string"}},
 "feed_repository":{"name":"repository","in":"query","description":"of this repository alone","schema":{"type":"integer","minimum":1}},
 "feed_wait":{"name":"wait","in":"query","description":"seconds to wait for a change when there is none","schema":{"type":"integer","minimum":0,"maximum":60,"default":0}})json",
      {},
      R"json(
 "repository_files":{"description":"The files.","content":{"application/json":{"schema":{"type":"object","required":["files","next"],"properties":{
  "commit_sha":{"type":["string","null"],"description":"the files are this commit's"},"files":{"type":"array","items":{"$ref":"#/components/schemas/RepositoryFile"}},"next":{"type":["string","null"]}}}}}},
 "file_content":{"description":"The content, or the part of it that Range asks for. ETag is the id of its blob.","content":{"*/*":{"schema":{"type":"string","format":"binary"}}}},
 "file_unchanged":{"description":"It is what If-None-Match names."},
 "content_changes":{"description":"A line for each change. X-Next-Cursor tells where to go on.","content":{"application/x-ndjson":{"schema":{"$ref":"#/components/schemas/ContentChange"}}}})json",
      R"json(
 "RepositoryFile":{"type":"object","required":["path","sha","size","mode"],"properties":{"path":{"type":"string"},"sha":{"type":"string","description":"git's id of its blob; of a submodule, of its commit"},
  "size":{"type":"integer"},"mode":{"enum":["100644","100755","120000","160000"]},
  "skipped":{"type":["string","null"],"description":"why the content is not stored: submodule, too_large, binary, unavailable"},
  "mime_type":{"type":["string","null"]},"language":{"type":["string","null"]},"is_binary":{"type":["boolean","null"]},
  "lfs":{"type":["object","null"],"description":"what an LFS pointer names","properties":{"oid":{"type":"string"},"size":{"type":"integer"},"stored":{"type":"boolean","description":"it was fetched, and stands for the file's content"}}}}},
 "ContentChange":{"type":"object","required":["cursor","repository_id","sync_id","path","change","at"],"properties":{"cursor":{"type":"string"},"repository_id":{"type":"integer"},"sync_id":{"type":"integer"},
  "commit_sha":{"type":"string"},"path":{"type":"string"},"change":{"enum":["added","modified","removed"]},"sha":{"type":["string","null"]},"previous_sha":{"type":["string","null"]},
  "mode":{"type":["string","null"]},"at":{"type":"string","format":"date-time"}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components server_components() {
  return {
      R"json(
 "server_name":{"name":"server_name","in":"path","required":true,"description":"with its slash as %2F","schema":{"type":"string","maxLength":200}},
 "version":{"name":"version","in":"path","required":true,"description":"a version, or `latest`","schema":{"type":"string","maxLength":255}},
 "server_cursor":{"name":"cursor","in":"query","description":"`nextCursor` of the page before","schema":{"type":"string"}},
 "server_limit":{"name":"limit","in":"query","description":"how many at most","schema":{"type":"integer","minimum":1,"maximum":100,"default":30}},
 "server_search":{"name":"search","in":"query","description":"a part of the name, whatever the case","schema":{"type":"string","maxLength":200}},
 "server_updated_since":{"name":"updated_since","in":"query","description":"what was published or changed since; deleted servers are listed, too","schema":{"type":"string","format":"date-time"}},
 "server_version":{"name":"version","in":"query","description":"that version alone, or `latest`: the current ones","schema":{"type":"string","maxLength":255}})json",
      R"json(
 "manifest":{"required":true,"content":{"application/json":{"schema":{"description":"a server.json, 256 KiB at most","type":"object"}}}},
 "server_change":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["status"],"additionalProperties":false,"properties":{"status":{"enum":["active","deprecated"]}}}}}})json",
      R"json(
 "manifest_report":{"description":"What the validation says, whether the manifest is valid or not. 400 when the body is no JSON.","content":{"application/json":{"schema":{"type":"object","required":["valid","schema_valid","schema","errors"],"properties":{
  "valid":{"type":"boolean"},"schema_valid":{"type":"boolean"},"schema":{"type":"string","description":"the version that it was held against"},
  "errors":{"type":"array","maxItems":50,"items":{"type":"object","required":["source","pointer","message","hint","line","column"],"properties":{"source":{"enum":["schema","rule"]},"pointer":{"type":"string","description":"JSON pointer"},
   "message":{"type":"string","description":"what was found, and what is expected"},"hint":{"type":"string"},"line":{"type":"integer","minimum":1},"column":{"type":"integer","minimum":1}}}}}}}}},
 "servers":{"description":"A page of versions of servers.","content":{"application/json":{"schema":{"type":"object","required":["servers","metadata"],"properties":{"servers":{"type":"array","items":{"$ref":"#/components/schemas/ListedServer"}},
  "metadata":{"type":"object","required":["count"],"properties":{"count":{"type":"integer"},"nextCursor":{"type":"string"}}}}}}}},
 "server_changed":{"description":"How it stands now.","content":{"application/json":{"schema":{"type":"object","required":["name","status"],"properties":{"name":{"type":"string"},"status":{"enum":["active","deprecated"]}}}}}},
 "repository_manifests":{"description":"Places, and the last looks.","content":{"application/json":{"schema":{"type":"object","required":["files","looks"],"properties":{
  "files":{"type":"array","items":{"type":"object","required":["path","kind","state","reason","checked_at"],"properties":{"path":{"type":"string"},"kind":{"enum":["manifest","readme"]},"state":{"type":"string"},"reason":{"type":"string"},"server":{"type":"string"},"sha":{"type":"string"},"checked_at":{"type":"string","format":"date-time"}}}},
  "looks":{"type":"array","maxItems":50,"items":{"type":"object","required":["id","path","state","reason","checked_at"],"properties":{"id":{"type":"integer"},"path":{"type":"string"},"state":{"type":"string"},"reason":{"type":"string"},"server":{"type":"string"},"version":{"type":"string"},"sha":{"type":"string"},"trigger":{"type":"string"},"job_id":{"type":"integer"},"checked_at":{"type":"string","format":"date-time"},"report":{"type":["object","null"]}}}}}}}}},
 "server":{"description":"One version of a server.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/ListedServer"}}}})json",
      R"json(
 "ListedServer":{"type":"object","required":["server","_meta"],"properties":{"server":{"type":"object","description":"the manifest"},"_meta":{"type":"object","required":["io.modelcontextprotocol.registry/official"],"properties":{
  "io.modelcontextprotocol.registry/official":{"type":"object","required":["status","publishedAt","updatedAt","isLatest"],"properties":{"status":{"enum":["active","deprecated","deleted"]},"publishedAt":{"type":"string","format":"date-time"},"updatedAt":{"type":"string","format":"date-time"},"isLatest":{"type":"boolean"}}},
  "ingot/listing":{"type":"object","description":"repository, place of the manifest, README as sanitized HTML; of one server alone"}}}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components audit_components() {
  return {
      R"json(
 "audit_format":{"name":"format","in":"query","schema":{"enum":["ndjson","csv"],"default":"ndjson"}},
 "audit_actor":{"name":"actor","in":"query","description":"who, exactly: `admin`, `command line`, `user ada`, `remote 10.0.0.1`","schema":{"type":"string"}},
 "audit_action":{"name":"action","in":"query","description":"what, exactly: `key created`","schema":{"type":"string"}},
 "audit_subject":{"name":"subject","in":"query","description":"to what, exactly: `site 7`","schema":{"type":"string"}},
 "audit_since":{"name":"since","in":"query","description":"at this time or later","schema":{"type":"string","format":"date-time"}},
 "audit_until":{"name":"until","in":"query","description":"before this time","schema":{"type":"string","format":"date-time"}})json",
      {},
      R"json(
 "audit_export":{"description":"One line each, the oldest first; a list that breaks off ends without the last chunk. In CSV a field that a spreadsheet would take as a formula has an apostrophe before it.","content":{"application/x-ndjson":{"schema":{"$ref":"#/components/schemas/AuditLine"}},"text/csv":{"schema":{"type":"string"}}}},
 "audit_lines":{"description":"A page of the audit log; `next` is null on the last one.","content":{"application/json":{"schema":{"type":"object","required":["lines","next"],"properties":{
  "lines":{"type":"array","items":{"$ref":"#/components/schemas/AuditLine"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "AuditLine":{"type":"object","required":["id","at","actor","action","subject","count"],"properties":{
  "id":{"type":"integer"},"at":{"type":"string","format":"date-time"},"actor":{"type":"string"},"action":{"type":"string"},"subject":{"type":"string"},"reason":{"type":"string"},
  "count":{"type":"integer","description":"Equal lines of one second are one."},
  "before":{"description":"what it was; null: not told"},"after":{"description":"what it became; null: not told"},
  "request_id":{"type":["string","null"],"description":"X-Request-Id of the request that did it; of several, the first one's"},
  "seq":{"type":["integer","null"],"description":"place in the chain of hashes; null: not sealed yet"},"hash":{"type":["string","null"]}}})json"};
}

} // namespace ingot::routes

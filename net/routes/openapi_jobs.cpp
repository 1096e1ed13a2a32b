#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components job_components() {
  return {
      R"json(
 "job_id":{"name":"job_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "job_state":{"name":"state","in":"query","schema":{"enum":["pending","running","succeeded","failed","dead"]}},
 "job_kind":{"name":"kind","in":"query","schema":{"type":"string"}},
 "job_key":{"name":"key","in":"query","schema":{"type":"string"}})json",
      {},
      R"json(
 "job_record":{"description":"The job.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/JobRecord"}}}},
 "job_status":{"description":"The job, as its sender sees it.","content":{"application/json":{"schema":{"type":"object","required":["job_id","status"],"properties":{"job_id":{"type":"string"},
  "status":{"enum":["pending","running","succeeded","failed","dead"]},"attempts":{"type":"integer"},"created_at":{"type":"string","format":"date-time"},"finished_at":{"type":["string","null"],"format":"date-time"},
  "error":{"type":["string","null"]},"result":{"description":"of one that succeeded: the answer that a synchronous sync would have had"}}}}}},
 "jobs":{"description":"A page of jobs; `next` is null on the last one.","content":{"application/json":{"schema":{"type":"object","required":["jobs","next"],"properties":{
  "jobs":{"type":"array","items":{"$ref":"#/components/schemas/JobRecord"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "JobRecord":{"type":"object","required":["id","kind","key","state","attempts"],"properties":{
  "id":{"type":"integer"},"kind":{"type":"string"},"key":{"type":"string","description":"Jobs of one key run one after the other."},
  "state":{"enum":["pending","running","succeeded","failed","dead"],"description":"failed: refused for good. dead: attempts used up, or buried by an operator."},
  "priority":{"type":"integer"},"attempts":{"type":"integer"},"dedupe_key":{"type":["string","null"]},
  "created_at":{"type":"string","format":"date-time"},"updated_at":{"type":"string","format":"date-time"},"run_at":{"type":"string","format":"date-time"},
  "lease_until":{"type":["string","null"],"format":"date-time"},"finished_at":{"type":["string","null"],"format":"date-time"},
  "last_error":{"type":["string","null"]},
  "history":{"type":"array","description":"The newest 20 failed attempts.","items":{"type":"object","properties":{"at":{"type":"string"},"attempt":{"type":"integer"},"error":{"type":"string"}}}},
  "payload":{"type":"object"},"body_bytes":{"type":"integer"},"result":{}}})json"};
}

} // namespace ingot::routes

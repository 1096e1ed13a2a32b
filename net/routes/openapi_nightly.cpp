#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components nightly_components() {
  return {
      R"json(
 "nightly_run_id":{"name":"nightly_run_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "nightly_item_state":{"name":"state","in":"query","schema":{"enum":["changed","failed"]}})json",
      R"json(
 "nightly_order":{"required":false,"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{
  "depth":{"enum":["incremental","full"],"description":"nightly.depth when absent"},
  "parts":{"type":"string","description":"of content, metadata, manifest and readme, with blanks between; nightly.parts when absent"},
  "repositories":{"type":"array","maxItems":100,"items":{"type":"string"},"description":"owner/name or owner/*; nightly.repositories when absent"}}}}}})json",
      R"json(
 "nightly_run":{"description":"The run.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/NightlyRun"}}}},
 "nightly_busy":{"description":"Another nightly run is unfinished.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}},
 "nightly_runs":{"description":"A page of runs; `next` is null on the last one.","content":{"application/json":{"schema":{"type":"object","required":["runs","next"],"properties":{
  "runs":{"type":"array","items":{"$ref":"#/components/schemas/NightlyRun"}},"next":{"type":["integer","null"]}}}}}},
 "nightly_items":{"description":"A page of repositories; `next` is null on the last one.","content":{"application/json":{"schema":{"type":"object","required":["items","next"],"properties":{
  "items":{"type":"array","items":{"type":"object","required":["repository_id","state"],"properties":{"repository_id":{"type":"integer"},"repository":{"type":"string"},
   "state":{"enum":["changed","failed"]},"job_id":{"type":["integer","null"],"description":"of the sync that it took"},"drift":{"type":"array","items":{"type":"string"}},"reason":{"type":["string","null"]}}}},
  "next":{"type":["integer","null"]}}}}}},
 "nightly_events":{"description":"Events named `run`, each with the run as JSON.","content":{"text/event-stream":{"schema":{"type":"string"}}}})json",
      R"json(
 "NightlyRun":{"type":"object","required":["id","state","depth","parts","repositories","checked"],"properties":{
  "id":{"type":"integer"},"state":{"enum":["running","succeeded","failed","cancelled"]},"depth":{"enum":["incremental","full"]},"parts":{"type":"string"},
  "scheduled_for":{"type":["string","null"],"format":"date-time","description":"null: begun by hand"},"cancel_requested":{"type":"boolean"},
  "repositories":{"type":"integer","description":"that it is to look at"},"checked":{"type":"integer"},"unchanged":{"type":"integer"},"changed":{"type":"integer"},"failed":{"type":"integer"},
  "drift":{"type":"object","description":"rows that disagreed with the provider and were mended, by kind: renamed, visibility, archived, default_branch, gone, forbidden, restored","additionalProperties":{"type":"integer"}},
  "requests":{"type":"integer"},"not_modified":{"type":"integer"},"points":{"type":"integer","description":"of GraphQL"},
  "alerts":{"type":"array","items":{"enum":["failed_share","missed","too_long"]}},"error":{"type":["string","null"]},"job_id":{"type":"integer"},
  "created_at":{"type":["string","null"],"format":"date-time"},"progress_at":{"type":["string","null"],"format":"date-time"},"finished_at":{"type":["string","null"],"format":"date-time"}}})json"};
}

} // namespace ingot::routes

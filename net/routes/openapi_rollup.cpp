#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components rollup_components() {
  return {
      R"json(
 "run_id":{"name":"run_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}})json",
      R"json(
 "rollup_order":{"required":false,"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{
  "date":{"type":"string","format":"date","description":"the last day that is scored (UTC); today when absent, and no later day"},
  "daysToProcess":{"type":"integer","minimum":1,"maximum":30,"description":"window of the trending score; rollup.days when absent"},
  "dryRun":{"type":"boolean","description":"answer what it would come to, and write nothing"},
  "force":{"type":"boolean","description":"count the window's days even if nothing of them changed"}}}}}})json",
      R"json(
 "rollup":{"description":"The rollup.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Rollup"}}}},
 "rollup_begun":{"description":"It is not over yet. Location tells where to look.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Rollup"}}}},
 "rollup_busy":{"description":"Another rollup is unfinished.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Error"},{"type":"object","required":["run_id"],"properties":{"run_id":{"type":"integer"}}}]}}}},
 "rollups":{"description":"The newest rollups.","content":{"application/json":{"schema":{"type":"object","required":["runs"],"properties":{"runs":{"type":"array","items":{"$ref":"#/components/schemas/Rollup"}}}}}}})json",
      R"json(
 "Rollup":{"type":"object","required":["run_id","date","daysToProcess","dryRun","status"],"properties":{
  "run_id":{"type":["integer","null"],"description":"null of a dry run"},"job_id":{"type":"integer"},"date":{"type":"string","format":"date"},
  "daysToProcess":{"type":"integer"},"force":{"type":"boolean"},"dryRun":{"type":"boolean"},"status":{"enum":["pending","running","succeeded","failed"]},
  "progress":{"type":"object","properties":{"step":{"type":"string"},"steps_done":{"type":"integer"},"steps_total":{"type":"integer"},"at":{"type":["string","null"],"format":"date-time"}}},
  "created_at":{"type":"string","format":"date-time"},"started_at":{"type":["string","null"],"format":"date-time"},"finished_at":{"type":["string","null"],"format":"date-time"},
  "counts":{"type":["object","null"],"properties":{"days_counted":{"type":"integer"},"events_counted":{"type":"integer"},"days_scored":{"type":"integer"},
   "rule_rows_written":{"type":"integer"},"rule_rows_removed":{"type":"integer"},"author_rows_written":{"type":"integer"},"author_rows_removed":{"type":"integer"},"leaderboards_written":{"type":"integer"}}},
  "error":{"type":["string","null"],"description":"why the last attempt failed"}}})json"};
}

} // namespace ingot::routes

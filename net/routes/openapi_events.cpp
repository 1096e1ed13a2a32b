#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components event_components() {
  return {{},
          R"json(
 "events":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["events"],"additionalProperties":false,"properties":{"events":{"type":"array","minItems":1,"maxItems":1000,"items":{"$ref":"#/components/schemas/Event"}}}}}}})json",
          R"json(
 "events_taken":{"description":"COMMITted, or on disk until the database is back (`spooled`; then duplicates are not known yet). Bad events are named; the others count. Carries RateLimit fields.","content":{"application/json":{"schema":{"type":"object","required":["accepted","duplicates","rejected","errors"],"properties":{
  "accepted":{"type":"integer"},"duplicates":{"type":"integer","description":"idempotency keys that were taken before, and views within ten minutes of another one"},"rejected":{"type":"integer"},"spooled":{"type":"boolean"},
  "errors":{"type":"array","items":{"type":"object","required":["index","pointer","code","message"],"properties":{"index":{"type":"integer"},"pointer":{"type":"string"},"code":{"enum":["missing_field","invalid_field","unknown_type","too_old","too_far_ahead","unstorable_text"]},"message":{"type":"string"}}}}}}}}},
 "event_faults":{"description":"Not one good event; nothing is stored.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}})json",
          R"json(
 "Event":{"type":"object","required":["type","ruleId"],"description":"Further members are kept with it, up to 8 KiB as JSON.","properties":{
  "type":{"type":"string","description":"VIEW, COPY, SAVE, UNSAVE, FORK, VOTE, UNVOTE, COMMENT, DONATE, or what events.types says"},
  "ruleId":{"type":"string","maxLength":191},"userId":{"type":["string","null"],"maxLength":191},
  "ts":{"type":["string","null"],"format":"date-time","description":"now, when absent; at most a day ahead and 30 days back"},
  "idempotencyKey":{"type":["string","null"],"maxLength":255,"description":"counts once for as long as events are kept"}}})json"};
}

} // namespace ingot::routes

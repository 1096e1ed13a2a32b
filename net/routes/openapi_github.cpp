#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components github_components() {
  return {
      R"json(
 "delivery_id":{"name":"delivery_id","in":"path","required":true,"description":"X-GitHub-Delivery","schema":{"type":"string"}},
 "github_event":{"name":"X-GitHub-Event","in":"header","required":true,"schema":{"type":"string"}},
 "github_delivery":{"name":"X-GitHub-Delivery","in":"header","required":true,"schema":{"type":"string","maxLength":255}},
 "github_signature":{"name":"X-Hub-Signature-256","in":"header","required":true,"schema":{"type":"string","pattern":"^sha256=[0-9a-f]{64}$"}})json",
      R"json(
 "github_delivery":{"required":true,"content":{"application/json":{"schema":{"type":"object"}},"application/x-www-form-urlencoded":{"schema":{"type":"object","properties":{"payload":{"type":"string"}}}}}})json",
      R"json(
 "receipt":{"description":"Kept: committed in the database, or on disk in the spool while that is away.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Receipt"}}}})json",
      R"json(
 "Receipt":{"type":"object","required":["status","delivery"],"properties":{
  "status":{"enum":["stored","duplicate","ignored"],"description":"stored: kept, its rows written. duplicate: this id was taken before. ignored: kept; the event writes no rows."},
  "delivery":{"type":"string"}}})json"};
}

} // namespace ingot::routes

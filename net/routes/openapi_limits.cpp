#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components limit_components() {
  return {{},
          {},
          R"json(
 "rate_limits":{"description":"A page of budgets, two entries for each: what nodes share, and what this node does with it.","content":{"application/json":{"schema":{"type":"object","required":["budgets","next"],"properties":{"budgets":{"type":"array","items":{"$ref":"#/components/schemas/RateLimit"}},"next":{"type":["string","null"]}}}}}})json",
          R"json(
 "RateLimit":{"type":"object","required":["budget","resource","limit","used","remaining"],"properties":{"budget":{"type":"string","description":"installation/ID, user/ID, token, app, anonymous"},"resource":{"enum":["core","graphql"]},
  "known":{"type":"boolean","description":"an answer of this window has told its limit; until then at most 60 requests are made"},"unlimited":{"type":"boolean","description":"the server names no limit"},
  "limit":{"type":"integer"},"used":{"type":"integer","description":"by these nodes as far as they told, and by others"},"remaining":{"type":"integer"},"leased":{"type":"integer","description":"of the remaining: nodes may spend it, or do just now"},
  "reserve":{"type":"integer","description":"that fallback and nightly never take"},"reset":{"type":["string","null"],"format":"date-time"},"blocked_until":{"type":["string","null"],"format":"date-time","description":"nothing is sent for the budget before: retry-after, or a secondary limit"},
  "nodes":{"type":"integer","description":"that have a lease"},"updated_at":{"type":["string","null"],"format":"date-time"},
  "this_node":{"type":"object","properties":{"leased":{"type":"integer"},"points":{"type":"integer"},"granted":{"type":"integer"},"in_flight":{"type":"integer","description":"of the budget, both resources"},"at_once":{"type":"integer","description":"that it may have in flight"},
   "waiting":{"type":"object","properties":{"webhook":{"type":"integer"},"manual":{"type":"integer"},"fallback":{"type":"integer"},"nightly":{"type":"integer"}}}}}}})json"};
}

} // namespace ingot::routes

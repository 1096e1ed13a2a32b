#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components console_components() {
  return {
      R"json(
 "session_id":{"name":"session_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "console_file":{"name":"console_file","in":"path","required":true,"schema":{"type":"string"}},
 "delivery_event":{"name":"event","in":"query","schema":{"type":"string"}},
 "delivery_repository":{"name":"repository","in":"query","description":"full name, or GitHub's id","schema":{"type":"string"}},
 "delivery_outcome":{"name":"outcome","in":"query","schema":{"enum":["stored","ignored","failed"]}},
 "delivery_since":{"name":"since","in":"query","schema":{"$ref":"#/components/schemas/Time"}},
 "delivery_source":{"name":"source","in":"query","schema":{"type":"string","default":"github"}},
 "repository_state":{"name":"state","in":"query","schema":{"enum":["active","gone","forbidden","suspended"]}})json",
      R"json(
 "sign_in":{"required":true,"content":{"application/json":{"schema":{"oneOf":[
  {"type":"object","required":["token"],"additionalProperties":false,"properties":{"token":{"type":"string","description":"the admin token"}}},
  {"type":"object","required":["name","password"],"additionalProperties":false,"properties":{"name":{"type":"string"},"password":{"type":"string"}}}]}}}})json",
      R"json(
 "session_begun":{"description":"Signed in: the cookie is the session.","headers":{"Set-Cookie":{"schema":{"type":"string"}}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Session"}}}},
 "to_console":{"description":"Location is /console."},
 "page":{"description":"A file of the console, with a strict Content-Security-Policy.","content":{"text/html":{"schema":{"type":"string"}}}},
 "overview":{"description":"A snapshot, at most a second old.","content":{"application/json":{"schema":{"type":"object","required":["at","database","spool","intake","jobs","budgets"],"properties":{"at":{"$ref":"#/components/schemas/Time"},"version":{"type":"string"},"database":{"enum":["direct","draining","away"]},
  "spool":{"type":"object","properties":{"deliveries":{"type":"integer"},"bytes":{"type":"integer"}}},"groupsWaiting":{"type":"integer"},
  "intake":{"type":"object","description":"by intake and outcome, since the node's start","additionalProperties":{"type":"object","additionalProperties":{"type":"integer"}}},
  "ackSecondsUpto":{"type":"array","description":"[bound in seconds, how many took no longer]; the last bound is null","items":{"type":"array"}},
  "jobs":{"type":"object","description":"by state, counted every 15 s","additionalProperties":{"type":"integer"}},"jobOldestDueSeconds":{"type":"integer"},
  "budgets":{"type":"array","maxItems":50,"items":{"type":"object","properties":{"budget":{"type":"string"},"resource":{"type":"string"},"limit":{"type":"integer"},"remaining":{"type":"integer"}}}}}}}}},
 "overview_events":{"description":"Events whose data is what GET /api/v1/admin/overview answers.","content":{"text/event-stream":{"schema":{"type":"string"}}}},
 "settings":{"description":"All settings; secrets are masked.","content":{"application/json":{"schema":{"type":"object","required":["settings"],"properties":{"settings":{"type":"array","items":{"type":"object","properties":{"key":{"type":"string"},"value":{"type":"string","description":"as in a TOML file"},"default":{"type":"string"},"isDefault":{"type":"boolean"},"secret":{"type":"boolean"},"type":{"type":"string"},"help":{"type":"string"}}}}}}}}},
 "deliveries":{"description":"A page of deliveries.","content":{"application/json":{"schema":{"type":"object","required":["deliveries","next"],"properties":{"deliveries":{"type":"array","items":{"$ref":"#/components/schemas/KeptDelivery"}},"next":{"type":["string","null"]}}}}}},
 "delivery":{"description":"Attempts, the newest first.","content":{"application/json":{"schema":{"type":"object","required":["attempts"],"properties":{"attempts":{"type":"array","items":{"$ref":"#/components/schemas/KeptDelivery"}}}}}}},
 "session":{"description":"Who is signed in.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Session"}}}},
 "sessions":{"description":"A page of sessions.","content":{"application/json":{"schema":{"type":"object","required":["sessions","next"],"properties":{"sessions":{"type":"array","items":{"$ref":"#/components/schemas/SessionRecord"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "Session":{"type":"object","required":["name","role","csrf"],"properties":{"name":{"type":["string","null"],"description":"null: the admin token"},"role":{"enum":["reviewer","admin"]},"sessionId":{"type":["integer","null"]},"expiresAt":{"$ref":"#/components/schemas/Time"},"csrf":{"type":["string","null"],"description":"for X-CSRF-Token; null without a session"}}},
 "KeptDelivery":{"type":"object","required":["deliveryId","source","event","outcome","receivedAt"],"properties":{"deliveryId":{"type":"string"},"source":{"type":"string"},"endpoint":{"type":"string"},"event":{"type":"string"},"action":{"type":["string","null"]},"outcome":{"enum":["stored","ignored","failed"]},"error":{"type":["string","null"]},"repository":{"type":["string","null"]},
  "receivedAt":{"$ref":"#/components/schemas/Time"},"bytes":{"type":"integer"},"contentType":{"type":"string"},"payload":{"type":["string","null"],"description":"in single answers"},"payloadCut":{"type":"boolean"},"payloadProblem":{"type":"string"}}},
 "SessionRecord":{"type":"object","required":["sessionId","role","current"],"properties":{"sessionId":{"type":"integer"},"name":{"type":["string","null"]},"role":{"enum":["reviewer","admin"]},"current":{"type":"boolean"},"address":{"type":"string"},"agent":{"type":"string"},
  "createdAt":{"$ref":"#/components/schemas/Time"},"lastSeenAt":{"$ref":"#/components/schemas/Time","description":"to the minute"},"expiresAt":{"$ref":"#/components/schemas/Time"}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components console_components() {
  return {
      R"json(
 "session_id":{"name":"session_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}})json",
      R"json(
 "sign_in":{"required":true,"content":{"application/json":{"schema":{"oneOf":[
  {"type":"object","required":["token"],"additionalProperties":false,"properties":{"token":{"type":"string","description":"the admin token"}}},
  {"type":"object","required":["name","password"],"additionalProperties":false,"properties":{"name":{"type":"string"},"password":{"type":"string"}}}]}}}})json",
      R"json(
 "session_begun":{"description":"Signed in: the cookie is the session.","headers":{"Set-Cookie":{"schema":{"type":"string"}}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Session"}}}},
 "session":{"description":"Who is signed in.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Session"}}}},
 "sessions":{"description":"A page of sessions.","content":{"application/json":{"schema":{"type":"object","required":["sessions","next"],"properties":{"sessions":{"type":"array","items":{"$ref":"#/components/schemas/SessionRecord"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "Session":{"type":"object","required":["name","role","csrf"],"properties":{"name":{"type":["string","null"],"description":"null: the admin token"},"role":{"enum":["reviewer","admin"]},"sessionId":{"type":["integer","null"]},"expiresAt":{"$ref":"#/components/schemas/Time"},"csrf":{"type":["string","null"],"description":"for X-CSRF-Token; null without a session"}}},
 "SessionRecord":{"type":"object","required":["sessionId","role","current"],"properties":{"sessionId":{"type":"integer"},"name":{"type":["string","null"]},"role":{"enum":["reviewer","admin"]},"current":{"type":"boolean"},"address":{"type":"string"},"agent":{"type":"string"},
  "createdAt":{"$ref":"#/components/schemas/Time"},"lastSeenAt":{"$ref":"#/components/schemas/Time","description":"to the minute"},"expiresAt":{"$ref":"#/components/schemas/Time"}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components account_components() {
  return {
      R"json(
 "userId":{"name":"userId","in":"path","required":true,"description":"letters, digits and . _ - @ : +","schema":{"type":"string","minLength":1,"maxLength":128}})json",
      {},
      R"json(
 "user_key":{"description":"The key, without its text.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/UserKey"}}}},
 "new_user_key":{"description":"The new key.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/UserKey"},{"type":"object","required":["key"],"properties":{"key":{"type":"string","description":"shown this once"}}}]}}}},
 "user_keys":{"description":"A page of keys.","content":{"application/json":{"schema":{"type":"object","required":["keys","next"],"properties":{"keys":{"type":"array","items":{"$ref":"#/components/schemas/UserKey"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "UserKey":{"type":"object","required":["keyId","userId","prefix"],"properties":{"keyId":{"type":"integer"},"userId":{"type":"string"},"name":{"type":"string"},"prefix":{"type":"string","description":"the key's first 12 characters"},
  "createdAt":{"$ref":"#/components/schemas/Time"},"lastUsedAt":{"$ref":"#/components/schemas/TimeOrNull","description":"to the hour"},"revokedAt":{"$ref":"#/components/schemas/TimeOrNull"}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components site_components() {
  return {
      R"json(
 "site_id":{"name":"site_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "key_id":{"name":"key_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "machine_name":{"name":"machine_name","in":"path","required":true,"schema":{"type":"string","maxLength":255}},
 "needs_security_update":{"name":"needs_security_update","in":"query","description":"only those that do, or do not, miss a security update","schema":{"type":"boolean"}},
 "enabled":{"name":"enabled","in":"query","description":"only those that are, or are not, enabled","schema":{"type":"boolean"}},
 "removed":{"name":"removed","in":"query","description":"only those that are, or are not, removed. Of one module's sites those that removed it are left out unless asked for","schema":{"type":"boolean"}},
 "type":{"name":"type","in":"query","schema":{"enum":["core","contrib","custom"]}})json",
      R"json(
 "new_site":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["name"],"additionalProperties":false,"properties":{"name":{"type":"string","minLength":1,"maxLength":255},"id":{"type":"integer","minimum":1,"description":"the next free one when absent; 409 when taken"}}}}}},
 "new_key":{"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{"name":{"type":"string","maxLength":255}}}}}})json",
      R"json(
 "site":{"description":"The site.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Site"},{"type":"object","properties":{"modules":{"type":"integer"},"enabled_modules":{"type":"integer"},"needing_security_update":{"type":"integer"}}}]}}}},
 "sites":{"description":"A page of sites.","content":{"application/json":{"schema":{"type":"object","required":["sites","next"],"properties":{"sites":{"type":"array","items":{"$ref":"#/components/schemas/Site"}},"next":{"type":["integer","null"]}}}}}},
 "key":{"description":"The key, without its text.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/ApiKey"}}}},
 "new_key":{"description":"The new key.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/ApiKey"},{"type":"object","required":["key"],"properties":{"key":{"type":"string","description":"shown this once"}}}]}}}},
 "keys":{"description":"A page of keys.","content":{"application/json":{"schema":{"type":"object","required":["keys","next"],"properties":{"keys":{"type":"array","items":{"$ref":"#/components/schemas/ApiKey"}},"next":{"type":["integer","null"]}}}}}},
 "modules":{"description":"A page of a site's modules, by machine name.","content":{"application/json":{"schema":{"type":"object","required":["modules","next"],"properties":{"modules":{"type":"array","items":{"$ref":"#/components/schemas/SiteModule"}},"next":{"type":["string","null"]}}}}}},
 "module":{"description":"The module, and a page of the sites that have it, by id.","content":{"application/json":{"schema":{"type":"object","required":["machine_name","sites","next"],"properties":{"machine_name":{"type":"string"},"display_name":{"type":"string"},"module_type":{"enum":["core","contrib","custom"]},"project":{"type":"string"},"description":{"type":["string","null"]},"drupal_org_link":{"type":["string","null"]},"sites":{"type":"array","items":{"$ref":"#/components/schemas/SiteModule"}},"next":{"type":["integer","null"]}}}}}},
 "history":{"description":"A page of changes.","content":{"application/json":{"schema":{"type":"object","required":["history","next"],"properties":{"history":{"type":"array","items":{"type":"object","properties":{"from":{"type":["string","null"],"description":"null: it was not there, or its version was unknown"},"to":{"type":["string","null"],"description":"null: it was removed, or its version is unknown"},"changed_at":{"$ref":"#/components/schemas/Time"},"sync_id":{"type":"string"}}}},"next":{"type":["string","null"]}}}}}},
 "syncs":{"description":"A page of syncs.","content":{"application/json":{"schema":{"type":"object","required":["syncs","next"],"properties":{"syncs":{"type":"array","items":{"$ref":"#/components/schemas/Sync"}},"next":{"type":["string","null"]}}}}}})json",
      R"json(
 "Time":{"type":"string","format":"date-time"},
 "TimeOrNull":{"type":["string","null"],"format":"date-time"},
 "Site":{"type":"object","required":["site_id","name"],"properties":{"site_id":{"type":"integer"},"name":{"type":"string"},"environment":{"type":["string","null"]},"drupal_version":{"type":["string","null"]},"php_version":{"type":["string","null"]},
  "disabled_at":{"$ref":"#/components/schemas/TimeOrNull"},"created_at":{"$ref":"#/components/schemas/Time"},"last_sync_at":{"$ref":"#/components/schemas/TimeOrNull"},"last_sync_outcome":{"enum":["applied","unchanged","stale","failed",null]}}},
 "ApiKey":{"type":"object","required":["key_id","site_id","prefix"],"properties":{"key_id":{"type":"integer"},"site_id":{"type":"integer"},"name":{"type":"string"},"prefix":{"type":"string","description":"the key's first 12 characters"},
  "created_at":{"$ref":"#/components/schemas/Time"},"last_used_at":{"$ref":"#/components/schemas/TimeOrNull","description":"to the hour"},"revoked_at":{"$ref":"#/components/schemas/TimeOrNull"}}},
 "SiteModule":{"type":"object","required":["site_id","machine_name","version","enabled"],"properties":{"site_id":{"type":"integer"},"site":{"type":"string"},"machine_name":{"type":"string"},"display_name":{"type":"string"},"module_type":{"enum":["core","contrib","custom"]},
  "project":{"type":"string","description":"whose releases it comes with"},"version":{"type":["string","null"],"description":"null: the site does not know it"},"enabled":{"type":"boolean"},"schema_version":{"type":["integer","null"]},
  "first_seen":{"$ref":"#/components/schemas/Time"},"last_seen":{"$ref":"#/components/schemas/Time"},"last_updated":{"$ref":"#/components/schemas/Time"},"removed_at":{"$ref":"#/components/schemas/TimeOrNull"},"needs_security_update":{"type":"boolean"}}},
 "Sync":{"type":"object","required":["sync_id","site_id","sync_type","outcome"],"properties":{"sync_id":{"type":"string"},"site_id":{"type":"integer"},"sync_type":{"enum":["full","partial"]},"outcome":{"enum":["applied","unchanged","stale","failed"]},
  "sync_timestamp":{"$ref":"#/components/schemas/Time"},"received_at":{"$ref":"#/components/schemas/Time"},"processed_count":{"type":"integer"},"new_modules":{"type":"integer"},"updated_modules":{"type":"integer"},"removed_modules":{"type":"integer"},
  "security_updates_found":{"type":"integer"},"warnings":{"type":"integer"},"errors":{"type":"integer"},"processing_time_ms":{"type":"number"},"job_id":{"type":["integer","null"]},"error":{"type":["string","null"]}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components site_components() {
  return {
      R"json(
 "site_id":{"name":"site_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "key_id":{"name":"key_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "machine_name":{"name":"machine_name","in":"path","required":true,"schema":{"type":"string","maxLength":255}},
 "prefer":{"name":"Prefer","in":"header","description":"handling=lenient stores the sound modules and names the others; respond-async stores the sync as a job (RFC 7240)","schema":{"type":"string"}},
 "content_encoding":{"name":"Content-Encoding","in":"header","schema":{"enum":["gzip","identity"]}},
 "needs_security_update":{"name":"needs_security_update","in":"query","description":"only those that do, or do not, miss a security update","schema":{"type":"boolean"}},
 "enabled":{"name":"enabled","in":"query","description":"only those that are, or are not, enabled","schema":{"type":"boolean"}},
 "removed":{"name":"removed","in":"query","description":"only those that are, or are not, removed. Of one module's sites those that removed it are left out unless asked for","schema":{"type":"boolean"}},
 "type":{"name":"type","in":"query","schema":{"enum":["core","contrib","custom"]}})json",
      R"json(
 "inventory":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Inventory"}}}},
 "new_site":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["name"],"additionalProperties":false,"properties":{"name":{"type":"string","minLength":1,"maxLength":255},"id":{"type":"integer","minimum":1,"description":"the next free one when absent; 409 when taken"}}}}}},
 "new_key":{"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{"name":{"type":"string","maxLength":255}}}}}})json",
      R"json(
 "synced":{"description":"COMMITted, or nothing was to be changed.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Synced"}}}},
 "stored_sync":{"description":"Stored as a job; Location names it.","content":{"application/json":{"schema":{"type":"object","required":["success","job_id"],"properties":{"success":{"type":"boolean"},"job_id":{"type":"string"},"site_id":{"type":"integer"},"status":{"enum":["pending"]}}}}}},
 "other_base":{"description":"A difference to another state than the present one, whose hash is told.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Error"},{"type":"object","required":["state_hash"],"properties":{"state_hash":{"type":"string"}}}]}}}},
 "faults":{"description":"Every fault of the body with its JSON pointer; nothing is stored.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}},
 "site_state":{"description":"What is installed now.","content":{"application/json":{"schema":{"type":"object","required":["site_id","state_hash","modules"],"properties":{"site_id":{"type":"integer"},"state_hash":{"type":"string"},"last_sync_timestamp":{"$ref":"#/components/schemas/TimeOrNull"},"modules":{"type":"object","description":"version by machine name","additionalProperties":{"type":["string","null"]}}}}}}},
 "site":{"description":"The site.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Site"},{"type":"object","properties":{"modules":{"type":"integer"},"enabled_modules":{"type":"integer"},"needing_security_update":{"type":"integer"}}}]}}}},
 "sites":{"description":"A page of sites.","content":{"application/json":{"schema":{"type":"object","required":["sites","next"],"properties":{"sites":{"type":"array","items":{"$ref":"#/components/schemas/Site"}},"next":{"type":["integer","null"]}}}}}},
 "key":{"description":"The key, without its text.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/ApiKey"}}}},
 "new_key":{"description":"The new key.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/ApiKey"},{"type":"object","required":["key"],"properties":{"key":{"type":"string","description":"shown this once"}}}]}}}},
 "keys":{"description":"A page of keys.","content":{"application/json":{"schema":{"type":"object","required":["keys","next"],"properties":{"keys":{"type":"array","items":{"$ref":"#/components/schemas/ApiKey"}},"next":{"type":["integer","null"]}}}}}},
 "modules":{"description":"A page of a site's modules, by machine name.","content":{"application/json":{"schema":{"type":"object","required":["modules","next"],"properties":{"modules":{"type":"array","items":{"$ref":"#/components/schemas/SiteModule"}},"next":{"type":["string","null"]}}}}}},
 "module":{"description":"The module, and a page of the sites that have it, by id.","content":{"application/json":{"schema":{"type":"object","required":["machine_name","sites","next"],"properties":{"machine_name":{"type":"string"},"display_name":{"type":"string"},"module_type":{"enum":["core","contrib","custom"]},"project":{"type":"string"},"description":{"type":["string","null"]},"drupal_org_link":{"type":["string","null"]},"sites":{"type":"array","items":{"$ref":"#/components/schemas/SiteModule"}},"next":{"type":["integer","null"]}}}}}},
 "history":{"description":"A page of changes.","content":{"application/json":{"schema":{"type":"object","required":["history","next"],"properties":{"history":{"type":"array","items":{"type":"object","properties":{"from":{"type":["string","null"],"description":"null: the version was unknown"},"to":{"type":["string","null"],"description":"null: the version is unknown"},"changed_at":{"$ref":"#/components/schemas/Time"},"sync_id":{"type":"string"}}}},"next":{"type":["string","null"]}}}}}},
 "syncs":{"description":"A page of syncs.","content":{"application/json":{"schema":{"type":"object","required":["syncs","next"],"properties":{"syncs":{"type":"array","items":{"$ref":"#/components/schemas/Sync"}},"next":{"type":["string","null"]}}}}}})json",
      R"json(
 "Inventory":{"type":"object","required":["site_info","modules","sync_timestamp","drupal_version","php_version"],"properties":{
  "site_info":{"type":"object","properties":{"name":{"type":"string","maxLength":255},"environment":{"type":"string","maxLength":255},"last_cron":{"type":["string","integer","null"]}}},
  "modules":{"type":"array","minItems":1,"maxItems":2000,"items":{"type":"object","required":["machine_name","name","type","version","status"],"properties":{
   "machine_name":{"type":"string","minLength":1,"maxLength":255},"name":{"type":"string","minLength":1,"maxLength":255},"type":{"enum":["core","contrib","custom"]},
   "version":{"type":["string","null"],"minLength":1,"maxLength":50,"description":"as Drupal reports it; null: unknown"},"status":{"type":"boolean","description":"enabled?"},
   "schema_version":{"type":["integer","null"]},"package":{"type":["string","null"],"maxLength":255},"core_compatibility":{"type":"array","maxItems":500,"items":{"type":"string","maxLength":255}},
   "dependencies":{"type":"array","maxItems":500,"items":{"type":"string","maxLength":255}},"description":{"type":["string","null"]},"project_link":{"type":["string","null"]},"security_coverage":{"type":"boolean","default":true}}}},
  "sync_timestamp":{"$ref":"#/components/schemas/Time"},"drupal_version":{"type":"string"},"php_version":{"type":"string"},"sync_type":{"enum":["full","partial"],"default":"full"},
  "base_hash":{"type":"string","description":"of a difference: the state_hash that it stands on"},"removed":{"type":"array","items":{"type":"string"},"description":"of a difference: machine names"}}},
 "SyncNote":{"type":"object","required":["index","machine_name","pointer","message"],"properties":{"index":{"type":"integer"},"machine_name":{"type":"string"},"pointer":{"type":"string"},"message":{"type":"string"}}},
 "Synced":{"type":"object","required":["success","sync_id","site_id","processed_count"],"properties":{"success":{"type":"boolean"},"sync_id":{"type":"string"},"site_id":{"type":"integer"},"outcome":{"enum":["applied","unchanged","stale"]},
  "processed_count":{"type":"integer"},"new_modules":{"type":"integer"},"updated_modules":{"type":"integer"},"removed_modules":{"type":"integer"},"security_updates_found":{"type":"integer"},
  "warnings":{"type":"array","items":{"$ref":"#/components/schemas/SyncNote"}},"errors":{"type":"array","items":{"$ref":"#/components/schemas/SyncNote"}},
  "state_hash":{"type":"string"},"processing_time_ms":{"type":"number"},"next_sync_after":{"$ref":"#/components/schemas/Time"}}},
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
  "security_updates_found":{"type":"integer"},"warnings":{"type":"integer"},"errors":{"type":"integer"},"processing_time_ms":{"type":"number"},"job_id":{"type":["string","null"]},"error":{"type":["string","null"]}}})json"};
}

} // namespace ingot::routes

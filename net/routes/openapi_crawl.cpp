#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components crawl_components() {
  return {
      R"json(
 "source_id":{"name":"source_id","in":"path","required":true,"schema":{"type":"string","maxLength":64,"pattern":"^[A-Za-z0-9._-]+$"}},
 "search_words":{"name":"q","in":"query","required":true,"description":"words; \"a phrase\", or, and -word are understood, and nothing is a fault","schema":{"type":"string","minLength":1,"maxLength":500}},
 "search_limit":{"name":"limit","in":"query","description":"how many at most","schema":{"type":"integer","minimum":1,"maximum":100,"default":20}})json",
      R"json(
 "crawl_items":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["sourceId","items"],"properties":{"sourceId":{"type":"string","minLength":1,"maxLength":64},
  "items":{"type":"array","minItems":1,"maxItems":500,"items":{"$ref":"#/components/schemas/CrawlItem"}}}}}}},
 "new_source":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["id"],"additionalProperties":false,"properties":{"id":{"type":"string","maxLength":64,"pattern":"^[A-Za-z0-9._-]+$"},"name":{"type":"string","maxLength":255,"description":"as the id when absent"}}}}}})json",
      R"json(
 "crawled":{"description":"COMMITted. The sound items are stored although others were not.","content":{"application/json":{"schema":{"type":"object","required":["created","updated","unchanged","rejected","errors"],"properties":{
  "created":{"type":"integer"},"updated":{"type":"integer"},"unchanged":{"type":"integer","description":"they say what is stored: nothing was written"},"rejected":{"type":"integer"},
  "errors":{"type":"array","items":{"type":"object","required":["index","pointer","code","message"],"properties":{"index":{"type":"integer","description":"in items"},"pointer":{"type":"string"},
   "code":{"enum":["invalid_fields","unstorable_text","duplicate","refused_by_database"]},"message":{"type":"string"}}}}}}}}},
 "source":{"description":"The source.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/CrawlSource"}}}},
 "sources":{"description":"A page of sources.","content":{"application/json":{"schema":{"type":"object","required":["sources","next"],"properties":{"sources":{"type":"array","items":{"$ref":"#/components/schemas/CrawlSource"}},"next":{"type":["string","null"]}}}}}},
 "found":{"description":"What was found, the best first.","content":{"application/json":{"schema":{"type":"object","required":["hits","ranked_all","next"],"properties":{
  "hits":{"type":"array","items":{"type":"object","required":["kind","ref","url","title","snippet","rank"],"properties":{"kind":{"type":"string"},"ref":{"type":"string","description":"of a crawl_item: the source, a slash, the external id"},"url":{"type":"string"},"title":{"type":"string","description":"plain text"},
   "snippet":{"type":"string","description":"HTML: the document's text escaped, found words within <mark>"},"rank":{"type":"number"}}}},
  "ranked_all":{"type":"boolean","description":"false: more was found than one query ranks (10000), so better ones may be missing; ask for more words"},"next":{"type":["string","null"],"description":"`after` of the next page, to be percent-encoded"}}}}}},
 "rebuild_begun":{"description":"Stored as a job; Location tells how far it is. 409 while one is not over, with that one's Location.","content":{"application/json":{"schema":{"type":"object","required":["job_id","status"],"properties":{"job_id":{"type":"string"},"status":{"enum":["pending"]}}}}}},
 "rebuild":{"description":"How far the rebuild is.","content":{"application/json":{"schema":{"type":"object","required":["job_id","status"],"properties":{"job_id":{"type":"string"},"status":{"enum":["pending","running","succeeded","failed","dead"]},
  "phase":{"enum":["copying","swapping","removing","done",null]},"documents":{"type":"integer","description":"copied so far"},"generation":{"type":["integer","null"]},
  "started_at":{"type":["string","null"],"format":"date-time"},"finished_at":{"type":["string","null"],"format":"date-time"},"error":{"type":["string","null"]}}}}}})json",
      R"json(
 "CrawlItem":{"type":"object","required":["externalId","url","title"],"properties":{"externalId":{"type":"string","minLength":1,"maxLength":255,"description":"the source's own name of it; twice in one request: the last one counts"},
  "url":{"type":"string","format":"uri","maxLength":2048,"description":"http or https, without a user name"},"title":{"type":"string","minLength":1,"maxLength":500},"summary":{"type":["string","null"],"maxLength":10000},
  "raw":{"description":"any JSON of at most 64 KiB; null is as good as none"}}},
 "CrawlSource":{"type":"object","required":["source_id","name"],"properties":{"source_id":{"type":"string"},"name":{"type":"string"},"disabled_at":{"type":["string","null"],"format":"date-time"},"created_at":{"type":"string","format":"date-time"}}})json"};
}

} // namespace ingot::routes

#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components submission_components() {
  return {
      R"json(
 "submission_id":{"name":"submission_id","in":"path","required":true,"schema":{"type":"integer","minimum":1}},
 "submission_token":{"name":"token","in":"query","description":"of the answer to the submission; X-Submission-Token takes it as well. Not needed with the key of its submitter","schema":{"type":"string"}},
 "submission_state":{"name":"state","in":"query","schema":{"$ref":"#/components/schemas/SubmissionState"}},
 "submission_link_id":{"name":"id","in":"query","required":true,"schema":{"type":"integer"}},
 "submission_link_token":{"name":"token","in":"query","required":true,"description":"as the mail has it","schema":{"type":"string"}})json",
      R"json(
 "new_submission":{"required":true,"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{
  "repository":{"type":"string","description":"https://github.com/owner/name"},"manifest":{"description":"server.json, as an object or as its text; without it the repository's is read","type":["object","string"]},
  "email":{"type":"string","format":"email","description":"needed without a user's key"},"note":{"type":"string","description":"for the reviewer"}}}}}},
 "submission_change":{"required":true,"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"properties":{
  "repository":{"type":"string"},"manifest":{"type":["object","string"]},"note":{"type":"string"}}}}}},
 "review_decision":{"required":true,"content":{"application/json":{"schema":{"type":"object","additionalProperties":false,"required":["version"],"properties":{
  "version":{"type":"integer","description":"of the submission that was looked at; another one is a conflict"},"reason":{"type":"string","description":"needed to reject and to request changes"}}}}}})json",
      R"json(
 "new_submission":{"description":"It is taken. The token is shown this once.","content":{"application/json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Submission"},
  {"type":"object","required":["token","status_url"],"properties":{"token":{"type":"string"},"status_url":{"type":"string"}}}]}}}},
 "submission":{"description":"The submission.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Submission"}}}},
 "link_page":{"description":"A page for people.","content":{"text/html":{"schema":{"type":"string"}}}},
 "submissions":{"description":"A page of submissions; `next` is null on the last one.","content":{"application/json":{"schema":{"type":"object","required":["submissions","next"],"properties":{
  "submissions":{"type":"array","items":{"$ref":"#/components/schemas/Submission"}},"next":{"type":["integer","null"]}}}}}})json",
      R"json(
 "SubmissionState":{"enum":["unconfirmed","submitted","under_review","changes_requested","approved","rejected","withdrawn"]},
 "Submission":{"type":"object","required":["id","state","version","valid","verified","manifest_origin"],"properties":{
  "id":{"type":"integer"},"state":{"$ref":"#/components/schemas/SubmissionState"},"version":{"type":"integer"},
  "server":{"type":["string","null"],"description":"that the manifest names"},"repository":{"type":["string","null"]},"valid":{"type":"boolean"},
  "verified":{"type":"boolean","description":"the manifest is the repository's own"},
  "manifest_origin":{"enum":["typed","repository","differs","absent"],"description":"typed by its submitter and compared with nothing; the repository's own; typed, and the repository's differs; typed, and the repository has none of that name"},
  "readme_html":{"type":["string","null"],"description":"of the repository, sanitized; for reviewers"},
  "reason":{"type":["string","null"],"description":"of the last decision"},"note":{"type":"string"},"manifest":{"type":["string","null"],"description":"its text"},
  "report":{"type":["object","null"],"description":"as POST /api/v1/manifests/validate answers"},
  "created_at":{"type":"string","format":"date-time"},"updated_at":{"type":"string","format":"date-time"},
  "submitter":{"type":"string","description":"for reviewers"},"submitter_kind":{"enum":["user","email"]},"email":{"type":["string","null"]},"claimed_by":{"type":["string","null"]},
  "history":{"type":"array","items":{"type":"object","properties":{"at":{"type":"string"},"by":{"type":"string"},"action":{"type":"string"},"from":{"type":["string","null"]},"to":{"type":"string"},
   "version":{"type":"integer"},"reason":{"type":["string","null"]}}}}}})json"};
}

} // namespace ingot::routes

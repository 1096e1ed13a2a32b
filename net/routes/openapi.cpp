#include "net/routes/state.hpp"

#include "model/json_write.hpp"

#include <map>

namespace ingot::routes {

namespace {

// What the routes share. The answers of one route differ in their 2xx only.
constexpr auto components = R"json("components":{
"securitySchemes":{
 "admin":{"type":"http","scheme":"bearer","description":"The admin token (INGOT_ADMIN_TOKEN, or admin.token in the data folder)."},
 "github":{"type":"apiKey","in":"header","name":"X-Hub-Signature-256","description":"sha256= and the hexadecimal HMAC-SHA256 of the raw body under the endpoint's secret."}},
"schemas":{
 "Error":{"type":"object","required":["error"],"properties":{"error":{"type":"object","required":["code","message","details","request_id"],"properties":{
  "code":{"type":"string"},"message":{"type":"string"},"request_id":{"type":"string"},
  "details":{"type":"array","items":{"type":"object","required":["pointer","message"],"properties":{"pointer":{"type":"string","description":"JSON pointer, header name or byte offset"},"message":{"type":"string"}}}}}}}},
 "Receipt":{"type":"object","required":["status","delivery"],"properties":{
  "status":{"enum":["stored","duplicate","ignored"],"description":"stored: kept, its rows written. duplicate: this id was taken before. ignored: kept; the event writes no rows."},
  "delivery":{"type":"string"}}}},
"responses":{"Refused":{"description":"Refused, and why. 429 and most 503 carry Retry-After.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}}}})json";

constexpr auto receipt_answer =
    R"json("200":{"description":"Kept: committed in the database, or on disk in the spool while that is away.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Receipt"}}}})json";
constexpr auto plain_answer = R"json("200":{"description":"Done."})json";
constexpr auto not_ready_answer =
    R"json(,"503":{"description":"Not ready: the same members say what is missing. Carries Retry-After."})json";
constexpr auto refused = R"json("default":{"$ref":"#/components/responses/Refused"})json";

constexpr auto delivery_input = R"json("parameters":[
 {"name":"X-GitHub-Event","in":"header","required":true,"schema":{"type":"string"}},
 {"name":"X-GitHub-Delivery","in":"header","required":true,"schema":{"type":"string","maxLength":255}},
 {"name":"X-Hub-Signature-256","in":"header","required":true,"schema":{"type":"string","pattern":"^sha256=[0-9a-f]{64}$"}}],
"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object"}},"application/x-www-form-urlencoded":{"schema":{"type":"object","properties":{"payload":{"type":"string"}}}}}},)json";

constexpr auto id_input = R"json("parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],)json";

std::string operation(const route& x) {
  auto text = std::string{"{\"summary\":"};
  append_json_string(text, x.purpose);
  text += ',';
  if (x.who == door::ingest) {
    text += "\"security\":[{\"github\":[]}],";
    text += delivery_input;
  } else if (x.who == door::admin) {
    text += "\"security\":[{\"admin\":[]}],";
  }
  if (x.path.find("{id}") != std::string_view::npos)
    text += id_input;
  text += "\"responses\":{";
  text += x.method == "POST" ? receipt_answer : plain_answer;
  if (x.path == "/ready")
    text += not_ready_answer;
  text += ',';
  text += refused;
  return text + "}}";
}

std::string lower(std::string_view method) {
  auto text = std::string{method};
  for (auto& c : text)
    c = static_cast<char>(c - 'A' + 'a');
  return text;
}

} // namespace

std::string openapi_document(std::string_view version) {
  auto by_path = std::map<std::string_view, std::string>{};
  for (const auto& x : table()) {
    auto& operations = by_path[x.path];
    operations += operations.empty() ? "" : ",";
    operations += '"' + lower(x.method) + "\":" + operation(x);
  }
  auto text = std::string{"{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Ingot\",\"version\":"};
  append_json_string(text, version);
  text += ",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}},\"paths\":{";
  auto first = true;
  for (const auto& [path, operations] : by_path) {
    text += first ? "" : ",";
    first = false;
    append_json_string(text, path);
    text += ":{" + operations + '}';
  }
  return text + "}," + components + '}';
}

} // namespace ingot::routes

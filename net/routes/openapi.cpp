#include "net/routes/openapi.hpp"

#include "model/json_write.hpp"
#include "net/routes/table.hpp"

#include <map>

namespace ingot::routes {

namespace {

constexpr auto security_schemes = R"json(
 "admin":{"type":"http","scheme":"bearer","description":"The admin token (INGOT_ADMIN_TOKEN, or admin.token in the data folder)."},
 "session":{"type":"apiKey","in":"cookie","name":"ingot_session","description":"A session of the console (POST /console/api/session). Whatever changes something needs its CSRF token in X-CSRF-Token."},
 "site":{"type":"apiKey","in":"header","name":"X-API-Key","description":"A site's key, as `ingot keys create` prints it; Authorization: Bearer takes it as well."},
 "user":{"type":"http","scheme":"bearer","description":"A key of a user, as `ingot users add-key` prints it; X-API-Key takes it as well. The admin token may name a user as ?userId=."},
 "application":{"type":"apiKey","in":"header","name":"X-App-Token","description":"The application's token (INGEST_APP_TOKEN)."},
 "cron":{"type":"apiKey","in":"header","name":"X-Cron-Secret","description":"The cron secret (CRON_SECRET)."},
 "stripe":{"type":"apiKey","in":"header","name":"Stripe-Signature","description":"t=…,v1=…: the hexadecimal HMAC-SHA256 of the time, a dot and the raw body under the endpoint's secret."},
 "github":{"type":"apiKey","in":"header","name":"X-Hub-Signature-256","description":"sha256= and the hexadecimal HMAC-SHA256 of the raw body under the endpoint's secret."})json";

// What all families share.
constexpr auto shared = openapi_components{
    R"json(
 "limit":{"name":"limit","in":"query","description":"how many at most","schema":{"type":"integer","minimum":1,"maximum":1000,"default":100}},
 "after":{"name":"after","in":"query","description":"`next` of the page before","schema":{"type":["string","integer"]}})json",
    {},
    R"json(
 "done":{"description":"Done.","content":{"application/json":{"schema":{"type":"object"}}}},
 "metrics":{"description":"The metrics.","content":{"text/plain":{"schema":{"type":"string"}}}},
 "readiness":{"description":"What was found. With 503, what is missing; that carries Retry-After.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Readiness"}}}},
 "refused":{"description":"Refused, and why. 429 and most 503 carry Retry-After.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}})json",
    R"json(
 "Readiness":{"type":"object","required":["ready","database","spool","lag"],"properties":{"ready":{"type":"boolean"},"database":{"type":"object"},"spool":{"type":"object"},"lag":{"type":"object"}}},
 "Error":{"type":"object","required":["error"],"properties":{"error":{"type":"object","required":["code","message","details","request_id"],"properties":{
  "code":{"type":"string"},"message":{"type":"string"},"request_id":{"type":"string"},
  "details":{"type":"array","items":{"type":"object","required":["pointer","message"],"properties":{"pointer":{"type":"string","description":"JSON pointer, header, parameter or byte offset"},"message":{"type":"string"}}}}}}}})json"};

/// Calls `with` for each of `list`'s comma-separated words.
template <class Function>
void for_each_word(std::string_view list, Function with) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    auto word = list.substr(0, end);
    while (word.starts_with(' '))
      word.remove_prefix(1);
    with(word);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

std::string reference(std::string_view to, std::string_view name) {
  return "{\"$ref\":\"#/components/" + std::string{to} + "/" + std::string{name} + "\"}";
}

void append_item(std::string& to, std::string_view item) {
  to += to.empty() ? "" : ",";
  to += item;
}

/// Those of the path's pattern by their own names, then the others.
std::string parameters_of(const route& x) {
  auto list = std::string{};
  for (auto open = x.path.find('{'); open != std::string_view::npos; open = x.path.find('{', open + 1))
    append_item(list, reference("parameters", x.path.substr(open + 1, x.path.find_first_of("*}", open) - open - 1)));
  for_each_word(x.told.parameters, [&](std::string_view name) { append_item(list, reference("parameters", name)); });
  return list;
}

std::string responses_of(const route& x) {
  auto list = std::string{};
  for_each_word(x.told.answers.empty() ? "200 done" : x.told.answers, [&](std::string_view answer) {
    const auto space = answer.find(' ');
    append_item(list, '"' + std::string{answer.substr(0, space)} + "\":" + reference("responses", answer.substr(space + 1)));
  });
  append_item(list, "\"default\":" + reference("responses", "refused"));
  return list;
}

std::string_view security_of(door who) {
  switch (who) {
  case door::github:
    return R"json("security":[{"github":[]}],)json";
  case door::stripe:
    return R"json("security":[{"stripe":[]}],)json";
  case door::application:
    return R"json("security":[{"application":[]}],)json";
  case door::cron:
    return R"json("security":[{"cron":[]}],)json";
  case door::site:
    return R"json("security":[{"site":[]},{"admin":[]}],)json";
  case door::user:
    return R"json("security":[{"user":[]},{"admin":[]}],)json";
  case door::reviewer:
  case door::admin:
    return R"json("security":[{"admin":[]},{"session":[]}],)json";
  case door::page:
  case door::sign_in:
  case door::health:
  case door::visitor:
  case door::open:
    break;
  }
  return {};
}

std::string operation(const route& x) {
  auto text = std::string{"{\"summary\":"};
  append_json_string(text, x.purpose);
  text += ',';
  text += security_of(x.who);
  if (const auto list = parameters_of(x); !list.empty())
    text += "\"parameters\":[" + list + "],";
  if (!x.told.body.empty())
    text += "\"requestBody\":" + reference("requestBodies", x.told.body) + ',';
  return text + "\"responses\":{" + responses_of(x) + "}}";
}

std::string lower(std::string_view method) {
  auto text = std::string{method};
  for (auto& c : text)
    c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string components() {
  auto parameters = std::string{}, bodies = std::string{}, responses = std::string{}, schemas = std::string{};
  for (const auto& family :
       {shared, github_components(), site_components(), job_components(), event_components(), stripe_components(),
        crawl_components(), rollup_components(), nightly_components(), limit_components(), account_components(),
        content_components(), server_components(), submission_components(), console_components(), audit_components()}) {
    for (const auto& [to, from] : {std::pair{&parameters, family.parameters},
                                   {&bodies, family.request_bodies},
                                   {&responses, family.responses},
                                   {&schemas, family.schemas}})
      if (!from.empty())
        append_item(*to, from);
  }
  return "\"components\":{\"securitySchemes\":{" + std::string{security_schemes} + "},\"parameters\":{" + parameters +
         "},\"requestBodies\":{" + bodies + "},\"responses\":{" + responses + "},\"schemas\":{" + schemas + "}}";
}

/// OpenAPI knows parameters of one segment only; what stands for several is described as such.
std::string shown_path(std::string_view pattern) {
  auto out = std::string{pattern};
  std::erase(out, '*');
  return out;
}

} // namespace

std::string openapi_document(std::string_view version) {
  auto by_path = std::map<std::string, std::string>{};
  for (const auto& x : table())
    append_item(by_path[shown_path(x.path)], '"' + lower(x.method) + "\":" + operation(x));
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
  return text + "}," + components() + '}';
}

} // namespace ingot::routes

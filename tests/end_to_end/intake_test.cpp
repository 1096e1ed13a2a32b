#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <algorithm>

using namespace ingot::testing;

namespace {

/// `{"error":{code,message,details,request_id}}`, and nothing secret in it.
json::object error_of(const http_answer& answer) {
  INFO(answer.status << " " << answer.body);
  CHECK(answer["content-type"].starts_with("application/json"));
  auto error = json::parse(answer.body).at("error").as_object();
  CHECK_FALSE(error.at("message").as_string().empty());
  CHECK(error.at("details").is_array());
  CHECK(error.at("request_id").as_string() == json::string_view{answer["x-request-id"]});
  CHECK_FALSE(answer["x-request-id"].empty());
  CHECK(answer.body.find(webhook_secret) == std::string::npos);
  return error;
}

std::string code_of(const http_answer& answer) {
  return std::string{error_of(answer).at("code").as_string()};
}

/// The headers of a good delivery without the one named.
std::vector<header> without(std::vector<header> headers, std::string_view name) {
  std::erase_if(headers, [&](const header& x) { return x.first == name; });
  return headers;
}

std::vector<header> with(std::vector<header> headers, const header& other) {
  headers = without(std::move(headers), other.first);
  headers.push_back(other);
  return headers;
}

std::string form_of(std::string_view json_text) {
  std::string result = "payload=";
  constexpr char hex[] = "0123456789ABCDEF";
  for (unsigned char c : json_text) {
    if (std::isalnum(c) != 0)
      result += static_cast<char>(c);
    else if (c == ' ')
      result += '+';
    else
      result.append({'%', hex[c >> 4], hex[c & 15]});
  }
  return result;
}

std::string body_of(std::string_view event) {
  return text_of(example_of(event));
}

} // namespace

TEST_CASE("a signed delivery is stored, its redelivery a duplicate, an event that writes no rows is kept and ignored") {
  node running;
  auto client = running.client();
  auto id = new_delivery_id();
  auto stored = deliver(client, "pull_request", id, example_of("pull_request"));
  REQUIRE(stored.status == 200);
  CHECK(json::parse(stored.body).at("status").as_string() == "stored");
  CHECK(json::parse(stored.body).at("delivery").as_string() == json::string_view{id});

  auto again = deliver(client, "pull_request", id, example_of("pull_request"));
  REQUIRE(again.status == 200);
  CHECK(json::parse(again.body).at("status").as_string() == "duplicate");

  auto ignored_id = new_delivery_id();
  auto ignored = deliver(client, "issues", ignored_id, example_of("issues"));
  REQUIRE(ignored.status == 200);
  CHECK(json::parse(ignored.body).at("status").as_string() == "ignored");

  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM deliveries") == 2);
  auto row = db.rows("SELECT event, action, outcome, repository_id, repository, hook_id, endpoint, error FROM deliveries "
                     "WHERE delivery_id = " +
                     literal(id))
                 .at(0);
  CHECK(row == sql::row{"pull_request", "opened", "stored", "7001", "forge/anvil", "292430182", "default", std::nullopt});
  CHECK(db.text("SELECT outcome FROM deliveries WHERE delivery_id = " + literal(ignored_id)) == "ignored");
  CHECK(db.number("SELECT count(*) FROM repositories WHERE github_id = 7001") == 1);
}

TEST_CASE("both paths and both content types are taken, and the signature covers the raw body in both") {
  node running;
  auto client = running.client();
  auto body = body_of("pull_request");
  auto on_path =
      client.request("POST", "/webhooks/github", delivery_headers("pull_request", new_delivery_id(), body, webhook_secret), body);
  CHECK(on_path.status == 200);

  auto form = form_of(body);
  auto headers = delivery_headers("pull_request", new_delivery_id(), form, webhook_secret);
  auto as_form = client.request("POST", "/webhook", with(headers, {"Content-Type", "application/x-www-form-urlencoded"}), form);
  INFO(as_form.body);
  CHECK(as_form.status == 200);

  auto signed_json = delivery_headers("pull_request", new_delivery_id(), body, webhook_secret);
  auto wrong = client.request("POST", "/webhook", with(signed_json, {"Content-Type", "application/x-www-form-urlencoded"}), form);
  CHECK(wrong.status == 401);

  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM deliveries") == 2);
  CHECK(db.number("SELECT count(*) FROM pull_requests") == 1);
}

TEST_CASE("a missing or bad signature is refused, leaves no delivery, an audit line and a count") {
  node running;
  auto client = running.client();
  auto body = body_of("pull_request");
  auto good = delivery_headers("pull_request", new_delivery_id(), body, webhook_secret);

  auto unsigned_one = client.request("POST", "/webhook", without(good, "X-Hub-Signature-256"), body);
  CHECK(unsigned_one.status == 401);
  CHECK(code_of(unsigned_one) == "missing_signature");

  auto sha1_only = without(good, "X-Hub-Signature-256");
  sha1_only.emplace_back("X-Hub-Signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6");
  auto sha1 = client.request("POST", "/webhook", sha1_only, body);
  CHECK(sha1.status == 401);
  CHECK(code_of(sha1) == "missing_signature");

  for (std::string value : {signature_of("another secret", body), std::string{"sha256="}, std::string{"sha256=zz"},
                            signature_of(webhook_secret, body).substr(7), signature_of(webhook_secret, body) + "0",
                            signature_of(webhook_secret, body + " ")}) {
    auto refused = client.request("POST", "/webhook", with(good, {"X-Hub-Signature-256", value}), body);
    INFO(value);
    CHECK(refused.status == 401);
    CHECK(code_of(refused) == "bad_signature");
  }

  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM deliveries") == 0);
  CHECK(eventually(
      [&] { return db.number("SELECT coalesce(sum(count), 0) FROM audit_log WHERE details::text LIKE '%signature%'") >= 8; }));
  CHECK(client.get("/metrics").body.find("signature") != std::string::npos);
}

TEST_CASE("current and previous secret and every endpoint's own are live, and say which endpoint it was") {
  node running{{.toml = "[[github.endpoint]]\nname = \"org-a\"\nsecret = \"secret-of-a\"\n"
                        "[[github.endpoint]]\nname = \"org-b\"\nsecret = \"secret-of-b\"\nsecret_previous = \"old-of-b\"\n",
                .environment = {{"GITHUB_WEBHOOK_SECRET_PREVIOUS", "the-one-before"}}}};
  auto client = running.client();
  sql db{running.database_url()};
  const std::vector<std::pair<std::string, std::string>> live{{std::string{webhook_secret}, "default"},
                                                              {"the-one-before", "default"},
                                                              {"secret-of-a", "org-a"},
                                                              {"secret-of-b", "org-b"},
                                                              {"old-of-b", "org-b"}};
  auto body = body_of("push");
  for (const auto& [secret, endpoint] : live) {
    auto id = new_delivery_id();
    auto answer = client.request("POST", "/webhook", delivery_headers("push", id, body, secret), body);
    INFO(endpoint << " " << answer.body);
    REQUIRE(answer.status == 200);
    CHECK(db.text("SELECT endpoint FROM deliveries WHERE delivery_id = " + literal(id)) == endpoint);
  }
  CHECK(client.request("POST", "/webhook", delivery_headers("push", new_delivery_id(), body, "old-of-a"), body).status == 401);
}

TEST_CASE("without a secret the route answers 503 and says so, and never accepts everything") {
  node running{{.environment = {{"GITHUB_WEBHOOK_SECRET", ""}}}};
  auto client = running.client();
  auto body = body_of("push");
  for (std::string_view secret : {"", "guess"}) {
    auto answer = client.request("POST", "/webhook", delivery_headers("push", new_delivery_id(), body, secret), body);
    CHECK(answer.status == 503);
    CHECK(code_of(answer) == "not_configured");
    CHECK(answer.body.find("GITHUB_WEBHOOK_SECRET") != std::string::npos);
  }
  CHECK(sql{running.database_url()}.number("SELECT count(*) FROM deliveries") == 0);
  // Anybody can make it say so, and nobody is woken for that.
  const auto metrics = client.request("GET", "/metrics").body;
  CHECK(metrics.find("ingot_http_requests_total{code=\"not_configured\",route=\"/webhook\",status=\"503\"} 2") !=
        std::string::npos);
  CHECK(metrics.find("ingot_http_requests_total{route=\"/webhook\",status=\"503\"}") == std::string::npos);
}

TEST_CASE("missing headers, malformed bodies and missing fields are refused and named") {
  node running;
  auto client = running.client();
  auto body = body_of("pull_request");
  auto post = [&](std::string_view event, const std::string& text) {
    return client.request("POST", "/webhook", delivery_headers(event, new_delivery_id(), text, webhook_secret), text);
  };
  for (const char* name : {"X-GitHub-Event", "X-GitHub-Delivery"}) {
    auto answer = client.request("POST", "/webhook",
                                 without(delivery_headers("push", new_delivery_id(), body, webhook_secret), name), body);
    CHECK(answer.status == 400);
    CHECK(code_of(answer) == "missing_header");
    auto shown = answer.body;
    std::transform(shown.begin(), shown.end(), shown.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string wanted = name;
    std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    CHECK(shown.find(wanted) != std::string::npos);
  }
  for (std::string text : {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"null"}, std::string{"{\"a\":1}x"},
                           body.substr(0, 300)}) {
    auto answer = post("pull_request", text);
    INFO(text.substr(0, 40));
    CHECK(answer.status == 400);
    CHECK_FALSE(error_of(answer).at("code").as_string().empty());
  }
  for (const char* pointer : {"/pull_request/title", "/pull_request/head/sha", "/pull_request/updated_at", "/repository/id"}) {
    auto payload = example_of("pull_request");
    std::string parent{pointer};
    auto slash = parent.rfind('/');
    payload.at_pointer(parent.substr(0, slash)).as_object().erase(parent.substr(slash + 1));
    auto answer = post("pull_request", text_of(payload));
    INFO(pointer << " " << answer.body);
    CHECK(answer.status == 400);
    CHECK(code_of(answer) == "missing_field");
    auto details = error_of(answer).at("details").as_array();
    CHECK(std::any_of(details.begin(), details.end(),
                      [&](const json::value& x) { return x.at("pointer").as_string() == json::string_view{pointer}; }));
  }
  CHECK(sql{running.database_url()}.number("SELECT count(*) FROM deliveries") == 0);
}

TEST_CASE("text that PostgreSQL cannot store is refused with its place, and neighbours are stored") {
  node running;
  auto client = running.client();
  auto with_title = [](std::string_view raw_title) {
    auto payload = example_of("pull_request");
    set(payload, "/pull_request/title", "TITLE");
    auto text = text_of(payload);
    return text.replace(text.find("TITLE"), 5, raw_title);
  };
  std::string deep(100, '[');
  auto nested = text_of(example_of("pull_request"));
  nested.insert(1, "\"deep\":" + deep + std::string(100, ']') + ",");
  auto giant = text_of(example_of("pull_request"));
  giant.insert(1, "\"giant\":1e131000,");
  for (const auto& text : {with_title("a\\u0000b"), with_title("a\\ud800b"), with_title("a\xff\xfe"), nested, giant}) {
    auto headers = delivery_headers("pull_request", new_delivery_id(), text, webhook_secret);
    auto answer = client.request("POST", "/webhook", headers, text);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK_FALSE(error_of(answer).at("details").as_array().empty());
  }
  CHECK(deliver(client, "pull_request", new_delivery_id(), example_of("pull_request")).status == 200);
  CHECK(sql{running.database_url()}.number("SELECT count(*) FROM deliveries") == 1);
}

TEST_CASE("a body over the limit gets 413 and one of another kind 415, before it is read") {
  node running{{.environment = {{"INGOT_SERVER_BODY_BYTES_MAX", "65536"}}}};
  auto body = std::string(70'000, ' ');
  auto large = running.client();
  auto answer = large.request("POST", "/webhook", delivery_headers("push", new_delivery_id(), body, webhook_secret), body);
  CHECK(answer.status == 413);
  CHECK(code_of(answer) == "body_too_large");

  auto other = running.client();
  auto text = body_of("push");
  auto plain = other.request(
      "POST", "/webhook", with(delivery_headers("push", new_delivery_id(), text, webhook_secret), {"Content-Type", "text/plain"}),
      text);
  CHECK(plain.status == 415);
  CHECK(code_of(plain) == "unsupported_media_type");
}

TEST_CASE("a body of 24 MiB is taken") {
  node running;
  auto client = running.client();
  auto payload = example_of("pull_request");
  payload.as_object()["padding"] = std::string(24 * 1024 * 1024, 'x');
  auto answer = deliver(client, "pull_request", new_delivery_id(), payload);
  INFO(answer.body);
  CHECK(answer.status == 200);
}

TEST_CASE("health, ready, metrics and the API's description answer, and other paths and methods are refused in the same form") {
  node running;
  auto client = running.client();
  CHECK(client.get("/health").status == 200);
  CHECK(client.get("/ready").status == 200);
  CHECK(json::parse(client.get("/ready").body).is_object());
  CHECK(client.get("/metrics").body.find("# TYPE") != std::string::npos);
  auto description = json::parse(client.get("/openapi.json").body);
  CHECK(description.at("openapi").as_string().starts_with("3.1"));
  CHECK(description.at("paths").as_object().contains("/webhook"));

  auto nowhere = client.get("/nowhere");
  CHECK(nowhere.status == 404);
  CHECK(code_of(nowhere) == "not_found");
  auto wrong_method = client.get("/webhook");
  CHECK(wrong_method.status == 405);
  CHECK(code_of(wrong_method) == "method_not_allowed");
  CHECK(wrong_method["allow"].find("POST") != std::string::npos);
}

TEST_CASE("a refusal's request id stands in the log") {
  node running;
  auto client = running.client();
  auto body = body_of("push");
  auto refused = client.request("POST", "/webhook", delivery_headers("push", new_delivery_id(), body, "wrong"), body);
  auto id = refused["x-request-id"];
  REQUIRE_FALSE(id.empty());
  CHECK(eventually([&] { return running.log().find(id) != std::string::npos; }));
}

TEST_CASE("requests on one connection are answered in their order, also when they are sent ahead") {
  node running;
  auto client = running.client();
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(new_delivery_id());
    auto body = body_of("push");
    std::string bytes = "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    for (const auto& [name, value] : delivery_headers("push", ids.back(), body, webhook_secret))
      bytes += name + ": " + value + "\r\n";
    client.send(bytes + "\r\n" + body);
  }
  for (const auto& id : ids) {
    auto answer = client.read_answer();
    REQUIRE(answer.status == 200);
    CHECK(json::parse(answer.body).at("delivery").as_string() == json::string_view{id});
  }
}

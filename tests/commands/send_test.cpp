#include "commands/event_guess.hpp"
#include "commands/send.hpp"
#include "model/signature.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"

#include <cstdlib>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

struct ran {
  int code;
  std::string out;
};

ran send_to(const settings& of, const send_options& options, bool json = false) {
  std::ostringstream out;
  std::ostringstream err;
  auto code = send(of, options, {out, err, json, false});
  return {code, out.str()};
}

std::string header_of(const std::string& request, const std::string& name) {
  auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos)
    return "";
  at += name.size() + 4;
  return request.substr(at, request.find("\r\n", at) - at);
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

settings without_secrets(const scratch_folder& folder) {
  settings out;
  out.data_dir = folder.path();
  return out;
}

std::filesystem::path recorded_payloads() {
  const char* shared = std::getenv("INGOT_SHARED");
  auto root = shared != nullptr ? std::filesystem::path{shared} : std::filesystem::path{INGOT_SOURCE_DIR} / ".." / "shared";
  return root / "data" / "github" / "webhooks";
}

} // namespace

TEST_CASE("send signs the raw body as GitHub does") {
  scratch_folder folder;
  auto file = folder.write("push/one.json", "{\"ref\": \"refs/heads/main\"}\n");
  local_http_server server{200, R"({"status":"stored"})"};
  send_options options;
  options.files = {file.string()};
  options.url = server.url() + "/webhook";
  options.secret = "s3cret";
  options.delivery = "d-1";
  auto x = send_to(without_secrets(folder), options);
  CHECK(x.code == done);
  CHECK(x.out == "200  push  d-1  {\"status\":\"stored\"}\n");
  auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("POST /webhook HTTP/1.1\r\n"));
  CHECK(header_of(requests[0], "X-GitHub-Event") == "push");
  CHECK(header_of(requests[0], "X-GitHub-Delivery") == "d-1");
  CHECK(header_of(requests[0], "Content-Type") == "application/json");
  CHECK(body_of(requests[0]) == "{\"ref\": \"refs/heads/main\"}\n");
  std::vector<hmac_sha256> keys;
  keys.emplace_back("s3cret");
  CHECK(verify_github_signature(keys, header_of(requests[0], "X-Hub-Signature-256"), body_of(requests[0])) == fault::none);
}

TEST_CASE("send --count sends different deliveries of one payload, and fails when one is refused") {
  scratch_folder folder;
  local_http_server server{401, R"({"error":{}})"};
  send_options options;
  options.example = true;
  options.count = 3;
  auto of = without_secrets(folder);
  of.server.port = server.port();
  of.github = {{"default", "configured", ""}};
  auto x = send_to(of, options, true);
  CHECK(x.code == failed);
  std::set<std::string> ids;
  for (const auto& request : server.requests())
    ids.insert(header_of(request, "X-GitHub-Delivery"));
  CHECK(ids.size() == 3);
  CHECK(std::count(x.out.begin(), x.out.end(), '\n') == 3);
  CHECK(x.out.find(R"("http_status":401,"answer":{"error":{}}})") != std::string::npos);
}

TEST_CASE("send uses the secret that the node keeps in its data folder") {
  scratch_folder folder;
  folder.write("webhook.secret", "kept-secret\n");
  local_http_server server{200, "{}"};
  send_options options;
  options.example = true;
  options.url = server.url();
  CHECK(send_to(without_secrets(folder), options).code == done);
  auto request = server.requests().at(0);
  CHECK(header_of(request, "X-Hub-Signature-256") == github_signature("kept-secret", body_of(request)));
}

TEST_CASE("send says what is missing") {
  scratch_folder folder;
  auto of = without_secrets(folder);
  auto message = [&](const send_options& options) -> std::string {
    try {
      send_to(of, options);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  };
  send_options none;
  CHECK(message(none).starts_with("nothing to send"));
  send_options no_secret;
  no_secret.example = true;
  CHECK(message(no_secret).starts_with("there is no webhook secret"));
  send_options no_file;
  no_file.files = {"/nonexistent.json"};
  CHECK(message(no_file).starts_with("cannot read /nonexistent.json"));
  send_options no_event;
  no_event.files = {folder.write("x.json", "{}").string()};
  CHECK(message(no_event).find("--event") != std::string::npos);
  send_options twice;
  twice.example = true;
  twice.count = 2;
  twice.delivery = "x";
  CHECK(message(twice).starts_with("--delivery names one"));
}

TEST_CASE("a delivery id is a random version 4 UUID") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto id = random_uuid();
    CHECK(std::regex_match(id, std::regex{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"}));
    seen.insert(id);
  }
  CHECK(seen.size() == 100);
}

TEST_CASE("the event is told by the folder's name before the payload") {
  CHECK(guess_event("payloads/pull_request/opened.json", "{}") == "pull_request");
  CHECK(guess_event("push/x.json", R"({"zen":"…"})") == "push");
  CHECK(guess_event("downloads/x.json", R"({"zen":"…"})") == "ping");
  CHECK(guess_event("", R"({"pull_request":{},"review":{}})") == "pull_request_review");
  CHECK(guess_event("", "no json") == "");
  CHECK(guess_event("", "[]") == "");
}

TEST_CASE("recorded payloads of the events that write rows are told by their keys alone") {
  auto folder = recorded_payloads();
  if (!std::filesystem::exists(folder)) {
    WARN("not found: " << folder);
    return;
  }
  for (const auto* event : {"ping", "pull_request", "pull_request_review", "push", "workflow_run", "workflow_job", "check_run",
                            "check_suite", "status", "deployment_status", "repository", "installation",
                            "installation_repositories", "release", "create", "delete"}) {
    if (!std::filesystem::exists(folder / event)) {
      WARN("not found: " << (folder / event));
      continue;
    }
    for (const auto& file : std::filesystem::directory_iterator{folder / event}) {
      if (!file.path().string().ends_with(".json"))
        continue;
      std::ifstream in{file.path(), std::ios::binary};
      std::string text{std::istreambuf_iterator<char>{in}, {}};
      INFO(file.path());
      CHECK(guess_event("", text) == event);
    }
  }
}

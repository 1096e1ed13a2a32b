#include "commands/send.hpp"

#include "commands/event_guess.hpp"
#include "commands/http_call.hpp"
#include "commands/table.hpp"
#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "model/signature.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace ingot::commands {

namespace {

struct payload {
  std::string name;
  std::string event;
  std::string body;
};

constexpr std::string_view example_body =
    R"({"action":"opened","number":1,"pull_request":{"url":"https://api.github.com/repos/octo-org/hello/pulls/1","id":1001,"node_id":"PR_1",)"
    R"("html_url":"https://github.com/octo-org/hello/pull/1","number":1,"state":"open","locked":false,"title":"Say hello",)"
    R"("user":{"login":"octocat","id":583231,"avatar_url":"https://avatars.githubusercontent.com/u/583231","type":"User"},)"
    R"("body":"My first pull request.","created_at":"2024-05-01T10:00:00Z","updated_at":"2024-05-01T10:00:00Z","closed_at":null,)"
    R"("merged_at":null,"merge_commit_sha":null,"assignees":[],"requested_reviewers":[],"labels":[{"id":1,"name":"greeting","color":"0e8a16"}],)"
    R"("draft":false,"head":{"label":"octo-org:hello","ref":"hello","sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e"},)"
    R"("base":{"label":"octo-org:main","ref":"main","sha":"c3d0be41ecbe669545ee3e94d31ed9a4bc91ee3c"},"merged":false,"commits":1,)"
    R"("additions":2,"deletions":0,"changed_files":1},"repository":{"id":35129377,"name":"hello","full_name":"octo-org/hello",)"
    R"("private":false,"owner":{"login":"octo-org","id":6811672,"type":"Organization"},"html_url":"https://github.com/octo-org/hello",)"
    R"("description":"A first repository","fork":false,"created_at":"2024-04-01T10:00:00Z","updated_at":"2024-05-01T09:00:00Z",)"
    R"("pushed_at":"2024-05-01T09:00:00Z","stargazers_count":3,"language":"C++","forks_count":1,"archived":false,"default_branch":"main"},)"
    R"("sender":{"login":"octocat","id":583231,"type":"User"}})";

std::string read_payload(const std::string& file) {
  if (file == "-")
    return {std::istreambuf_iterator<char>{std::cin}, {}};
  std::error_code ignored;
  std::ifstream in{file, std::ios::binary};
  if (!in || std::filesystem::is_directory(file, ignored))
    throw std::runtime_error{"cannot read " + file + ": it is no file, or not readable"};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<payload> read_payloads(const send_options& options) {
  std::vector<payload> out;
  if (options.example)
    out.push_back({"example", "pull_request", std::string{example_body}});
  for (const auto& file : options.files) {
    payload x{file, options.event, read_payload(file)};
    if (x.event.empty())
      x.event = guess_event(file == "-" ? "" : file, x.body);
    if (x.event.empty())
      throw std::runtime_error{"cannot tell which event " + file +
                               " is; name it with --event (pull_request, push, check_run, …)"};
    out.push_back(std::move(x));
  }
  if (out.empty())
    throw usage_error{"nothing to send: name a payload file, `-` for standard input, or --example"};
  return out;
}

std::string secret_for(const settings& of, const send_options& options) {
  if (!options.secret.empty())
    return options.secret;
  auto complete = of;
  read_kept_secrets(complete, of.data_dir);
  for (const auto& x : complete.github) {
    if (!x.secret.empty())
      return x.secret;
  }
  throw std::runtime_error{
      "there is no webhook secret to sign with: set GITHUB_WEBHOOK_SECRET, name it with --secret, or run this where the "
      "node's data folder is (INGOT_DATA_DIR)"};
}

/// @returns whether the answer was a 2xx.
bool send_one(http_call call, const payload& x, const std::string& id, const std::string& secret, const terminal& to) {
  call.headers = {{"Content-Type", "application/json"},
                  {"User-Agent", "ingot-send"},
                  {"X-GitHub-Event", x.event},
                  {"X-GitHub-Delivery", id},
                  {"X-Hub-Signature-256", github_signature(secret, x.body)}};
  call.body = x.body;
  auto answer = perform(call);
  bool taken = answer.status >= 200 && answer.status < 300;
  if (to.json)
    to.out << json_object{}
                  .add("file", x.name)
                  .add("event", x.event)
                  .add("delivery", id)
                  .add("http_status", answer.status)
                  .add_raw("answer", answer.body.starts_with('{') ? answer.body : "null")
                  .text()
           << '\n';
  else
    to.out << paint(std::to_string(answer.status), taken ? colour::good : colour::bad, to.coloured) << "  "
           << presentable(x.event) << "  " << presentable(id) << "  " << presentable(answer.body) << '\n';
  return taken;
}

} // namespace

int send(const settings& of, const send_options& options, const terminal& to) {
  auto payloads = read_payloads(options);
  if (!options.delivery.empty() && payloads.size() * options.count > 1)
    throw usage_error{"--delivery names one delivery, but several would be sent"};
  auto secret = secret_for(of, options);
  auto call = call_of_node(of, "POST", "/webhook");
  if (!options.url.empty()) {
    call.url = options.url;
    // The address of a node, without a path, means its webhook.
    const auto scheme = call.url.find("://");
    if (call.url.find('/', scheme == std::string::npos ? 0 : scheme + 3) == std::string::npos)
      call.url += "/webhook";
    call.trusted_certificate.clear();
  }
  bool all = true;
  for (const auto& x : payloads) {
    for (unsigned i = 0; i < options.count; ++i)
      all = send_one(call, x, options.delivery.empty() ? random_uuid() : options.delivery, secret, to) && all;
  }
  return all ? done : failed;
}

std::string random_uuid() {
  auto digits = random_token("").substr(0, 32);
  digits[12] = '4';
  digits[16] = "89ab"[digits[16] % 4];
  for (std::size_t at : {8, 13, 18, 23})
    digits.insert(at, "-");
  return digits;
}

} // namespace ingot::commands

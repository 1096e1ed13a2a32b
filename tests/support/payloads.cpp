#include "tests/support/payloads.hpp"

#include "tests/support/node.hpp"

#include <boost/json/src.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <openssl/hmac.h>
#include <random>
#include <stdexcept>
#include <utility>

namespace ingot::testing {

namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    throw std::runtime_error{"cannot read " + path.string()};
  return {std::istreambuf_iterator<char>{in}, {}};
}

const fs::path examples = fs::path{INGOT_SOURCE_DIR} / "tests/support/examples";

} // namespace

std::optional<fs::path> shared_folder() {
  const char* given = std::getenv("INGOT_SHARED");
  fs::path folder = given != nullptr ? fs::path{given} : fs::path{INGOT_SOURCE_DIR} / "../shared";
  if (fs::is_directory(folder / "data/github/webhooks"))
    return folder;
  static bool said = false;
  if (!std::exchange(said, true))
    std::fprintf(stderr, "no recorded payloads at %s/data/github/webhooks (INGOT_SHARED): tests/support/examples stands in\n",
                 folder.c_str());
  return std::nullopt;
}

std::vector<sample> all_samples() {
  std::vector<sample> result;
  if (auto shared = shared_folder()) {
    for (const auto& file : fs::recursive_directory_iterator{*shared / "data/github/webhooks"}) {
      auto name = file.path().filename().string();
      constexpr std::string_view suffix = ".payload.json";
      if (name.ends_with(suffix))
        result.push_back(
            {file.path().parent_path().filename().string(), name.substr(0, name.size() - suffix.size()), read_file(file.path())});
    }
  } else {
    for (const auto& file : fs::directory_iterator{examples})
      result.push_back({file.path().stem().string(), "example", read_file(file.path())});
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.event + a.name < b.event + b.name; });
  return result;
}

json::value sample_of(std::string_view event, std::string_view name) {
  if (auto shared = shared_folder()) {
    auto file = *shared / "data/github/webhooks" / event / (std::string{name} + ".payload.json");
    if (fs::exists(file))
      return json::parse(read_file(file));
    std::fprintf(stderr, "no recorded payload %s\n", file.c_str());
  }
  return example_of(event);
}

json::value example_of(std::string_view event) {
  return json::parse(read_file(examples / (std::string{event} + ".json")));
}

std::string text_of(const json::value& x) {
  return json::serialize(x);
}

void set(json::value& x, std::string_view pointer, json::value to) {
  auto slash = pointer.rfind('/');
  auto& parent = slash == 0 ? x : x.at_pointer(pointer.substr(0, slash));
  auto key = pointer.substr(slash + 1);
  if (parent.is_array())
    parent.as_array().at(std::stoul(std::string{key})) = std::move(to);
  else
    parent.as_object()[key] = std::move(to);
}

void move_to_repository(json::value& x, std::int64_t id, std::string_view full_name) {
  auto slash = full_name.find('/');
  set(x, "/repository/id", id);
  set(x, "/repository/full_name", json::string{full_name});
  set(x, "/repository/name", json::string{full_name.substr(slash + 1)});
  set(x, "/repository/owner/login", json::string{full_name.substr(0, slash)});
}

std::string head_at_step(std::int64_t repository, int step) {
  char text[41];
  std::snprintf(text, sizeof text, "%032llx%08x", static_cast<unsigned long long>(repository), static_cast<unsigned>(step));
  return text;
}

std::string pull_request_step(std::int64_t repository, std::string_view full_name, int step) {
  static const auto example = example_of("pull_request");
  auto payload = example;
  move_to_repository(payload, repository, full_name);
  char at[32];
  std::snprintf(at, sizeof at, "2024-06-01T%02d:%02d:%02dZ", step / 3600, step / 60 % 60, step % 60);
  set(payload, "/action", step == 0 ? "opened" : "synchronize");
  set(payload, "/pull_request/updated_at", json::string{at});
  // The description: unlike the title it has no entries in the history, which is bounded.
  set(payload, "/pull_request/body", json::string{"step " + std::to_string(step)});
  set(payload, "/pull_request/head/sha", json::string{head_at_step(repository, step)});
  return text_of(payload);
}

std::string push_of(std::int64_t repository, std::string_view full_name, const std::string& branch, const std::string& before,
                    const std::string& after, const std::string& tree) {
  static const auto example = example_of("push");
  constexpr std::string_view zeros = "0000000000000000000000000000000000000000";
  auto payload = example;
  move_to_repository(payload, repository, full_name);
  set(payload, "/ref", json::string{"refs/heads/" + branch});
  set(payload, "/before", json::string{before.empty() ? zeros : before});
  set(payload, "/after", json::string{after.empty() ? zeros : after});
  set(payload, "/deleted", after.empty());
  if (after.empty()) {
    set(payload, "/head_commit", nullptr);
  } else {
    set(payload, "/head_commit/id", json::string{after});
    set(payload, "/head_commit/tree_id", json::string{tree});
  }
  return text_of(payload);
}

std::string signature_of(std::string_view secret, std::string_view body) {
  unsigned char digest[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(body.data()),
       body.size(), digest, &size);
  std::string result = "sha256=";
  for (auto byte : digest) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    result += two;
  }
  return result;
}

std::vector<header> delivery_headers(std::string_view event, std::string_view delivery_id, std::string_view body,
                                     std::string_view secret) {
  return {{"User-Agent", "GitHub-Hookshot/044aadd"}, {"Content-Type", "application/json"},
          {"X-GitHub-Event", std::string{event}},    {"X-GitHub-Delivery", std::string{delivery_id}},
          {"X-GitHub-Hook-ID", "292430182"},         {"X-Hub-Signature-256", signature_of(secret, body)}};
}

http_answer deliver(http_client& to, std::string_view event, std::string_view delivery_id, std::string_view body) {
  return to.request("POST", "/webhook", delivery_headers(event, delivery_id, body, webhook_secret), body);
}

http_answer deliver(http_client& to, std::string_view event, std::string_view delivery_id, const json::value& payload) {
  return deliver(to, event, delivery_id, std::string_view{text_of(payload)});
}

std::string new_delivery_id() {
  static const auto process = std::random_device{}();
  static std::atomic<unsigned long long> count{0};
  char text[40];
  std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012llx", process, count.fetch_add(1));
  return text;
}

} // namespace ingot::testing

#include "commands/event_guess.hpp"

#include "telemetry/metrics.hpp"

#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

namespace ingot::commands {

namespace {

struct rule {
  std::string_view event;
  std::vector<std::string_view> keys; ///< all of them
};

/// The first that fits counts, so the narrower stands before the wider. From GitHub's documentation, "Webhook events and
/// payloads".
const std::vector<rule>& rules() {
  static const std::vector<rule> table{
      {"ping", {"zen"}},
      {"deployment_status", {"deployment_status"}},
      {"deployment", {"deployment"}},
      {"pull_request_review_comment", {"pull_request", "comment"}},
      {"pull_request_review_thread", {"pull_request", "thread"}},
      {"pull_request_review", {"pull_request", "review"}},
      {"pull_request", {"pull_request", "number"}},
      {"workflow_job", {"workflow_job"}},
      {"workflow_run", {"workflow_run"}},
      {"check_run", {"check_run"}},
      {"check_suite", {"check_suite"}},
      {"release", {"release"}},
      {"push", {"ref", "before", "after"}},
      {"create", {"ref", "ref_type", "master_branch"}},
      {"delete", {"ref", "ref_type"}},
      {"status", {"sha", "state", "context"}},
      {"installation_repositories", {"installation", "repositories_added"}},
      {"issue_comment", {"issue", "comment"}},
      {"issues", {"issue"}},
      {"fork", {"forkee"}},
      {"star", {"starred_at"}},
      {"installation", {"installation", "repositories", "action"}},
  };
  return table;
}

std::set<std::string> keys_of(std::string_view payload) {
  std::set<std::string> out;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(payload.data(), payload.size()).get(object) != simdjson::SUCCESS)
    return out;
  for (auto member : object)
    out.emplace(member.key);
  return out;
}

} // namespace

std::string guess_event(std::string_view file, std::string_view payload) {
  std::error_code ignored;
  auto folder = std::filesystem::weakly_canonical(std::filesystem::path{file}, ignored).parent_path().filename().string();
  if (telemetry::event_label(folder) != "other")
    return folder;
  auto keys = keys_of(payload);
  auto has = [&](std::string_view key) { return keys.contains(std::string{key}); };
  for (const auto& x : rules()) {
    if (std::all_of(x.keys.begin(), x.keys.end(), has))
      return std::string{x.event};
  }
  if (has("repository") && has("action") && (has("changes") || keys.size() <= 6))
    return "repository";
  if (has("installation") && has("action") && !has("repository"))
    return "installation";
  return {};
}

} // namespace ingot::commands

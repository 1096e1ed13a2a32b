#pragma once

#include "model/github/event.hpp"

#include <string>

// Events as the parser makes them, of the repository octo/hello with id 7. Times are seconds after 2024-05-01T10:00:00Z.

namespace ingot::github::test {

inline timestamp at(std::int64_t seconds) {
  return timestamp{std::chrono::seconds{1'714'557'600 + seconds}};
}

/// 40 hexadecimal digits, the last of which are `n`.
inline std::string sha(int n) {
  auto digits = std::to_string(n);
  return std::string(40 - digits.size(), 'a') + digits;
}

inline repository_snapshot repository_at(std::int64_t seconds) {
  auto x = repository_snapshot{};
  x.id = 7;
  x.name = "hello";
  x.full_name = "octo/hello";
  x.owner = "octo";
  x.description = "";
  x.language = "PHP";
  x.is_private = false;
  x.archived = false;
  x.default_branch = "main";
  x.html_url = "https://github.com/octo/hello";
  x.stars = 3;
  x.forks = 1;
  x.updated_at = at(seconds);
  x.pushed_at = at(seconds);
  return x;
}

inline event event_named(std::string name, std::string action, std::int64_t seconds) {
  auto x = event{};
  x.name = std::move(name);
  x.action = std::move(action);
  x.repository = repository_at(0);
  x.installation_id = 99;
  x.occurred_at = at(seconds);
  return x;
}

inline pull_request_snapshot snapshot(std::int64_t number, std::int64_t seconds, const std::string& head) {
  auto x = pull_request_snapshot{};
  x.number = number;
  x.title = "Say hello";
  x.description = "It says hello.";
  x.author = {"mona", "https://avatars.test/mona"};
  x.head_sha = head;
  x.head_ref = "topic";
  x.base_ref = "main";
  x.html_url = "https://github.com/octo/hello/pull/" + std::to_string(number);
  x.labels = x.assignees = x.reviewers = "[]";
  x.updated_at = at(seconds);
  x.counts = pull_request_counts{1, 2, 3, 4};
  return x;
}

/// `merged` closes it, too.
inline event pull_request(std::string action, std::int64_t number, std::int64_t seconds, const std::string& head,
                          bool merged = false) {
  auto said = snapshot(number, seconds, head);
  said.closed = merged || action == "closed";
  said.merged = merged;
  if (said.closed)
    said.closed_at = at(seconds);
  if (merged)
    said.merged_at = at(seconds);
  auto x = event_named("pull_request", std::move(action), seconds);
  x.fact = pull_request_event{said, {}};
  return x;
}

inline event review(std::string state, std::int64_t number, std::int64_t seconds, const std::string& head, int id = 1) {
  auto said = snapshot(number, seconds, head);
  said.counts.reset();
  auto x = event_named("pull_request_review", state == "dismissed" ? "dismissed" : "submitted", seconds);
  x.fact =
      review_event{said, std::move(state), {"hubot", "https://avatars.test/hubot"}, at(seconds), "review " + std::to_string(id)};
  return x;
}

/// A build that names `numbers`, or none.
inline event build(build_status status, std::vector<std::int64_t> numbers, std::int64_t seconds, const std::string& head,
                   int id = 1) {
  auto x =
      event_named(numbers.empty() ? "status" : "check_run", status == build_status::building ? "created" : "completed", seconds);
  auto fact = build_event{};
  fact.head_sha = head;
  fact.pull_requests = std::move(numbers);
  fact.status = status;
  fact.completed = status != build_status::building;
  fact.started = true;
  fact.at = at(seconds);
  fact.source = x.name + ' ' + std::to_string(id) + " CI";
  fact.actor = {"ci-bot", "https://avatars.test/ci"};
  fact.title = "Say hello";
  x.fact = fact;
  return x;
}

inline event deployment(std::string label, std::int64_t seconds, const std::string& head) {
  auto x = build(build_status::passed, {}, seconds, head);
  x.name = "deployment_status";
  auto& fact = std::get<build_event>(x.fact);
  fact.deployment = true;
  fact.label = std::move(label);
  fact.source = "deployment_status 5 production";
  return x;
}

inline event push(std::int64_t seconds) {
  auto x = event_named("push", "", seconds);
  x.repository = repository_at(seconds);
  x.fact = repository_event{};
  return x;
}

inline event moved(std::string action, int rank, std::int64_t seconds, const std::string& name) {
  auto x = event_named("repository", std::move(action), seconds);
  x.repository = repository_at(seconds);
  x.repository->name = name;
  x.repository->full_name = "octo/" + name;
  x.fact = repository_event{x.action == "deleted", rank, {}};
  return x;
}

} // namespace ingot::github::test

#pragma once

#include "model/github/webhook.hpp"

#include "tests/model/recorded.hpp"

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

// Small payloads of our own, and how tests of the webhook parser ask.

namespace ingot::testing {

using namespace ingot::github;

inline event parsed(std::string_view name, std::string_view body, body_format format = body_format::json) {
  auto result = parse_webhook(name, format, body);
  if (const auto* wrong = std::get_if<failure>(&result)) {
    std::string all = wrong->message;
    for (const auto& detail : wrong->details)
      all += "; " + detail.pointer + ": " + detail.message;
    throw std::runtime_error(all);
  }
  return std::get<event>(std::move(result));
}

inline failure refused(std::string_view name, std::string_view body, body_format format = body_format::json) {
  auto result = parse_webhook(name, format, body);
  REQUIRE(std::holds_alternative<failure>(result));
  return std::get<failure>(std::move(result));
}

inline std::set<std::string> places(const failure& x) {
  std::set<std::string> out;
  for (const auto& detail : x.details)
    out.insert(detail.pointer);
  return out;
}

/// `text` with the first `from` replaced.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

inline const std::string repository = R"("repository":{"id":42,"name":"app","full_name":"acme/app","private":true,
  "owner":{"login":"acme"},"description":null,"language":"C++","archived":false,"default_branch":"main",
  "html_url":"https://github.example/acme/app","stargazers_count":3,"forks":2,"forks_count":1,
  "updated_at":"2024-05-01T09:00:00Z","pushed_at":1714554000},"installation":{"id":77},"sender":{"login":"ann","avatar_url":"a"})";

inline const std::string pull_request =
    R"({"action":"opened","number":7,"pull_request":{"number":7,"title":"Add \"it\"","body":null,
  "user":{"login":"bob","avatar_url":"https://avatars.example/b"},"html_url":"https://github.example/acme/app/pull/7",
  "head":{"sha":"ABCDEF0123456789abcdef0123456789abcdef01","ref":"feature"},"base":{"sha":"0","ref":"main"},
  "labels":[{"id":1,"color":"f00","name":"a \"b\""},{"name":null},5,{"name":"c","color":null}],
  "assignees":[{"login":"cy","avatar_url":"u"}],"requested_reviewers":[{"name":"a team","slug":"t"},{"login":"di"}],
  "draft":true,"state":"open","merged":false,"merged_at":null,"closed_at":null,"updated_at":"2024-05-01T10:00:00Z",
  "additions":1,"deletions":2,"changed_files":3,"commits":4},)" +
    repository + "}";

inline std::string build(std::string_view kind, std::string_view members) {
  return R"({"action":"completed",")" + std::string(kind) +
         R"(":{"id":9,"name":"CI","head_sha":"0123456789012345678901234567890123456789",)" + std::string(members) + "}," +
         repository + "}";
}

inline build_event built(std::string_view kind, std::string_view members) {
  return std::get<build_event>(parsed(kind, build(kind, members)).fact);
}

} // namespace ingot::testing

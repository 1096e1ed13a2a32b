#include "model/github/merge_pipeline.hpp"

#include "model/digest.hpp"
#include "model/github/merge_pull_request.hpp"

#include <algorithm>
#include <utility>

namespace ingot::github {

namespace {

constexpr std::size_t history_fields = 5; // status_pr, status_build, status_approval, status_merge, deployment
constexpr std::size_t history_newest = newest_of(pipeline_history_max, history_fields);

/// Ranks from here on: the pull request itself said it.
constexpr std::int8_t pull_request_said = 64;

std::uint64_t digest_of_columns(const person& author, std::string_view title) {
  return (digest{} << author.login << author.avatar_url << title).value();
}

std::int8_t build_rank(const build_event& x) noexcept {
  if (x.completed)
    return x.status == build_status::failed ? 3 : 2;
  return x.started ? 1 : 0;
}

std::string_view value_of(build_status x) noexcept {
  switch (x) {
  case build_status::building:
    return "building";
  case build_status::passed:
    return "buildPassed";
  case build_status::failed:
    return "buildFailed";
  }
  return "building";
}

template <class Latest>
bool raise(Latest& known, const stamp& at, std::string_view value) {
  if (std::pair{at, value} <= std::pair{known.first, std::string_view{known.second}})
    return false;
  known = {at, std::string{value}};
  return true;
}

bool merge_latest_build(pipeline_state& known, const history_entry& build) {
  if (!raise(known.builds[build.sha], {build.at, build.rank, 0}, build.value))
    return false;
  if (known.builds.size() <= pipeline_builds_max)
    return true;
  const auto oldest = std::min_element(known.builds.begin(), known.builds.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto changed = oldest->first != build.sha;
  known.builds.erase(oldest);
  return changed;
}

bool remember(pipeline_state& known, history_entry x) {
  bound(x);
  return remember(known.history, std::move(x), history_newest);
}

bool remember(pipeline_state& known, const history_entry& about, std::string_view field, std::string_view value) {
  auto entry = about;
  entry.field = field;
  entry.value = value;
  return remember(known, std::move(entry));
}

/// Of a head that is no longer current: its builds say nothing about what would be merged now.
bool superseded(const pull_request_state& pull_request, std::string_view sha) noexcept {
  return sha != pull_request.head_sha && has_head(pull_request, sha);
}

} // namespace

history_entry build_entry(const build_event& said, std::string_view delivery_id) {
  auto entry = history_entry{said.at,     build_rank(said), "status_build", {},
                             said.source, said.actor.login, said.head_sha,  std::string{delivery_id}};
  if (said.deployment)
    entry.field = "deployment";
  entry.value = said.deployment ? std::string_view{said.label} : value_of(said.status);
  bound(entry);
  return entry;
}

bool merge_build(pipeline_state& known, const history_entry& build) {
  const auto changed = remember(known.history, build, history_newest);
  return (build.field == "status_build" && merge_latest_build(known, build)) | changed;
}

bool merge_build(commit_state& known, const history_entry& build) {
  return remember(known.builds, build, history_newest);
}

bool merge_pull_request(commit_state& known, std::int64_t number) {
  auto& numbers = known.pull_requests;
  const auto place = std::lower_bound(numbers.begin(), numbers.end(), number);
  if (place != numbers.end() && *place == number)
    return false;
  if (numbers.size() >= commit_pull_requests_max && place == numbers.begin())
    return false;
  numbers.insert(place, number);
  if (numbers.size() > commit_pull_requests_max)
    numbers.erase(numbers.begin());
  return true;
}

bool merge_build_columns(pipeline_state& known, const build_event& said) {
  const auto says = stamp{said.at, build_rank(said), digest_of_columns(said.actor, said.title.value_or(""))};
  if (known.columns.rank >= pull_request_said || std::tie(says, said.head_sha) <= std::tie(known.columns, known.commit_sha))
    return false;
  known.columns = says;
  known.commit_sha = said.head_sha;
  return true;
}

void merge_snapshot_columns(pipeline_state& known, const pull_request_snapshot& said, std::int8_t rank) {
  known.columns = {said.updated_at, static_cast<std::int8_t>(pull_request_said + rank),
                   digest_of_columns(said.author, said.title)};
  known.commit_sha = said.head_sha;
}

bool merge_action(pipeline_state& known, std::string_view action, const pull_request_snapshot& said, const history_entry& about) {
  const auto begins = action == "opened" || action == "reopened";
  const auto value = said.closed ? "closed" : begins ? "opened" : "updated";
  auto changed = raise(known.fields["status_pr"], {about.at, about.rank, 0}, value);
  changed |= remember(known, about, "status_pr", value);
  if (action == "closed")
    changed |= remember(known, about, "status_merge", said.merged ? "merged" : "closed");
  else if (action == "reopened")
    changed |= remember(known, about, "status_merge", "pending");
  return changed;
}

bool merge_review(pipeline_state& known, const review_event& said, const history_entry& about) {
  const auto value = said.state == "dismissed" ? std::string_view{"pending"} : std::string_view{said.state};
  const auto changed = raise(known.fields["status_approval"], {about.at, about.rank, 0}, value);
  return remember(known, about, "status_approval", value) | changed;
}

std::int8_t review_rank(std::string_view state) noexcept {
  return state == "dismissed" ? 2 : state == "changes_requested" ? 1 : 0;
}

pipeline_statuses statuses_of(const pipeline_state& known, const pull_request_state& pull_request) {
  auto result = pipeline_statuses{};
  if (const auto said = known.fields.find("status_approval"); said != known.fields.end())
    result.approval = said->second.second;
  auto newest = std::pair{stamp{}, std::string_view{}};
  for (const auto& [sha, build] : known.builds)
    if (!superseded(pull_request, sha))
      newest = std::max(newest, {build.first, build.second});
  if (newest.first.rank >= 0)
    result.build = newest.second;
  const auto outcome = outcome_of(pull_request);
  if (outcome != pull_request_outcome::open) {
    result.pr = "closed";
    result.merge = to_string(outcome);
  } else if (const auto said = known.fields.find("status_pr"); said != known.fields.end()) {
    // A fact that says closed is older than the snapshot that says open: its `reopened` is still to come.
    result.pr = said->second.second == "closed" ? "opened" : said->second.second;
  }
  return result;
}

} // namespace ingot::github

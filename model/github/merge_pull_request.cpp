#include "model/github/merge_pull_request.hpp"

#include "model/digest.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <tuple>

namespace ingot::github {

namespace {

constexpr std::size_t history_fields = 5; // state, head, draft, title, review
constexpr std::size_t url_bytes_max = 500;

/// Of everything in the group `columns` but what follows from the state: that is compared on its own.
std::uint64_t digest_of_columns(const pull_request_snapshot& x) {
  auto d = digest{};
  d << x.title << x.description << x.author.login << x.author.avatar_url << x.head_sha << x.head_ref << x.base_ref << x.html_url
    << x.labels << x.assignees << x.reviewers << x.is_draft;
  return d.value();
}

std::uint64_t digest_of_counts(const pull_request_counts& x) {
  auto d = digest{};
  d << x.additions << x.deletions << x.changed_files << x.commits;
  return d.value();
}

std::string commit_url_base(const pull_request_snapshot& said, std::string_view full_name) {
  if (const auto end = said.html_url.rfind("/pull/"); end != std::string::npos && end <= url_bytes_max)
    return said.html_url.substr(0, end) + "/commit/";
  return "https://github.com/" + std::string{full_name.substr(0, url_bytes_max)} + "/commit/";
}

bool raise(stamp& known, const stamp& said) noexcept {
  if (said <= known)
    return false;
  known = said;
  return true;
}

/// Keeps the latest time of every head: with the earliest one, a head that was forgotten could come back at another place.
bool merge_head(pull_request_state& known, timestamp at, const std::string& sha) {
  if (sha.empty())
    return false;
  auto& heads = known.heads;
  const auto same = std::find_if(heads.begin(), heads.end(), [&](const auto& head) { return head.second == sha; });
  if (same != heads.end()) {
    if (same->first >= at)
      return false;
    heads.erase(same);
  }
  auto head = std::pair{at, sha};
  const auto place = std::lower_bound(heads.begin(), heads.end(), head);
  if (heads.size() >= pull_request_heads_max && place == heads.begin())
    return false;
  heads.insert(place, std::move(head));
  if (heads.size() > pull_request_heads_max)
    heads.erase(heads.begin());
  return true;
}

bool merge_columns(pull_request_state& known, const pull_request_snapshot& said, std::int8_t rank, std::string_view full_name) {
  const auto says = stamp{said.updated_at, rank, digest_of_columns(said)};
  if (std::tie(says, said.closed, said.closed_at) <= std::tie(known.columns, known.closed, known.closed_at))
    return false;
  known.columns = says;
  known.closed = said.closed;
  known.closed_at = said.closed_at;
  known.head_sha = said.head_sha;
  known.commit_url_base = commit_url_base(said, full_name);
  return true;
}

} // namespace

std::int8_t pull_request_rank(std::string_view action, bool merged) noexcept {
  if (action == "opened")
    return 0;
  if (action == "synchronize")
    return 2;
  if (action == "closed")
    return merged ? 5 : 3;
  return action == "reopened" ? 4 : 1;
}

snapshot_gain merge_snapshot(pull_request_state& known, const pull_request_snapshot& said, std::int8_t rank,
                             std::string_view full_name) {
  auto gain = snapshot_gain{};
  gain.columns = merge_columns(known, said, rank, full_name);
  gain.counts = said.counts && raise(known.counts, {said.updated_at, rank, digest_of_counts(*said.counts)});
  gain.files = said.files_changed && raise(known.files, {said.updated_at, rank, (digest{} << *said.files_changed).value()});
  gain.anything = gain.columns | gain.counts | gain.files | merge_head(known, said.updated_at, said.head_sha);
  if (said.merged) {
    auto fact = merge_fact{said.updated_at, said.merged_at, said.closed_at};
    if (!known.merged || *known.merged < fact) {
      known.merged = fact;
      gain.anything = true;
    }
  }
  return gain;
}

bool merge_reopened(pull_request_state& known, timestamp at) {
  if (known.reopened_at_stamp && *known.reopened_at_stamp >= at)
    return false;
  known.reopened_at_stamp = at;
  return true;
}

bool merge_action(pull_request_state& known, std::string_view action, const pull_request_snapshot& said,
                  const history_entry& about) {
  auto add = [&](std::string_view field, std::string_view value) {
    auto entry = about;
    entry.field = field;
    entry.value = value;
    return remember(known, std::move(entry));
  };
  if (action == "opened")
    return add("state", "opened") | add("title", said.title);
  if (action == "reopened")
    return add("state", "reopened");
  if (action == "closed")
    return add("state", said.merged ? "merged" : "closed");
  if (action == "synchronize")
    return add("head", said.head_sha);
  if (action == "edited")
    return add("title", said.title);
  if (action == "converted_to_draft")
    return add("draft", "draft");
  return action == "ready_for_review" && add("draft", "ready");
}

bool remember(pull_request_state& known, history_entry x) {
  bound(x);
  return remember(known.history, std::move(x), newest_of(pull_request_history_max, history_fields));
}

bool has_head(const pull_request_state& known, std::string_view sha) noexcept {
  return std::any_of(known.heads.begin(), known.heads.end(), [&](const auto& head) { return head.second == sha; });
}

pull_request_outcome outcome_of(const pull_request_state& known) noexcept {
  if (known.merged && !(known.reopened_at_stamp && *known.reopened_at_stamp > known.merged->said_at))
    return pull_request_outcome::merged;
  return known.closed ? pull_request_outcome::closed : pull_request_outcome::open;
}

std::string_view to_string(pull_request_outcome x) noexcept {
  switch (x) {
  case pull_request_outcome::open:
    return "open";
  case pull_request_outcome::closed:
    return "closed";
  case pull_request_outcome::merged:
    return "merged";
  }
  return "open";
}

std::optional<timestamp> merged_at_of(const pull_request_state& known) noexcept {
  return outcome_of(known) == pull_request_outcome::merged ? known.merged->merged_at : std::nullopt;
}

std::optional<timestamp> closed_at_of(const pull_request_state& known) noexcept {
  switch (outcome_of(known)) {
  case pull_request_outcome::open:
    return std::nullopt;
  case pull_request_outcome::closed:
    return known.closed_at;
  case pull_request_outcome::merged:
    return known.merged->closed_at ? known.merged->closed_at : known.merged->merged_at;
  }
  return std::nullopt;
}

std::string commit_urls_of(const pull_request_state& known) {
  auto beginning = std::string{};
  append_json_string(beginning, known.commit_url_base);
  beginning.pop_back();
  auto result = std::string{"["};
  result.reserve(2 + known.heads.size() * (beginning.size() + 44));
  for (const auto& [at, sha] : known.heads) {
    if (result.size() > 1)
      result += ',';
    result += beginning;
    result += sha; // hexadecimal: nothing to escape
    result += '"';
  }
  result += ']';
  return result;
}

} // namespace ingot::github

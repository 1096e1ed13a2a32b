#include "model/github/webhook_parts.hpp"

#include "model/json_write.hpp"

// pull_request and pull_request_review.

namespace ingot::github {

namespace {

/// `[{"<first>": …, "<second>": …}, …]` of the entries that have a text `First`. Others, such as teams among the reviewers, are
/// left out.
template <json_name First, json_name Second>
std::string pairs_as_json(const std::optional<simdjson::dom::array>& entries) {
  if (!entries)
    return "[]";
  std::string out = "[";
  json_faults tolerated;
  for (const auto entry : *entries) {
    simdjson::dom::object object;
    if (entry.get_object().get(object) != simdjson::SUCCESS)
      continue;
    const json_members<First, Second> x(json_child{object, {}, &tolerated});
    const auto first = x.template text<First>();
    if (!first)
      continue;
    out += out.size() > 1 ? ",{" : "{";
    append_json_string(out, First.view());
    out += ':';
    append_json_string(out, *first);
    out += ',';
    append_json_string(out, Second.view());
    out += ':';
    append_json_string(out, x.template text<Second>().value_or(""));
    out += '}';
  }
  out += ']';
  return out;
}

template <json_name... Names>
std::optional<pull_request_counts> read_counts(const json_members<Names...>& pr) {
  const auto additions = count_of(pr.template integer<"additions">()), deletions = count_of(pr.template integer<"deletions">());
  const auto files = count_of(pr.template integer<"changed_files">()), commits = count_of(pr.template integer<"commits">());
  if (!additions || !deletions || !files || !commits)
    return std::nullopt;
  return pull_request_counts{*additions, *deletions, *files, *commits};
}

/// The author is shown to readers, so a payload without one is refused; a deleted user is null, and becomes `ghost`.
template <json_name... Names>
person read_author(const json_members<Names...>& pr) {
  if (!pr.template is_null<"user">())
    json_members<"login">(pr.template child<"user">()).template need_text<"login">();
  return read_person(pr.template child<"user">());
}

pull_request_snapshot read_snapshot(const payload& p) {
  const json_members<"number", "title", "body", "user", "head", "base", "html_url", "labels", "assignees", "requested_reviewers",
                     "draft", "state", "merged", "merged_at", "closed_at", "updated_at", "additions", "deletions",
                     "changed_files", "commits", "files_changed">
      pr(p.child<"pull_request">());
  const json_members<"sha", "ref"> head(pr.child<"head">());
  pull_request_snapshot out;
  out.number = pr.need_positive<"number">(integer_column_max);
  out.title = pr.need_text<"title">();
  if (const auto body = pr.text<"body">())
    out.description = *body;
  out.author = read_author(pr);
  out.head_sha = need_sha<"sha">(head);
  out.head_ref = head.text<"ref">().value_or("");
  out.base_ref = json_members<"ref">(pr.child<"base">()).text<"ref">().value_or("");
  out.html_url = pr.text<"html_url">().value_or("");
  out.labels = pairs_as_json<"name", "color">(pr.array<"labels">());
  out.assignees = pairs_as_json<"login", "avatar_url">(pr.array<"assignees">());
  out.reviewers = pairs_as_json<"login", "avatar_url">(pr.array<"requested_reviewers">());
  out.is_draft = pr.flag<"draft">().value_or(false);
  const auto state = pr.text<"state">().value_or("");
  if (state != "open" && state != "closed")
    pr.lacks<"state">("\"open\" or \"closed\"");
  out.closed = state == "closed";
  out.merged_at = pr.time<"merged_at">();
  // Review payloads have no `merged`.
  out.merged = pr.flag<"merged">().value_or(false) || out.merged_at;
  out.closed_at = pr.time<"closed_at">();
  out.updated_at = pr.need_time<"updated_at">();
  out.counts = read_counts(pr);
  const auto top = p.array<"files_changed">();
  if (const auto files = top ? top : pr.array<"files_changed">())
    out.files_changed = simdjson::minify(*files);
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

} // namespace

void read_pull_request(const payload& p, event& out) {
  pull_request_event fact{read_snapshot(p), {}};
  if (const auto sender = p.child<"sender">(); sender.object)
    fact.sender = read_person(sender);
  out.occurred_at = fact.pull_request.updated_at;
  out.fact = std::move(fact);
}

void read_review(const payload& p, event& out) {
  const json_members<"id", "state", "user", "submitted_at"> review(p.child<"review">());
  review_event fact;
  fact.pull_request = read_snapshot(p);
  // GitHub's REST API writes these in capitals, its webhooks do not.
  fact.state = out.action == "dismissed" ? "dismissed" : lower_case(review.need_text<"state">());
  fact.reviewer = read_person(review.child<"user">());
  const auto submitted_at = out.action == "dismissed" ? std::nullopt : review.time<"submitted_at">();
  fact.at = submitted_at.value_or(fact.pull_request.updated_at);
  fact.source = "review " + std::to_string(review.need_positive<"id">());
  out.occurred_at = fact.at;
  out.fact = std::move(fact);
}

} // namespace ingot::github

#include "model/github/webhook_parts.hpp"

#include "model/json_locate.hpp"

#include <algorithm>

// workflow_run, workflow_job, check_run, check_suite, status and deployment_status.

namespace ingot::github {

namespace {

constexpr std::size_t pull_requests_max = 100; // of one build; GitHub documents no limit
constexpr std::size_t name_bytes_max = 200;    // of a build in `source`; the id before it keeps sources apart
constexpr std::size_t title_bytes_max = 1024;  // git knows no limit of a subject

/// Is `text` one of `words`?
template <class... Words>
bool is_one_of(std::string_view text, Words... words) {
  return ((text == words) || ...);
}

/// `conclusion` (GitHub: check runs, "conclusion") of something that is completed.
build_status from_conclusion(std::string_view conclusion) {
  // A word that GitHub may add is no success until it is known here.
  return is_one_of(conclusion, "success", "neutral", "skipped") ? build_status::passed : build_status::failed;
}

/// `state` of a commit status or a deployment status.
build_status from_state(std::string_view state) {
  if (is_one_of(state, "queued", "requested", "in_progress", "waiting", "pending"))
    return build_status::building;
  // An inactive deployment was superseded by a later one.
  return is_one_of(state, "success", "inactive") ? build_status::passed : build_status::failed;
}

/// `kind id name`.
std::string source_of(std::string_view kind, std::int64_t id, std::string_view name) {
  auto out = std::string(kind) + ' ' + std::to_string(id);
  if (!name.empty())
    out += ' ' + cut_for_echo(name, name_bytes_max);
  return out;
}

/// `status` and `conclusion`, as runs, jobs and suites have them. A suite's status may be null.
template <json_name... Names>
void read_progress(const json_members<Names...>& from, build_event& fact) {
  const auto status = from.template text<"status">().value_or("");
  const auto conclusion = from.template text<"conclusion">();
  if (status.empty() && !conclusion && !from.template is_null<"status">())
    from.template lacks<"status">("a string");
  // Without a conclusion nothing is known of the outcome, whatever the status says.
  fact.completed = conclusion && (status == "completed" || status.empty());
  fact.started = status == "in_progress";
  if (fact.completed)
    fact.status = from_conclusion(*conclusion);
}

/// Numbers of the entries that belong to this repository: a fork's pull requests against another one may be listed too.
std::vector<std::int64_t> read_numbers(const std::optional<simdjson::dom::array>& entries, std::int64_t repository_id) {
  std::vector<std::int64_t> out;
  if (!entries)
    return out;
  json_faults tolerated;
  for (const auto entry : *entries) {
    simdjson::dom::object object;
    if (entry.get_object().get(object) != simdjson::SUCCESS)
      continue;
    const json_members<"number", "base"> pr(json_child{object, {}, &tolerated});
    const json_members<"repo"> base(pr.child<"base">());
    const auto base_id = json_members<"id">(base.child<"repo">()).integer<"id">();
    const auto number = pr.integer<"number">();
    if (!number || *number < 1 || *number > integer_column_max || base_id.value_or(repository_id) != repository_id)
      continue;
    if (std::find(out.begin(), out.end(), *number) == out.end())
      out.push_back(*number);
    if (out.size() == pull_requests_max)
      break;
  }
  return out;
}

std::string subject_of(std::string_view message) {
  return cut_for_echo(message.substr(0, message.find_first_of("\r\n")), title_bytes_max);
}

std::optional<std::string> subject_of_commit(const json_child& commit) {
  const auto message = json_members<"message">(commit).text<"message">();
  return message && !message->empty() ? std::optional(subject_of(*message)) : std::nullopt;
}

void keep(event& out, build_event fact) {
  out.occurred_at = fact.at;
  out.fact = std::move(fact);
}

} // namespace

void read_workflow_run(const payload& p, event& out) {
  const json_members<"id", "name", "head_sha", "status", "conclusion", "updated_at", "pull_requests", "actor", "display_title",
                     "head_commit">
      run(p.child<"workflow_run">());
  build_event fact;
  fact.head_sha = need_sha<"head_sha">(run);
  fact.pull_requests = read_numbers(run.array<"pull_requests">(), out.repository->id);
  read_progress(run, fact);
  fact.at = run.need_time<"updated_at">();
  fact.source = source_of("workflow_run", run.need_positive<"id">(), run.text<"name">().value_or(""));
  const auto actor = run.child<"actor">();
  fact.actor = read_person(actor.object ? actor : p.child<"sender">());
  if (const auto title = run.text<"display_title">(); title && !title->empty())
    fact.title = subject_of(*title);
  else
    fact.title = subject_of_commit(run.child<"head_commit">());
  keep(out, std::move(fact));
}

void read_workflow_job(const payload& p, event& out) {
  const json_members<"id", "name", "head_sha", "status", "conclusion", "completed_at", "started_at", "created_at"> job(
      p.child<"workflow_job">());
  build_event fact;
  fact.head_sha = need_sha<"head_sha">(job);
  read_progress(job, fact);
  const auto completed = job.time<"completed_at">(), started = job.time<"started_at">();
  fact.at = completed ? *completed : started ? *started : job.need_time<"created_at">();
  fact.source = source_of("workflow_job", job.need_positive<"id">(), job.text<"name">().value_or(""));
  fact.actor = read_person(p.child<"sender">());
  keep(out, std::move(fact));
}

void read_check_run(const payload& p, event& out) {
  const json_members<"id", "name", "head_sha", "status", "conclusion", "completed_at", "started_at", "pull_requests"> run(
      p.child<"check_run">());
  build_event fact;
  fact.head_sha = need_sha<"head_sha">(run);
  fact.pull_requests = read_numbers(run.array<"pull_requests">(), out.repository->id);
  read_progress(run, fact);
  const auto completed = run.time<"completed_at">();
  fact.at = completed ? *completed : run.need_time<"started_at">();
  fact.source = source_of("check_run", run.need_positive<"id">(), run.text<"name">().value_or(""));
  fact.actor = read_person(p.child<"sender">());
  keep(out, std::move(fact));
}

void read_check_suite(const payload& p, event& out) {
  const json_members<"id", "head_sha", "status", "conclusion", "updated_at", "pull_requests", "app", "head_commit"> suite(
      p.child<"check_suite">());
  build_event fact;
  fact.head_sha = need_sha<"head_sha">(suite);
  fact.pull_requests = read_numbers(suite.array<"pull_requests">(), out.repository->id);
  read_progress(suite, fact);
  fact.at = suite.need_time<"updated_at">();
  const json_members<"name"> app(suite.child<"app">());
  fact.source = source_of("check_suite", suite.need_positive<"id">(), app.text<"name">().value_or(""));
  fact.actor = read_person(p.child<"sender">());
  fact.title = subject_of_commit(suite.child<"head_commit">());
  keep(out, std::move(fact));
}

void read_status(const payload& p, event& out) {
  build_event fact;
  fact.head_sha = need_sha<"sha">(p);
  const auto state = p.need_text<"state">();
  fact.status = from_state(state);
  fact.completed = is_one_of(state, "success", "failure", "error");
  fact.at = p.need_time<"updated_at">();
  fact.source = source_of("status", p.need_positive<"id">(), p.text<"context">().value_or(""));
  fact.actor = read_person(p.child<"sender">());
  keep(out, std::move(fact));
}

void read_deployment_status(const payload& p, event& out) {
  const json_members<"id", "state", "environment", "updated_at", "created_at"> status(p.child<"deployment_status">());
  const json_members<"sha", "environment"> deployment(p.child<"deployment">());
  build_event fact;
  fact.deployment = true;
  fact.head_sha = need_sha<"sha">(deployment);
  fact.label = cut_for_echo(status.need_text<"state">(), name_bytes_max);
  fact.status = from_state(fact.label);
  fact.completed = is_one_of(fact.label, "success", "failure", "error", "inactive");
  fact.started = fact.label == "in_progress";
  const auto created = status.time<"created_at">(), updated = status.time<"updated_at">();
  fact.at = updated ? *updated : created ? *created : status.need_time<"updated_at">();
  const auto environment = status.text<"environment">();
  fact.source = source_of("deployment_status", status.need_positive<"id">(),
                          environment ? *environment : deployment.text<"environment">().value_or(""));
  fact.actor = read_person(p.child<"sender">());
  keep(out, std::move(fact));
}

} // namespace ingot::github

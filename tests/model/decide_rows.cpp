#include "tests/model/decide_rows.hpp"

#include <sstream>
#include <stdexcept>

namespace ingot::github::test {

namespace {

void require(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error{what};
}

template <class T>
std::string shown(const std::optional<T>& x) {
  if (!x)
    return "null";
  if constexpr (std::is_same_v<T, timestamp>)
    return to_rfc3339(*x);
  else if constexpr (std::is_same_v<T, std::string>)
    return *x;
  else
    return std::to_string(*x);
}

std::string shown(const pull_request_snapshot& x) {
  auto out = std::ostringstream{};
  out << x.number << '|' << x.title << '|' << shown(x.description) << '|' << x.author.login << '|' << x.author.avatar_url << '|'
      << x.head_sha << '|' << x.head_ref << '|' << x.base_ref << '|' << x.html_url << '|' << x.labels << '|' << x.assignees << '|'
      << x.reviewers << '|' << x.is_draft << x.closed << x.merged << '|' << shown(x.merged_at) << '|' << shown(x.closed_at);
  return out.str();
}

template <class State, class Rows>
void load_one(const Rows& rows, const typename Rows::key_type& key, std::map<typename Rows::key_type, State>& known) {
  auto& state = known[key];
  if (const auto row = rows.find(key); row != rows.end()) {
    if constexpr (std::is_same_v<typename Rows::mapped_type, std::string>)
      decode(row->second, state);
    else
      decode(row->second.facts, state);
  }
}

template <class Row>
Row& row_of(std::map<std::int64_t, Row>& rows, std::int64_t number, bool is_new) {
  require(rows.contains(number) != is_new, "is_new contradicts the table");
  return rows[number];
}

void write(pull_request_row& row, const pull_request_change& x) {
  if (x.columns) {
    row.columns = *x.columns;
    row.columns.updated_at = {};
  }
  row.columns.merged = x.state == "merged";
  row.columns.closed = x.state != "open";
  row.columns.merged_at = row.merged_at = x.merged_at;
  row.columns.closed_at = row.closed_at = x.closed_at;
  row.state = x.state;
  row.counts = x.counts ? x.counts : row.counts;
  row.files_changed = x.files_changed.value_or(row.files_changed);
  row.commit_urls = x.commit_urls;
  row.history = x.history;
  row.facts = x.facts;
  row.source_updated_at = x.source_updated_at;
  row.processed = row.processed && !x.visible;
}

void write(pipeline_row& row, const pipeline_change& x) {
  if (x.columns) {
    row.author = x.author;
    row.avatar_url = x.avatar_url;
    row.title = x.title;
  }
  row.commit_sha = x.commit_sha;
  row.status_pr = x.status_pr;
  row.status_build = x.status_build;
  row.status_approval = x.status_approval;
  row.status_merge = x.status_merge;
  row.history = x.history;
  row.facts = x.facts;
  row.source_updated_at = x.source_updated_at;
  row.processed = row.processed && !x.visible;
}

} // namespace

void tables::commit(const change_set& x) {
  if (x.empty()) {
    require(x.pull_requests.empty() && x.pipelines.empty() && x.commits.empty(), "rows change without their repository");
    return;
  }
  require(x.repository.has_value(), "a job without its repository");
  require(x.repository->is_new == (version == 0), "is_new contradicts the repository's row");
  require(x.repository->is_new || x.repository->base_version == version, "another version than the row's");
  ++version;
  if (x.repository->columns)
    repository = *x.repository->columns;
  open_prs = x.repository->open_prs;
  total_prs = x.repository->total_prs;
  last_activity = x.repository->last_activity;
  installation_id = x.repository->installation_id;
  deleted = x.repository->deleted;
  repository_facts = x.repository->facts;
  for (const auto& change : x.pull_requests) {
    require(!change.is_new || change.columns, "a new pull request without columns");
    require(!change.is_new || change.visible, "a new row that nobody sees");
    write(row_of(pull_requests, change.number, change.is_new), change);
  }
  for (const auto& change : x.pipelines) {
    require(!change.is_new || (change.columns && change.visible), "a new pipeline without columns");
    write(row_of(pipelines, change.number, change.is_new), change);
  }
  for (const auto& change : x.commits) {
    require(commits.contains(change.sha) != change.is_new, "is_new contradicts the table of commits");
    commits[change.sha] = change.facts;
  }
  for (const auto& job : x.jobs)
    jobs.try_emplace(job.dedupe_key, job);
}

void tables::load(const missing& lacks, knowledge& known) const {
  if (lacks.repository) {
    known.loaded = true;
    if (version > 0)
      decode(repository_facts, known.repository);
    known.repository.version = version;
  }
  for (const auto number : lacks.pull_requests) {
    load_one(pull_requests, number, known.pull_requests);
    load_one(pipelines, number, known.pipelines);
  }
  for (const auto& sha : lacks.commits)
    load_one(commits, sha, known.commits);
}

std::string tables::text(bool with_facts) const {
  auto out = std::ostringstream{};
  auto facts = [&](const std::string& x) {
    if (with_facts)
      out << "\n  facts " << x;
    out << '\n';
  };
  const auto& r = repository;
  out << "repository " << r.name << '|' << r.full_name << '|' << r.owner << '|' << shown(r.description) << '|'
      << shown(r.language) << '|' << shown(r.is_private) << '|' << shown(r.archived) << '|' << shown(r.default_branch) << '|'
      << shown(r.html_url) << '|' << shown(r.stars) << '|' << shown(r.forks) << '|' << open_prs << '/' << total_prs << '|'
      << shown(last_activity) << '|' << shown(installation_id) << '|' << deleted;
  facts(repository_facts);
  for (const auto& [number, x] : pull_requests) {
    out << "pull request " << number << ' ' << x.state << ' ' << shown(x.columns) << '|' << to_rfc3339(x.source_updated_at);
    if (x.counts)
      out << '|' << x.counts->additions << ',' << x.counts->deletions << ',' << x.counts->changed_files << ','
          << x.counts->commits;
    out << "\n  files " << x.files_changed << "\n  urls " << x.commit_urls << "\n  history " << x.history;
    facts(x.facts);
  }
  for (const auto& [number, x] : pipelines) {
    out << "pipeline " << number << ' ' << x.commit_sha << '|' << x.author << '|' << x.avatar_url << '|' << x.title << '|'
        << x.status_pr << '|' << x.status_build << '|' << x.status_approval << '|' << x.status_merge << '|'
        << to_rfc3339(x.source_updated_at) << "\n  history " << x.history;
    facts(x.facts);
  }
  if (with_facts)
    for (const auto& [sha, x] : commits)
      out << "commit " << sha << ' ' << x << '\n';
  return out.str();
}

void tables::process_all() {
  for (auto& [number, row] : pull_requests)
    row.processed = true;
  for (auto& [number, row] : pipelines)
    row.processed = true;
}

change_set apply(tables& rows, knowledge& known, const std::vector<arrival>& xs) {
  auto changes = change_set{};
  for (const auto& x : xs) {
    for (auto round = 0; !missing_for(known, x.what).none(); ++round) {
      require(round < 3, "more rounds of loading than there are kinds of rows");
      rows.load(missing_for(known, x.what), known);
    }
    decide(known, x.what, x.id, changes);
  }
  rows.commit(changes);
  known.repository.version = rows.version;
  return changes;
}

change_set apply(tables& rows, const std::vector<arrival>& xs) {
  auto known = knowledge{};
  return apply(rows, known, xs);
}

tables applied(const std::vector<std::vector<arrival>>& groups) {
  auto rows = tables{};
  for (const auto& xs : groups)
    apply(rows, xs);
  return rows;
}

} // namespace ingot::github::test

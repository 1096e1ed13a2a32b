#include "model/github/decide.hpp"

#include "model/digest.hpp"
#include "model/github/merge_pipeline.hpp"
#include "model/github/merge_pull_request.hpp"
#include "model/github/merge_repository.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <utility>

namespace ingot::github {

namespace {

/// The change of the row `key` in `changes`, added when there is none. Later decisions are at the end.
template <class Change, class Key>
std::pair<Change&, bool> change_of(std::vector<Change>& changes, Key Change::*member, const Key& key) {
  const auto found = std::find_if(changes.rbegin(), changes.rend(), [&](const auto& x) { return x.*member == key; });
  if (found != changes.rend())
    return {*found, false};
  auto& added = changes.emplace_back();
  added.*member = key;
  return {added, true};
}

std::uint64_t visible_digest(const pull_request_state& x, const pull_request_change& shown, std::uint64_t history) {
  auto d = digest{};
  d << x.columns.digest << x.counts.digest << x.files.digest << shown.state << shown.merged_at << shown.closed_at
    << shown.commit_urls << history;
  return d.value();
}

std::uint64_t visible_digest(const pipeline_state& x, const pipeline_change& shown, std::uint64_t history) {
  auto d = digest{};
  d << x.columns.digest << shown.commit_sha << shown.status_pr << shown.status_build << shown.status_approval
    << shown.status_merge << history;
  return d.value();
}

/// One event on its way through what is known.
class decision {
public:
  decision(knowledge& known, const event& what, std::string_view delivery_id, change_set& out)
      : known_(known), what_(what), delivery_id_(delivery_id), out_(out) {
    ++known_.uses;
  }

  void run() {
    const auto gain = merge_repository(known_.repository, what_);
    changed_ = gain.anything;
    std::visit([this](const auto& fact) { apply(fact); }, what_.fact);
    if (changed_)
      write_repository(gain.columns);
  }

private:
  void apply(const std::monostate&) {}
  void apply(const repository_event& fact) { // merge_repository has the rest
    out_.moved |= changed_ && fact.rank > 0;
    if (fact.released) {
      out_.releases.emplace_back(delivery_id_);
      changed_ = true;
    }
    if (!fact.push)
      return;
    out_.pushes.push_back({std::string{delivery_id_}, *fact.push});
    changed_ = true;
  }
  void apply(const installation_event&) {}

  void apply(const pull_request_event& fact) {
    const auto& said = fact.pull_request;
    const auto rank = pull_request_rank(what_.action, said.merged);
    auto about = entry_at(said.updated_at, rank, what_.name + ' ' + what_.action, author_of_action(fact));
    about.sha = said.head_sha;
    auto entities = use(said.number);
    auto gain = merge(entities, said, rank);
    if (what_.action == "reopened")
      gain.anything |= merge_reopened(entities.pull_request, said.updated_at);
    gain.anything |= merge_action(entities.pull_request, what_.action, said, about);
    gain.pipeline |= merge_action(entities.pipeline, what_.action, said, about);
    write(entities, said, gain);
  }

  void apply(const review_event& fact) {
    const auto& said = fact.pull_request;
    auto about = entry_at(fact.at, review_rank(fact.state), fact.source, fact.reviewer.login);
    about.sha = said.head_sha;
    auto entities = use(said.number);
    auto gain = merge(entities, said, 0);
    if (fact.state == "approved" || fact.state == "changes_requested" || fact.state == "dismissed") {
      gain.pipeline |= merge_review(entities.pipeline, fact, about);
      about.field = "review";
      about.value = fact.state;
      gain.anything |= remember(entities.pull_request, std::move(about));
    }
    write(entities, said, gain);
  }

  void apply(const build_event& fact) {
    const auto entry = build_entry(fact, delivery_id_);
    for (const auto number : fact.pull_requests) {
      auto entities = use(number);
      const auto merged = merge_build(entities.pipeline, entry);
      if (merge_build_columns(entities.pipeline, fact))
        write_pipeline(entities, &fact.actor, fact.title.value_or(""));
      else if (merged)
        write_pipeline(entities);
    }
    if (!fact.pull_requests.empty() || fact.head_sha.empty())
      return;
    auto& commit = use_commit(fact.head_sha);
    if (merge_build(commit, entry))
      write_commit(fact.head_sha, commit);
    for (const auto number : commit.pull_requests) {
      auto entities = use(number);
      if (merge_build(entities.pipeline, entry))
        write_pipeline(entities);
    }
  }

  struct entities_of_number {
    std::int64_t number;
    pull_request_state& pull_request;
    pipeline_state& pipeline;
  };

  struct pull_request_gain : snapshot_gain {
    bool pipeline = false;
    bool pipeline_columns = false;
  };

  entities_of_number use(std::int64_t number) {
    auto result = entities_of_number{number, known_.pull_requests[number], known_.pipelines[number]};
    result.pull_request.last_use = result.pipeline.last_use = known_.uses;
    return result;
  }

  commit_state& use_commit(const std::string& sha) {
    auto& commit = known_.commits[sha];
    commit.last_use = known_.uses;
    return commit;
  }

  history_entry entry_at(timestamp at, std::int8_t rank, std::string source, std::string by) const {
    auto entry = history_entry{};
    entry.at = at;
    entry.rank = rank;
    entry.source = std::move(source);
    entry.by = std::move(by);
    entry.delivery = delivery_id_;
    return entry;
  }

  std::string author_of_action(const pull_request_event& fact) const {
    if (!fact.sender.login.empty())
      return fact.sender.login;
    return what_.action == "opened" ? fact.pull_request.author.login : std::string{};
  }

  /// What a snapshot says, whichever event carries it: columns, and the builds that came before its head was known.
  pull_request_gain merge(entities_of_number& x, const pull_request_snapshot& said, std::int8_t rank) {
    const auto head_is_new = !said.head_sha.empty() && !has_head(x.pull_request, said.head_sha);
    auto gain = pull_request_gain{};
    static_cast<snapshot_gain&>(gain) = merge_snapshot(x.pull_request, said, rank, what_.repository->full_name);
    if (gain.columns || !x.pipeline.exists) {
      merge_snapshot_columns(x.pipeline, said, rank);
      gain.pipeline_columns = true;
    }
    if (head_is_new) {
      auto& commit = use_commit(said.head_sha);
      if (merge_pull_request(commit, said.number))
        write_commit(said.head_sha, commit);
      for (const auto& build : commit.builds)
        gain.pipeline |= merge_build(x.pipeline, build);
    }
    return gain;
  }

  void write(entities_of_number& x, const pull_request_snapshot& said, const pull_request_gain& gain) {
    if (gain.columns)
      ask_for_files(x, said);
    if (gain.anything || !x.pull_request.exists)
      write_pull_request(x, said, gain);
    // What the pull request's row shows, the pipeline's row shows in its way.
    if (gain.pipeline_columns)
      write_pipeline(x, &said.author, said.title);
    else if (gain.anything || gain.pipeline)
      write_pipeline(x);
  }

  void write_pull_request(entities_of_number& x, const pull_request_snapshot& said, const snapshot_gain& gain) {
    auto& state = x.pull_request;
    auto [change, first] = change_of(out_.pull_requests, &pull_request_change::number, x.number);
    if (first) {
      change.is_new = !state.exists;
      change.visible_before = state.visible;
    }
    const auto outcome = outcome_of(state);
    change.state = to_string(outcome);
    change.merged_at = merged_at_of(state);
    change.closed_at = closed_at_of(state);
    if (gain.columns) {
      change.columns = said;
      change.columns->counts.reset(); // groups of their own
      change.columns->files_changed.reset();
    }
    if (change.columns) {
      change.columns->closed = outcome != pull_request_outcome::open;
      change.columns->merged = outcome == pull_request_outcome::merged;
      change.columns->merged_at = change.merged_at;
      change.columns->closed_at = change.closed_at;
    }
    if (gain.counts)
      change.counts = said.counts;
    if (gain.files)
      change.files_changed = said.files_changed;
    change.commit_urls = commit_urls_of(state);
    auto history = show(state.history);
    change.history = std::move(history.json);
    state.visible = visible_digest(state, change, history.digest);
    change.visible = change.is_new || state.visible != change.visible_before;
    change.source_updated_at = state.columns.at;
    count(state, outcome == pull_request_outcome::open);
    change.facts = encode(state);
    changed_ = true;
  }

  void count(pull_request_state& state, bool open) {
    auto& repository = known_.repository;
    if (!state.exists)
      ++repository.total_prs;
    repository.open_prs += open - state.open;
    state.open = open;
    state.exists = true;
  }

  /// @param author absent: the columns stay
  void write_pipeline(entities_of_number& x, const person* author = nullptr, std::string_view title = {}) {
    auto& state = x.pipeline;
    auto [change, first] = change_of(out_.pipelines, &pipeline_change::number, x.number);
    if (first) {
      change.is_new = !state.exists;
      change.columns = change.is_new;
      change.visible_before = state.visible;
    }
    if (author) {
      change.columns = true;
      change.author = author->login;
      change.avatar_url = author->avatar_url;
      change.title = title;
    }
    auto statuses = statuses_of(state, x.pull_request);
    change.commit_sha = state.commit_sha;
    change.status_pr = std::move(statuses.pr);
    change.status_build = std::move(statuses.build);
    change.status_approval = std::move(statuses.approval);
    change.status_merge = std::move(statuses.merge);
    auto history = show(state.history);
    change.history = std::move(history.json);
    state.visible = visible_digest(state, change, history.digest);
    state.exists = true;
    change.visible = change.is_new || state.visible != change.visible_before;
    change.source_updated_at = std::max(state.columns.at, state.history.empty() ? timestamp{} : state.history.back().at);
    change.facts = encode(state);
    changed_ = true;
  }

  void write_commit(const std::string& sha, commit_state& state) {
    auto [change, first] = change_of(out_.commits, &commit_change::sha, sha);
    if (first)
      change.is_new = !state.exists;
    state.exists = true;
    change.facts = encode(state);
    changed_ = true;
  }

  /// GitHub's payloads have no list of files: a job asks for it, once for every head. A list is never made up.
  void ask_for_files(entities_of_number& x, const pull_request_snapshot& said) {
    auto& state = x.pull_request;
    const auto asked = std::exchange(state.files_sha, said.head_sha) == said.head_sha;
    if (asked || said.files_changed || said.head_sha.empty())
      return;
    const auto id = std::to_string(known_.repository_id);
    auto job = new_job{};
    job.kind = "pull_request_files";
    job.key = "github/repository/" + id;
    job.dedupe_key = job.kind + ':' + id + ':' + std::to_string(x.number) + ':' + said.head_sha;
    job.payload = "{\"repository_id\":" + id + ",\"repository\":";
    append_json_string(job.payload, what_.repository->full_name);
    job.payload += ",\"number\":" + std::to_string(x.number) + ",\"head_sha\":";
    append_json_string(job.payload, said.head_sha);
    if (known_.repository.installation_id)
      job.payload += ",\"installation_id\":" + std::to_string(*known_.repository.installation_id);
    job.payload += '}';
    out_.jobs.push_back(std::move(job));
    changed_ = true;
  }

  void write_repository(bool columns) {
    auto& state = known_.repository;
    if (!out_.repository) {
      auto& change = out_.repository.emplace();
      change.id = known_.repository_id;
      change.is_new = !state.exists;
      change.base_version = state.version;
      columns |= change.is_new;
    }
    auto& change = *out_.repository;
    if (columns) {
      change.columns = what_.repository;
      change.renames |= state.full_name != what_.repository->full_name;
      state.full_name = what_.repository->full_name;
    }
    if (state.columns.rank >= 0)
      change.source_updated_at = state.columns.at;
    change.open_prs = state.open_prs;
    change.total_prs = state.total_prs;
    change.last_activity = state.last_activity;
    change.installation_id = state.installation_id;
    if (state.installation_id)
      change.installation_at = state.installation.at;
    change.deleted = is_deleted(state);
    state.exists = true;
    change.facts = encode(state);
  }

  knowledge& known_;
  const event& what_;
  std::string_view delivery_id_;
  change_set& out_;
  bool changed_ = false;
};

} // namespace

void decide(knowledge& known, const event& x, std::string_view delivery_id, change_set& out) {
  if (x.ignored() || !x.repository)
    return;
  known.repository_id = x.repository->id;
  decision{known, x, delivery_id, out}.run();
}

} // namespace ingot::github

#include "model/github/installation_order.hpp"
#include "storage/binary_array.hpp"
#include "storage/content_pushes.hpp"
#include "storage/github_rows.hpp"
#include "storage/job_statements.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace ingot::storage {

namespace {

using group_list = std::vector<github::group*>;

std::int32_t to_int4(std::int64_t x) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(x, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

/// The columns that a snapshot of a repository sets.
struct repository_column_arrays {
  text_array name, full_name, owner, description, language, default_branch, html_url;
  bool_array is_private, archived;
  int8_array stars, forks;

  void add(const github::repository_columns& x) {
    name.add(x.name);
    full_name.add(x.full_name);
    owner.add(x.owner);
    description.add(x.description);
    language.add(x.language);
    default_branch.add(x.default_branch);
    html_url.add(x.html_url);
    is_private.add(x.is_private);
    archived.add(x.archived);
    stars.add(x.stars);
    forks.add(x.forks);
  }
};

/// The parameters of write_repositories, in their order.
struct repository_arrays {
  int8_array id, base_version, open_prs, total_prs, installation_id;
  timestamptz_array installation_at, last_activity, source_updated_at;
  bool_array deleted, is_new, has_columns;
  text_array facts;
  repository_column_arrays columns;

  void add(const github::repository_change& x) {
    static const auto no_columns = github::repository_columns{};
    id.add(x.id);
    base_version.add(x.base_version);
    open_prs.add(x.open_prs);
    total_prs.add(x.total_prs);
    installation_id.add(x.installation_id);
    installation_at.add(x.installation_at);
    last_activity.add(x.last_activity);
    deleted.add(x.deleted);
    facts.add(x.facts);
    columns.add(x.columns ? *x.columns : no_columns);
    source_updated_at.add(x.source_updated_at);
    is_new.add(x.is_new);
    has_columns.add(x.columns.has_value());
  }

  void queue(pipeline& db, pipeline::reader read) {
    auto& c = columns;
    db.add("write_repositories",
           {id.parameter(),
            base_version.parameter(),
            open_prs.parameter(),
            total_prs.parameter(),
            installation_id.parameter(),
            last_activity.parameter(),
            deleted.parameter(),
            facts.parameter(),
            c.name.parameter(),
            c.full_name.parameter(),
            c.owner.parameter(),
            c.description.parameter(),
            c.language.parameter(),
            c.default_branch.parameter(),
            c.html_url.parameter(),
            c.is_private.parameter(),
            c.archived.parameter(),
            c.stars.parameter(),
            c.forks.parameter(),
            source_updated_at.parameter(),
            is_new.parameter(),
            has_columns.parameter(),
            installation_at.parameter()},
           std::move(read));
  }
};

/// The parameters of write_pull_requests, in their order.
struct pull_request_arrays {
  int8_array repository_id;
  int4_array number, additions, deletions, changed_files, commits;
  bool_array has_columns, is_draft, merged, visible, is_new;
  text_array title, description, author, avatar, sha, head_ref, base_ref, url, labels, assignees, reviewers, state, files,
      commit_urls, history, facts;
  timestamptz_array merged_at, closed_at, source_updated_at;

  void add(std::int64_t repository, const github::pull_request_change& x) {
    static const auto no_columns = github::pull_request_snapshot{};
    const auto& c = x.columns ? *x.columns : no_columns;
    repository_id.add(repository);
    number.add(to_int4(x.number));
    has_columns.add(x.columns.has_value());
    title.add(c.title);
    description.add(c.description);
    author.add(c.author.login);
    avatar.add(c.author.avatar_url);
    sha.add(c.head_sha);
    head_ref.add(c.head_ref);
    base_ref.add(c.base_ref);
    url.add(c.html_url);
    labels.add(c.labels);
    assignees.add(c.assignees);
    reviewers.add(c.reviewers);
    is_draft.add(c.is_draft);
    state.add(x.state);
    merged.add(x.state == "merged");
    merged_at.add(x.merged_at);
    closed_at.add(x.closed_at);
    const auto count = [&](auto member) { return x.counts ? std::optional{to_int4((*x.counts).*member)} : std::nullopt; };
    additions.add(count(&github::pull_request_counts::additions));
    deletions.add(count(&github::pull_request_counts::deletions));
    changed_files.add(count(&github::pull_request_counts::changed_files));
    commits.add(count(&github::pull_request_counts::commits));
    files.add(x.files_changed);
    commit_urls.add(x.commit_urls);
    history.add(x.history);
    visible.add(x.visible);
    source_updated_at.add(x.source_updated_at);
    facts.add(x.facts);
    is_new.add(x.is_new);
  }

  void queue(pipeline& db) {
    if (number.size() == 0)
      return;
    db.add("write_pull_requests",
           {repository_id.parameter(), number.parameter(),        has_columns.parameter(), title.parameter(),
            description.parameter(),   author.parameter(),        avatar.parameter(),      sha.parameter(),
            head_ref.parameter(),      base_ref.parameter(),      url.parameter(),         labels.parameter(),
            assignees.parameter(),     reviewers.parameter(),     is_draft.parameter(),    state.parameter(),
            merged.parameter(),        merged_at.parameter(),     closed_at.parameter(),   additions.parameter(),
            deletions.parameter(),     changed_files.parameter(), commits.parameter(),     files.parameter(),
            commit_urls.parameter(),   history.parameter(),       visible.parameter(),     source_updated_at.parameter(),
            facts.parameter(),         is_new.parameter()});
  }
};

/// The parameters of write_pipelines, in their order.
struct pipeline_arrays {
  int8_array repository_id;
  int4_array number;
  bool_array has_columns, visible, is_new;
  text_array sha, author, avatar, title, status_pr, status_build, status_approval, status_merge, history, facts;
  timestamptz_array source_updated_at;

  void add(std::int64_t repository, const github::pipeline_change& x) {
    repository_id.add(repository);
    number.add(to_int4(x.number));
    has_columns.add(x.columns);
    sha.add(x.commit_sha);
    author.add(x.author);
    avatar.add(x.avatar_url);
    title.add(x.title);
    status_pr.add(x.status_pr);
    status_build.add(x.status_build);
    status_approval.add(x.status_approval);
    status_merge.add(x.status_merge);
    history.add(x.history);
    visible.add(x.visible);
    source_updated_at.add(x.source_updated_at);
    facts.add(x.facts);
    is_new.add(x.is_new);
  }

  void queue(pipeline& db) {
    if (number.size() == 0)
      return;
    db.add("write_pipelines",
           {repository_id.parameter(), number.parameter(), has_columns.parameter(), sha.parameter(), author.parameter(),
            avatar.parameter(), title.parameter(), status_pr.parameter(), status_build.parameter(), status_approval.parameter(),
            status_merge.parameter(), history.parameter(), visible.parameter(), source_updated_at.parameter(), facts.parameter(),
            is_new.parameter()});
  }
};

/// The parameters of write_installations, in their order.
struct installation_arrays {
  int8_array id, account_id, app_id;
  text_array account, account_type, repository_selection;
  bool_array suspended, deleted;
  timestamptz_array at;

  void add(const github::installation_event& x) {
    id.add(x.id);
    account.add(x.account);
    account_id.add(x.account_id);
    account_type.add(x.account_type);
    app_id.add(x.app_id);
    repository_selection.add(x.repository_selection);
    suspended.add(x.suspended);
    deleted.add(x.deleted);
    at.add(x.updated_at);
  }

  void queue(pipeline& db) {
    if (id.size() > 0)
      db.add("write_installations",
             {id.parameter(), account.parameter(), account_id.parameter(), account_type.parameter(), app_id.parameter(),
              repository_selection.parameter(), suspended.parameter(), deleted.parameter(), at.parameter()});
  }
};

/// The parameters of mention_repositories, in their order.
struct mention_arrays {
  int8_array installation_id, id;
  timestamptz_array at;
  bool_array removed, is_private;
  text_array name, full_name, owner;

  void add(const installation_news& by, const github::repository_snapshot& x, bool is_removed) {
    installation_id.add(by.said->id);
    at.add(by.said->lists_by_arrival ? std::max(by.said->updated_at, by.received_at) : by.said->updated_at);
    removed.add(is_removed);
    id.add(x.id);
    name.add(x.name);
    full_name.add(x.full_name);
    owner.add(x.owner);
    is_private.add(x.is_private);
  }

  void queue(pipeline& db) {
    if (id.size() > 0)
      db.add("mention_repositories", {installation_id.parameter(), at.parameter(), removed.parameter(), id.parameter(),
                                      name.parameter(), full_name.parameter(), owner.parameter(), is_private.parameter()});
  }
};

void write_pull_requests(pipeline& db, const group_list& groups) {
  auto arrays = pull_request_arrays{};
  for (const auto* group : groups)
    for (const auto& x : group->changes.pull_requests)
      arrays.add(group->changes.repository->id, x);
  arrays.queue(db);
}

void write_pipelines(pipeline& db, const group_list& groups) {
  auto arrays = pipeline_arrays{};
  for (const auto* group : groups)
    for (const auto& x : group->changes.pipelines)
      arrays.add(group->changes.repository->id, x);
  arrays.queue(db);
}

void write_commits(pipeline& db, const group_list& groups) {
  auto repository_id = int8_array{};
  auto sha = text_array{}, facts = text_array{};
  for (const auto* group : groups)
    for (const auto& x : group->changes.commits) {
      repository_id.add(group->changes.repository->id);
      sha.add(x.sha);
      facts.add(x.facts);
    }
  if (sha.size() > 0)
    db.add("write_commits", {repository_id.parameter(), sha.parameter(), facts.parameter()});
}

void enqueue_all_jobs(pipeline& db, const group_list& groups) {
  auto jobs = std::vector<new_job>{};
  for (const auto* group : groups)
    jobs.insert(jobs.end(), group->changes.jobs.begin(), group->changes.jobs.end());
  enqueue_jobs(db, jobs);
}

void tell_followers_of_news(pipeline& db, const group_list& groups) {
  auto ids = int8_array{};
  for (const auto* group : groups)
    if (group->changes.moved)
      ids.add(group->changes.repository->id);
  if (ids.size() > 0)
    db.add("tell_followers_of_repositories", {ids.parameter()});
}

void tell_followers(pipeline& db, const group_list& groups, bool& enqueued) {
  auto all = std::vector<branch_push>{};
  for (const auto* group : groups)
    for (const auto& push : group->changes.pushes)
      all.push_back({group->changes.repository->id, push.delivery_id, &push.news});
  enqueue_pushes(db, all, enqueued);
  auto releases = std::vector<told_release>{};
  for (const auto* group : groups)
    for (const auto& delivery : group->changes.releases)
      releases.push_back({group->changes.repository->id, delivery});
  enqueue_releases(db, releases, enqueued);
}

/// Names that may have to be taken from an older bearer: only where a snapshot says a new one.
void release_names(pipeline& db, const group_list& groups) {
  auto id = int8_array{}, written = int8_array{};
  auto full_name = text_array{};
  auto at = timestamptz_array{};
  for (const auto* group : groups)
    written.add(group->changes.repository->id);
  for (const auto* group : groups)
    if (const auto& x = *group->changes.repository; x.columns && x.renames) {
      id.add(x.id);
      full_name.add(x.columns->full_name);
      at.add(x.source_updated_at);
    }
  if (id.size() > 0)
    db.add("release_names", {id.parameter(), full_name.parameter(), at.parameter(), written.parameter()});
}

/// In one order in every transaction: two of them that share rows wait for each other instead of deadlocking.
group_list in_lock_order(std::span<github::group* const> groups) {
  auto sorted = group_list{};
  for (auto* x : groups)
    if (x->keyed && x->changes.repository)
      sorted.push_back(x);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->changes.repository->id < b->changes.repository->id; });
  // Both would stand on the same version, and one would be lost. The WRITER takes the batch apart.
  const auto same = [](const auto* a, const auto* b) { return a->changes.repository->id == b->changes.repository->id; };
  if (std::adjacent_find(sorted.begin(), sorted.end(), same) != sorted.end())
    throw std::logic_error{"two groups of one repository in one transaction"};
  return sorted;
}

/// Rows whose name a newer repository bears: the next snapshot tries for it again.
void correct_names(const group_list& groups, const answer& names_taken) {
  for (auto i = 0; i < names_taken.rows(); ++i) {
    const auto id = names_taken.integer(i, 0);
    for (auto* group : groups)
      if (group->changes.repository->id == id)
        group->known.repository.full_name = names_taken.text(i, 1);
  }
}

} // namespace

void write_changes(pipeline& db, std::span<github::group* const> groups, bool& enqueued) {
  const auto sorted = in_lock_order(groups);
  if (sorted.empty())
    return;
  release_names(db, sorted);
  auto arrays = repository_arrays{};
  for (const auto* group : sorted)
    arrays.add(*group->changes.repository);
  arrays.queue(db, [sorted](const answer& names_taken) { correct_names(sorted, names_taken); });
  tell_followers_of_news(db, sorted); // before the lanes of jobs: syncs lock them in this order
  write_pull_requests(db, sorted);
  write_pipelines(db, sorted);
  write_commits(db, sorted);
  enqueue_all_jobs(db, sorted);
  tell_followers(db, sorted, enqueued);
}

void write_installations(pipeline& db, std::span<const installation_news> news) {
  auto arrays = installation_arrays{};
  for (const auto& x : news)
    arrays.add(*x.said);
  arrays.queue(db);
}

void write_mentions(pipeline& db, std::span<const installation_news> news) {
  auto arrays = mention_arrays{};
  for (const auto& x : news) {
    for (const auto& r : x.said->added)
      arrays.add(x, r, false);
    for (const auto& r : x.said->removed)
      arrays.add(x, r, true);
  }
  arrays.queue(db);
}

void enqueue_installation_syncs(pipeline& db, std::span<const installation_news> news) {
  auto jobs = std::vector<new_job>{};
  for (const auto& x : news)
    jobs.push_back(github::job_of(*x.said, *x.delivery_id));
  std::stable_sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  enqueue_jobs(db, jobs);
}

} // namespace ingot::storage

#include "storage/binary_array.hpp"
#include "storage/github_rows.hpp"

#include <stdexcept>
#include <unordered_map>

namespace ingot::storage {

namespace {

/// A commit names further pull requests: two rounds, and one that finds nothing missing.
constexpr auto load_rounds_max = 4;

using by_repository = std::unordered_map<std::int64_t, github::group*>;

by_repository index(std::span<github::group* const> groups) {
  auto found = by_repository{};
  for (auto* x : groups)
    found.emplace(x->items.front().kept->repository_id, x);
  return found;
}

/// NULL: no row, which is knowledge as well.
template <class State>
State state_of(const answer& rows, int row, int column) {
  auto state = State{};
  if (!rows.is_null(row, column)) {
    github::decode(rows.text(row, column), state);
    state.exists = true;
  }
  return state;
}

/// Knowledge of a repository that another transaction changed is dropped.
void read_repositories(const by_repository& group_of, const answer& rows) {
  auto absent = group_of;
  for (auto i = 0; i < rows.rows(); ++i) {
    const auto id = rows.integer(i, 0);
    const auto version = rows.integer(i, 1);
    auto& known = group_of.at(id)->known;
    absent.erase(id);
    if (known.loaded && known.repository.exists && known.repository.version == version)
      continue;
    known = {};
    known.repository_id = id;
    known.repository = state_of<github::repository_state>(rows, i, 2);
    known.repository.version = version;
    known.repository.full_name = rows.text(i, 3);
    known.complete = rows.text(i, 2).empty(); // a mere mention: nothing else was written yet
    known.loaded = true;
  }
  for (const auto& [id, group] : absent) {
    group->known = {};
    group->known.repository_id = id;
    group->known.loaded = group->known.complete = true;
  }
}

void read_pull_requests(const by_repository& group_of, const answer& rows) {
  for (auto i = 0; i < rows.rows(); ++i) {
    auto& known = group_of.at(rows.integer(i, 0))->known;
    const auto number = rows.integer(i, 1);
    known.pull_requests.insert_or_assign(number, state_of<github::pull_request_state>(rows, i, 2));
    known.pipelines.insert_or_assign(number, state_of<github::pipeline_state>(rows, i, 3));
  }
}

void read_commits(const by_repository& group_of, const answer& rows) {
  for (auto i = 0; i < rows.rows(); ++i) {
    auto& known = group_of.at(rows.integer(i, 0))->known;
    known.commits.insert_or_assign(std::string{rows.text(i, 1)}, state_of<github::commit_state>(rows, i, 2));
  }
}

void queue_repositories(pipeline& db, const by_repository& group_of) {
  auto ids = int8_array{};
  for (const auto& [id, group] : group_of)
    ids.add(id);
  db.add("load_repositories", {ids.parameter()}, [&](const answer& rows) { read_repositories(group_of, rows); });
}

/// @returns whether anything is missing
bool queue_missing(pipeline& db, const by_repository& group_of) {
  auto pull_request_of = int8_array{}, commit_of = int8_array{};
  auto number = int4_array{};
  auto sha = text_array{};
  for (const auto& [id, group] : group_of) {
    const auto lacks = github::missing_for(*group);
    for (auto x : lacks.pull_requests) {
      pull_request_of.add(id);
      number.add(static_cast<std::int32_t>(x));
    }
    for (const auto& x : lacks.commits) {
      commit_of.add(id);
      sha.add(x);
    }
  }
  if (number.size() > 0)
    db.add("load_pull_requests", {pull_request_of.parameter(), number.parameter()},
           [&](const answer& rows) { read_pull_requests(group_of, rows); });
  if (sha.size() > 0)
    db.add("load_commits", {commit_of.parameter(), sha.parameter()}, [&](const answer& rows) { read_commits(group_of, rows); });
  return number.size() > 0 || sha.size() > 0;
}

} // namespace

void lock_repositories(pipeline& db, std::span<github::group* const> groups, std::span<const installation_news> news) {
  auto ids = int8_array{};
  auto names = text_array{};
  for (const auto* group : groups) {
    ids.add(group->items.front().kept->repository_id);
    for (const auto& item : group->items)
      if (const auto& said = item.what->repository; said && said->full_name != group->known.repository.full_name)
        names.add(said->full_name);
  }
  for (const auto& x : news)
    for (const auto* list : {&x.said->added, &x.said->removed})
      for (const auto& mentioned : *list)
        ids.add(mentioned.id);
  db.add("lock_repositories", {ids.parameter(), names.parameter()});
}

void load_knowledge(pipeline& db, std::span<github::group* const> groups) {
  const auto group_of = index(groups);
  queue_repositories(db, group_of);
  // What a group lacks by what it knows goes out with the lock; only where that turns out stale is there more to ask.
  queue_missing(db, group_of);
  db.run();
  for (auto round = 1; queue_missing(db, group_of); ++round) {
    if (round == load_rounds_max)
      throw std::logic_error("knowledge stays incomplete after loading");
    db.run();
  }
}

} // namespace ingot::storage

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
State state_of(const pqxx::field& facts) {
  auto state = State{};
  if (!facts.is_null()) {
    github::decode(pgx::text(facts), state);
    state.exists = true;
  }
  return state;
}

} // namespace

void github_rows::load_repositories(pqxx::transaction_base& tx, std::span<github::group* const> groups) {
  const auto group_of = index(groups);
  auto ids = int8_array{};
  for (const auto& [id, group] : group_of)
    ids.add(id);
  auto absent = group_of;
  for (const auto& row : pgx::run(tx, "lock_repositories", ids.parameter())) {
    const auto id = row[0].as<std::int64_t>();
    const auto version = row[1].as<std::int64_t>();
    auto& known = group_of.at(id)->known;
    absent.erase(id);
    if (known.loaded && known.repository.exists && known.repository.version == version)
      continue;
    known = {};
    known.repository_id = id;
    known.repository = state_of<github::repository_state>(row[2]);
    known.repository.version = version;
    known.loaded = true;
  }
  for (const auto& [id, group] : absent) {
    group->known = {};
    group->known.repository_id = id;
    group->known.loaded = true;
  }
}

bool github_rows::load_missing(pqxx::transaction_base& tx, std::span<github::group* const> groups) {
  const auto group_of = index(groups);
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
    for (const auto& row : pgx::run(tx, "load_pull_requests", pull_request_of.parameter(), number.parameter())) {
      auto& known = group_of.at(row[0].as<std::int64_t>())->known;
      const auto n = row[1].as<std::int64_t>();
      known.pull_requests.insert_or_assign(n, state_of<github::pull_request_state>(row[2]));
      known.pipelines.insert_or_assign(n, state_of<github::pipeline_state>(row[3]));
    }
  if (sha.size() > 0)
    for (const auto& row : pgx::run(tx, "load_commits", commit_of.parameter(), sha.parameter())) {
      auto& known = group_of.at(row[0].as<std::int64_t>())->known;
      known.commits.insert_or_assign(std::string{pgx::text(row[1])}, state_of<github::commit_state>(row[2]));
    }
  return number.size() > 0 || sha.size() > 0;
}

void github_rows::load(pqxx::transaction_base& tx, std::span<github::group* const> groups) {
  if (groups.empty())
    return;
  load_repositories(tx, groups);
  for (auto round = 0; round < load_rounds_max; ++round)
    if (!load_missing(tx, groups))
      return;
  throw std::logic_error("knowledge stays incomplete after loading");
}

} // namespace ingot::storage

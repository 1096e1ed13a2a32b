#include "actors/nightly_look.hpp"

#include "model/contents/sync_order.hpp"
#include "model/mcp/check_order.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace ingot {

namespace {

using contents::provider_error;
using contents::trouble;
using outcome = storage::nightly_result::outcome;

/// Of one repository in one run.
constexpr auto attempts_max = 3;

/// Where the provider named no time.
constexpr auto pause_default = std::chrono::seconds{60};
constexpr auto pause_min = std::chrono::seconds{1};

nightly_look::result came_to(outcome what, const storage::nightly_subject& x, std::string reason) {
  auto out = nightly_look::result{};
  out.repository_id = x.id;
  out.known_at = x.known_at;
  out.came_to = what;
  out.reason = std::move(reason);
  return out;
}

nightly::state_of_repository state_of(const contents::description& x) {
  return {x.owner, x.name, x.default_branch, x.is_private, x.archived};
}

} // namespace

nightly_look::nightly_look(const node_context& context, bool full, std::string parts) : context_{context} {
  order_.full = full;
  order_.parts = std::move(parts);
}

std::vector<std::int64_t> nightly_look::limited(timestamp now) const {
  const auto lock = std::lock_guard{mutex_};
  auto out = std::vector<std::int64_t>{};
  for (const auto& [credential, until] : limited_)
    if (until > now)
      out.push_back(credential);
  return out;
}

std::optional<timestamp> nightly_look::limited_until(timestamp now) const {
  const auto lock = std::lock_guard{mutex_};
  auto out = std::optional<timestamp>{};
  for (const auto& [credential, until] : limited_)
    if (until > now && (!out || until < *out))
      out = until;
  return out;
}

void nightly_look::add(result&& x) {
  const auto lock = std::lock_guard{mutex_};
  found_.results.push_back(std::move(x));
}

void nightly_look::spend(const contents::sync_cost& x) {
  const auto lock = std::lock_guard{mutex_};
  found_.cost.requests += x.requests;
  found_.cost.not_modified += x.not_modified;
  found_.cost.points += x.points;
}

nightly_look::found nightly_look::at(const std::vector<subject>& subjects) {
  found_ = {};
  doubted_.clear();
  auto alone = std::vector<const subject*>{};
  for (std::size_t i = 0; i < subjects.size();) {
    const auto& first = subjects[i].where;
    const auto provider = context_.providers.find(first.provider);
    const auto together = provider == context_.providers.end() ? std::size_t{0} : provider->second->glance_max();
    auto group = std::vector<const subject*>{};
    for (; i < subjects.size() && group.size() < std::max<std::size_t>(together, 1); ++i) {
      if (subjects[i].where.provider != first.provider || subjects[i].where.credential_id != first.credential_id)
        break;
      group.push_back(&subjects[i]);
    }
    if (together == 0)
      alone.insert(alone.end(), group.begin(), group.end());
    else
      glance(group, alone);
  }
  look_alone(alone);
  return std::move(found_);
}

/// What it does not tell is left to `alone`.
void nightly_look::glance(std::span<const subject* const> group, std::vector<const subject*>& alone) {
  auto places = std::vector<contents::place>{};
  for (const auto* x : group)
    places.push_back(x->where);
  try {
    const auto seen = context_.providers.find(places.front().provider)->second->glance(places, contents::urgency::nightly);
    spend(seen.cost);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (seen.found[i]) {
        add(judge(*group[i], &seen.found[i]->what, seen.found[i]->head, seen.found[i]->branch));
        continue;
      }
      doubted_[group[i]->id] = seen.cost.requests > 0;
      alone.push_back(group[i]);
    }
  } catch (const provider_error& e) {
    if (e.kind() == trouble::rate_limited)
      return failed(*group.front(), e);
    log::warn("repositories are looked at one by one", {{"reason", e.what()}});
    alone.insert(alone.end(), group.begin(), group.end());
  }
}

void nightly_look::look_alone(const std::vector<const subject*>& all) {
  if (all.empty())
    return;
  auto next = std::atomic<std::size_t>{0};
  const auto work = [&] {
    for (auto i = next.fetch_add(1); i < all.size() && !context_.draining; i = next.fetch_add(1))
      look_at(*all[i]);
  };
  auto threads = std::vector<std::jthread>{};
  for (auto i = std::size_t{1}; i < std::min<std::size_t>(all.size(), context_.config.nightly.concurrency); ++i)
    threads.emplace_back(work);
  work();
}

void nightly_look::look_at(const subject& x) {
  const auto provider = context_.providers.find(x.where.provider);
  if (provider == context_.providers.end())
    return add(came_to(outcome::failed, x, "this node has no provider " + x.where.provider));
  {
    const auto lock = std::lock_guard{mutex_};
    if (const auto until = limited_.find(x.where.credential_id); until != limited_.end() && until->second > context_.now())
      return;
  }
  const auto remote = provider->second->open(x.where, contents::urgency::nightly);
  try {
    // Of one that is not where its name says, everything is asked.
    const auto doubted = x.state != "active" || (doubted_.contains(x.id) && doubted_.at(x.id));
    const auto seen = remote->observe(doubted ? contents::known_state{} : x.known);
    spend(remote->cost());
    const auto unchanged = seen.state == contents::observation::head::unchanged && x.known.synced;
    auto head = unchanged ? x.known.synced->commit : seen.at.commit;
    if (seen.state == contents::observation::head::absent)
      head = {};
    add(judge(x, seen.what ? &*seen.what : nullptr, head, unchanged ? x.known.synced->branch : seen.at.branch));
  } catch (const provider_error& e) {
    spend(remote->cost());
    failed(x, e);
  } catch (const std::exception& e) {
    failed(x, provider_error{trouble::transient, e.what()});
  }
}

/// Compares what is known with what is there.
nightly_look::result nightly_look::judge(const subject& x, const contents::description* what, const contents::object_id& head,
                                         const std::string& branch) const {
  auto out = result{};
  out.repository_id = x.id;
  out.known_at = x.known_at;
  out.commit = x.known.synced ? x.known.synced->commit.hex() : "";
  if (what != nullptr && order_.has("metadata")) {
    out.drift = nightly::drift_between(x.as_known, state_of(*what));
    if (!out.drift.empty())
      out.what = *what;
  }
  if (x.state != "active")
    out.drift.emplace_back("restored");
  const auto& synced = x.known.synced;
  const auto same_head = synced ? head && synced->commit == head && synced->branch == branch : !head;
  // A private repository that the node's own token sees is not for users: its sync finds out.
  const auto hidden = what != nullptr && what->is_private && x.where.credential_id == 0 && !x.user_id.empty();
  order(x, out, {.moved = !same_head || !x.complete || x.state != "active" || hidden, .changed = !out.drift.empty()});
  out.is_current = same_head && x.complete;
  const auto synced_by_job =
      std::any_of(out.jobs.begin(), out.jobs.end(), [](const new_job& j) { return j.kind == contents::content_sync_kind; });
  if (x.state != "active" && !hidden && !synced_by_job) // a sync says so itself
    out.becomes = "active";
  if (!out.drift.empty() || !out.jobs.empty())
    out.came_to = outcome::changed;
  return out;
}

/// A sync looks at manifests and README by itself when it changed them.
void nightly_look::order(const subject& x, result& into, found_difference seen) const {
  const auto sync = (order_.full || seen.moved) && order_.has("content");
  if (sync)
    into.jobs.push_back(contents::job_of({x.id, contents::urgency::nightly, order_.full, {}}));
  const auto check = order_.full || seen.changed || (seen.moved && !sync);
  if (check && x.manifests && (order_.has("manifest") || order_.has("readme")))
    into.jobs.push_back(mcp::job_of({x.id, contents::urgency::nightly, order_.full}));
}

void nightly_look::failed(const subject& x, const provider_error& e) {
  const auto reason = std::string{e.what()};
  switch (e.kind()) {
  case trouble::rate_limited: {
    const auto lock = std::lock_guard{mutex_};
    const auto now = context_.now();
    limited_[x.where.credential_id] = std::max(e.retry_at().value_or(now + pause_default), now + pause_min);
    return;
  }
  case trouble::gone:
  case trouble::forbidden: {
    const auto becomes = std::string{contents::to_string(e.kind())};
    auto out = came_to(x.state == becomes ? outcome::unchanged : outcome::changed, x, reason);
    out.becomes = becomes;
    if (out.came_to == outcome::changed) {
      out.drift = {becomes};
      order(x, out, {.changed = true});
    }
    return add(std::move(out));
  }
  case trouble::permanent:
    return add(came_to(outcome::failed, x, reason));
  case trouble::transient:
    break;
  }
  if (context_.draining)
    return;
  add(came_to(x.attempts + 1 < attempts_max ? outcome::again : outcome::failed, x, reason));
}

} // namespace ingot

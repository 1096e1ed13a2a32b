#include "actors/site_writer.hpp"

#include "actors/failure_guard.hpp"
#include "storage/job_statements.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <utility>

namespace ingot {

namespace {

using site_writer_pointer = site_writer_actor::stateful_pointer<site_writer_state>;
using waiting_sync = site_writer_state::waiting_sync;
using sync_span = std::span<const waiting_sync>;

/// Deadlocks and serialization failures: the other side has gone on by the second try.
constexpr auto attempts_max = 5;

/// How often a site that another transaction holds is tried again, and for how long.
constexpr auto busy_pause = std::chrono::milliseconds{5};
constexpr auto busy_patience = std::chrono::seconds{5};

/// A sync whose fingerprint is known mostly writes little: so many of its modules count as one.
constexpr auto known_modules_of_one = std::size_t{16};

std::size_t weight_of(const sync_in_hand& x) {
  const auto modules = x.said.modules.size();
  return x.known.loaded ? modules / known_modules_of_one + 1 : modules + 1;
}

void give_back(site_writer_pointer self, const waiting_sync& x, const failure& why) {
  self->send(caf::actor_cast<site_actor>(x.from), committed_atom_v, x.sync, why);
}

/// One whose site another node's transaction holds comes again in a moment; nobody else waits for it.
void give_back_or_retry(site_writer_pointer self, const waiting_sync& x) {
  if (x.sync->verdict != storage::site_verdict::busy)
    return give_back(self, x, {});
  if (self->clock().now() - x.since > busy_patience)
    return give_back(self, x,
                     {fault::storage_unavailable, "another node is busy with this site; nothing of this sync is stored", {}});
  self->state.busy.push_back(x);
  if (!std::exchange(self->state.retry_sent, true))
    self->delayed_send(self, busy_pause, tick_atom_v);
}

/// One transaction for all; throws store_error.
void commit_once(site_writer_state& state, sync_span syncs) {
  if (!state.store)
    state.store = state.context->open_site_store();
  auto plain = std::vector<storage::site_sync*>{};
  for (const auto& x : syncs)
    plain.push_back(x.sync.get());
  const auto started = std::chrono::steady_clock::now();
  state.store->commit(plain);
  state.context->counters.sync_commit_seconds.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
}

/// Somebody else has the job that this sync was: nothing of it is applied, and its own attempt is over.
bool is_fenced(const sync_in_hand& x, const std::string& why) {
  return x.of_job && why.starts_with(storage::job_lost);
}

/// A module that the database refuses, and why.
struct refused_module {
  std::size_t place = 0; ///< in inventory::modules
  std::string why;
};

/// More refused modules than that mean that it is not the modules.
constexpr auto refused_modules_max = std::size_t{20};

/// Adds the refused ones among `modules` to `found`, halving what is refused together. Throws store_error.
void find_refused(storage::site_store& store, const sync_in_hand& x, std::size_t from, std::size_t count,
                  std::vector<refused_module>& found) {
  if (count == 0 || found.size() > refused_modules_max)
    return;
  const auto why = store.refusal_of(x, std::span{x.said.modules}.subspan(from, count));
  if (why.empty())
    return;
  if (count == 1) {
    found.push_back({from, why});
    return;
  }
  find_refused(store, x, from, count / 2, found);
  find_refused(store, x, from + count / 2, count - count / 2, found);
}

/// Takes the modules that the database refuses out of the sync and names them in its errors: what fails in processing is partial
/// success. Throws store_error. @returns whether the rest may be tried
bool leave_out_refused(storage::site_store& store, sync_in_hand& x) {
  auto found = std::vector<refused_module>{};
  find_refused(store, x, 0, x.said.modules.size(), found);
  if (found.empty() || found.size() > refused_modules_max || found.size() == x.said.modules.size())
    return false;
  for (auto at = found.rbegin(); at != found.rend(); ++at) {
    const auto module = x.said.modules.begin() + static_cast<std::ptrdiff_t>(at->place);
    x.said.errors.push_back(
        {module->index, std::string{module->machine_name}, "/modules/" + std::to_string(module->index), at->why});
    x.said.left_out.push_back(module->name_digest);
    x.said.modules.erase(module);
  }
  return true;
}

/// What the database refuses is noted with its reason, and its sender told.
void refuse(site_writer_pointer self, const waiting_sync& x, const std::string& why) {
  if (is_fenced(*x.sync, why))
    return give_back(self, x, {fault::lost, "the lease of this sync's job is lost", {}});
  log::error("sync failed", {{"request_id", x.sync->request_id}, {"site", x.sync->site_id}, {"reason", why}});
  try {
    if (!self->state.store)
      self->state.store = self->state.context->open_site_store();
    self->state.store->keep_failed(*x.sync, why);
  } catch (const storage::store_error& e) {
    log::error("failed sync not noted", {{"site", x.sync->site_id}, {"reason", e.what()}});
    self->state.store = nullptr;
  }
  give_back(self, x, {fault::refused_by_database, why, {}});
}

/// What was enqueued need not wait for the next look at the table.
void hint_jobs(site_writer_pointer self, sync_span syncs) {
  const auto enqueued = [](const waiting_sync& x) { return x.sync->as_job.has_value() || x.sync->notifies; };
  if (std::none_of(syncs.begin(), syncs.end(), enqueued))
    return;
  if (const auto handles = self->state.context->handles.load())
    self->send(handles->jobs, hint_atom_v);
}

void commit(site_writer_pointer self, sync_span syncs);

void commit_halves(site_writer_pointer self, sync_span syncs, const std::string& why) {
  if (syncs.size() == 1) {
    auto& x = *syncs.front().sync;
    try {
      if (!is_fenced(x, why) && !x.as_job && self->state.store && leave_out_refused(*self->state.store, x))
        return commit(self, syncs);
    } catch (const storage::store_error& e) {
      log::warn("database is away", {{"reason", e.what()}});
      self->state.store = nullptr;
      return give_back(self, syncs.front(),
                       {fault::storage_unavailable, "the database is away; nothing of this sync is stored", {}});
    }
    return refuse(self, syncs.front(), why);
  }
  self->state.context->counters.batches_bisected.add();
  commit(self, syncs.first(syncs.size() / 2));
  commit(self, syncs.subspan(syncs.size() / 2));
}

void commit(site_writer_pointer self, sync_span syncs) {
  auto& state = self->state;
  for (auto attempt = 1;; ++attempt) {
    try {
      commit_once(state, syncs);
      for (const auto& x : syncs)
        give_back_or_retry(self, x);
      hint_jobs(self, syncs);
      return;
    } catch (const storage::store_error& e) {
      if (e.remedy() == storage::sql_remedy::reconnect) {
        const auto was_connected = std::exchange(state.store, nullptr) != nullptr;
        // A connection that died while idle tells nothing of the database: one try with a new one. A sync applied twice is
        // unchanged.
        if (was_connected && attempt == 1)
          continue;
        log::warn("database is away", {{"reason", e.what()}});
        for (const auto& x : syncs)
          give_back(
              self, x,
              {fault::storage_unavailable, "the database is away; send it again: it may be stored, and is applied once", {}});
        return;
      }
      if (e.remedy() == storage::sql_remedy::refused || (attempt == attempts_max && syncs.size() > 1))
        return commit_halves(self, syncs, e.what());
      if (attempt == attempts_max)
        return give_back(self, syncs.front(),
                         {fault::storage_unavailable, "other transactions were in the way; nothing of this sync is stored", {}});
    }
  }
}

void flush(site_writer_pointer self) {
  auto& state = self->state;
  state.flush_sent = false;
  const auto batch = std::exchange(state.batch, {});
  const auto most = state.context->config.sites.commit_modules_max;
  for (auto rest = sync_span{batch}; !rest.empty();) {
    auto count = std::size_t{0};
    auto sites_in_it = std::unordered_set<std::int64_t>{};
    for (auto weight = std::size_t{0}; count < rest.size(); ++count) {
      weight += weight_of(*rest[count].sync);
      // A SITE that fell has left its sync here, and the one that took its place has sent another.
      if ((count > 0 && weight > most) || !sites_in_it.insert(rest[count].sync->site_id).second)
        break;
    }
    commit(self, rest.first(count));
    rest = rest.subspan(count);
  }
}

} // namespace

site_writer_actor::behavior_type site_writer(site_writer_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  return {
      [self](commit_atom, sync_ptr x) {
        self->state.batch.push_back({std::move(x), self->current_sender(), self->clock().now()});
        if (!std::exchange(self->state.flush_sent, true))
          self->send(self, flush_atom_v);
      },
      [self](flush_atom) { flush(self); },
      [self](tick_atom) {
        auto& state = self->state;
        state.retry_sent = false;
        state.batch.insert(state.batch.begin(), state.busy.begin(), state.busy.end());
        state.busy.clear();
        flush(self);
      },
  };
}

} // namespace ingot

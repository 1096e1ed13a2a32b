#include "storage/site_store.hpp"

#include "config/failpoints.hpp"
#include "model/digest.hpp"
#include "model/drupal/site_event.hpp"
#include "storage/job_statements.hpp"
#include "storage/pipeline.hpp"
#include "storage/site_arrays.hpp"
#include "storage/site_statements.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace ingot::storage {

namespace {

using drupal::insecure_modules;
using drupal::site_facts;

constexpr auto rate_window = std::chrono::hours{1};

std::optional<timestamp> time_at(const answer& rows, int row, int column) {
  if (rows.is_null(row, column))
    return std::nullopt;
  return timestamp{std::chrono::microseconds{rows.integer(row, column)}};
}

/// What stands in a record, from its outcome on.
drupal::sync_result result_of(const answer& rows, int row, int column) {
  const auto count = [&](int further) { return static_cast<std::size_t>(rows.integer(row, column + further)); };
  auto out = drupal::sync_result{};
  for (const auto outcome : {drupal::sync_outcome::applied, drupal::sync_outcome::unchanged, drupal::sync_outcome::stale})
    if (rows.text(row, column) == to_string(outcome))
      out.outcome = outcome;
  out.processed = count(1);
  out.added = count(2);
  out.updated = count(3);
  out.removed = count(4);
  out.security_updates = count(5);
  return out;
}

std::vector<site_facts> facts_of(const answer& rows) {
  auto out = std::vector<site_facts>{};
  const auto is_true = [&](int row, int column) { return rows.text(row, column) == "t"; };
  for (auto i = 0; i < rows.rows(); ++i) {
    auto& x = out.emplace_back();
    x.exists = is_true(i, 0);
    x.disabled = is_true(i, 1);
    x.key_good = is_true(i, 2);
    x.version = rows.integer(i, 3);
    x.security_generation = rows.integer(i, 4);
    x.last_sync = time_at(rows, i, 5);
    x.rate_used = static_cast<std::size_t>(rows.integer(i, 6));
    x.rate_oldest = time_at(rows, i, 7);
    x.notifies = is_true(i, 8);
    x.same_again = is_true(i, 9);
    if (!rows.is_null(i, 10))
      x.done = result_of(rows, i, 10);
  }
  return out;
}

drupal::known_module known_of(const answer& rows, int row) {
  auto out = drupal::known_module{};
  out.name = (digest{} << rows.text(row, 2)).value();
  out.reported = static_cast<std::uint64_t>(rows.integer(row, 3));
  out.module_id = static_cast<std::int32_t>(rows.integer(row, 4));
  out.removed = rows.text(row, 5) == "t";
  out.needs_update = rows.text(row, 6) == "t";
  return out;
}

class postgres_site_store final : public site_store {
public:
  postgres_site_store(const std::string& url, const database_settings& settings, const site_settings& sites)
      : db_{url, settings, write_statements({site_statements(), job_statements()})},
        limits_{sites.syncs_per_hour, sites.modules_known_max}, sync_interval_{sites.sync_interval} {
    plan_once(db_);
  }

  void commit(std::span<site_sync* const> syncs) override {
    const auto limit = db_.within_statement_timeout();
    try {
      apply(syncs);
    } catch (const std::exception& e) {
      db_.roll_back();
      for (auto* x : syncs)
        x->known = {};
      throw store_error{classify(e), describe(e)};
    }
  }

  std::string refusal_of(const site_sync& x, std::span<const drupal::reported_module> modules) override {
    const auto limit = db_.within_statement_timeout();
    auto part = site_sync{};
    part.site_id = x.site_id;
    part.sync_id = x.sync_id;
    part.payload_hash = x.payload_hash;
    part.received_at = x.received_at;
    part.started = x.started;
    part.said.sync_time = x.said.sync_time;
    part.said.type = drupal::sync_type::partial;
    part.said.site_digest = x.said.site_digest;
    part.said.drupal_version = x.said.drupal_version;
    part.said.php_version = x.said.php_version;
    part.said.modules.assign(modules.begin(), modules.end());
    auto why = std::string{};
    try {
      auto* one = &part;
      auto applied = std::vector<applied_sync>{};
      auto written = std::vector<drupal::written_module>{};
      const auto facts = judge({&one, 1});
      if (part.verdict == site_verdict::busy)
        throw store_error{sql_remedy::retry, "another transaction holds the site"};
      part.verdict = site_verdict::taken; // the sync was admitted; only its rows are in question
      load({&one, 1}, facts);
      decide(part, facts.front(), applied);
      write(applied, written);
      db_.run();
    } catch (const store_error&) {
      db_.roll_back();
      throw;
    } catch (const std::exception& e) {
      why = describe(e);
      if (classify(e) != sql_remedy::refused) {
        db_.roll_back();
        throw store_error{classify(e), why};
      }
    }
    db_.roll_back();
    return why;
  }

  void keep_failed(const site_sync& x, const std::string& reason) override {
    const auto limit = db_.within_statement_timeout();
    try {
      auto record = sync_records{};
      record.add(x);
      auto error = text_array{};
      error.add(reason);
      db_.add("keep_failed_sync", {record.id.parameter(), record.site_id.parameter(), record.key_id.parameter(),
                                   record.type.parameter(), record.at.parameter(), record.received.parameter(),
                                   record.ms.parameter(), record.hash.parameter(), error.parameter(), record.job_id.parameter()});
      db_.run();
    } catch (const std::exception& e) {
      db_.roll_back();
      throw store_error{classify(e), describe(e)};
    }
  }

private:
  /// One transaction: an exchange to lock and judge, perhaps one to load, one to write and COMMIT; one more when somebody is told
  /// the result by the transaction itself.
  void apply(std::span<site_sync* const> syncs) {
    const auto facts = judge(syncs);
    load(syncs, facts);
    auto applied = std::vector<applied_sync>{};
    auto stored = std::vector<site_sync*>{};
    for (auto i = std::size_t{0}; i < syncs.size(); ++i)
      if (syncs[i]->verdict == site_verdict::taken) {
        if (syncs[i]->as_job)
          stored.push_back(syncs[i]);
        else if (facts[i].done)
          tell_again(*syncs[i], *facts[i].done);
        else
          decide(*syncs[i], facts[i], applied);
      }
    auto written = std::vector<drupal::written_module>{};
    write(applied, written);
    enqueue(stored);
    mark_notified(syncs, facts);
    const auto tells_results = std::any_of(applied.begin(), applied.end(), [](const auto& x) { return tells_result(*x.sync); });
    if (tells_results) {
      db_.run(); // what is told counts what was written
      confirm(applied, written);
      complete_jobs_of(applied);
      notify(applied);
    }
    failpoint("before_commit");
    db_.add("commit");
    db_.send();
    failpoint("during_commit");
    db_.run();
    failpoint("after_commit");
    if (!tells_results)
      confirm(applied, written);
  }

  std::vector<site_facts> judge(std::span<site_sync* const> syncs) {
    auto site_id = int8_array{}, key_id = int8_array{}, limit = int8_array{};
    auto since = timestamptz_array{};
    auto sync_id = text_array{};
    auto hash = bytea_array{};
    for (const auto* x : syncs) {
      site_id.add(x->site_id);
      key_id.add(x->key_id);
      since.add(x->received_at - rate_window);
      sync_id.add(x->sync_id);
      hash.add(x->payload_hash);
    }
    limit.add(static_cast<std::int64_t>(limits_.syncs_per_hour));
    auto facts = std::vector<site_facts>{};
    db_.add("begin");
    for (const auto* x : syncs)
      if (x->of_job)
        fence_job(db_, *x->of_job);
    auto locked = std::unordered_set<std::int64_t>{};
    db_.add("lock_sites", {site_id.parameter()}, [&](const answer& rows) {
      for (auto i = 0; i < rows.rows(); ++i)
        locked.insert(rows.integer(i, 0));
    });
    db_.add(
        "judge_syncs",
        {site_id.parameter(), key_id.parameter(), since.parameter(), limit.parameter(), sync_id.parameter(), hash.parameter()},
        [&](const answer& rows) { facts = facts_of(rows); });
    db_.run();
    for (auto i = std::size_t{0}; i < syncs.size(); ++i)
      syncs[i]->verdict =
          facts[i].exists && !locked.contains(syncs[i]->site_id) ? site_verdict::busy : verdict_of(*syncs[i], facts[i]);
    return facts;
  }

  site_verdict verdict_of(site_sync& x, const site_facts& facts) const {
    const auto found = drupal::admit(facts, limits_, x.received_at, x.of_job.has_value());
    x.rate_used = found.rate_used;
    x.rate_reset = found.rate_reset;
    return found.verdict;
  }

  /// Fingerprints that are lacking, or that another node's write or an import of releases has made old.
  void load(std::span<site_sync* const> syncs, const std::vector<site_facts>& facts) {
    auto lacking = std::unordered_map<std::int64_t, drupal::site_knowledge*>{};
    auto site_id = int8_array{};
    for (auto i = std::size_t{0}; i < syncs.size(); ++i) {
      auto& known = syncs[i]->known;
      const auto fresh =
          known.loaded && known.version == facts[i].version && known.security_generation == facts[i].security_generation;
      if (fresh || syncs[i]->verdict != site_verdict::taken || syncs[i]->as_job)
        continue;
      known = {};
      known.loaded = true;
      known.version = facts[i].version;
      known.security_generation = facts[i].security_generation;
      lacking.emplace(syncs[i]->site_id, &known);
      site_id.add(syncs[i]->site_id);
    }
    if (lacking.empty())
      return;
    db_.add("load_sites", {site_id.parameter()}, [&](const answer& rows) {
      for (auto i = 0; i < rows.rows(); ++i) {
        auto& known = *lacking.at(rows.integer(i, 0));
        if (!rows.is_null(i, 1))
          known.site_digest = static_cast<std::uint64_t>(rows.integer(i, 1));
        else
          known.modules.push_back(known_of(rows, i));
      }
    });
    db_.run();
    for (auto& [id, known] : lacking)
      std::sort(known->modules.begin(), known->modules.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  }

  void decide(site_sync& x, const site_facts& facts, std::vector<applied_sync>& applied) const {
    auto decided = drupal::decide(facts, x.known, x.said, limits_);
    x.verdict = decided.verdict;
    x.result = std::move(decided.result);
    address(x);
    if (x.verdict == site_verdict::taken)
      applied.push_back({&x, std::move(decided.change)});
  }

  /// Whose result it is, and when its site is asked to come again.
  void address(site_sync& x) const {
    x.result.sync_id = x.sync_id;
    x.result.site_id = x.site_id;
    x.result.next_sync_after = drupal::next_sync(x.site_id, x.received_at, sync_interval_);
  }

  /// The COMMIT of this very sync was done and its answer lost.
  void tell_again(site_sync& x, const drupal::sync_result& done) const {
    x.result = done;
    x.result.warnings = x.said.warnings;
    x.result.errors = x.said.errors;
    address(x);
    x.result.state_hash = x.known.state_hash();
    x.result.milliseconds = milliseconds_of(x);
  }

  void write(std::vector<applied_sync>& applied, std::vector<drupal::written_module>& written) {
    if (applied.empty())
      return;
    auto rows = written_modules{applied};
    if (rows.site_id.size() > 0) {
      auto modules = described_modules{applied};
      auto versions = described_versions{applied};
      db_.add("hold_releases");
      for (const auto* statement : {"add_modules", "describe_modules"})
        db_.add(statement, {modules.machine_name.parameter(), modules.name.parameter(), modules.type.parameter(),
                            modules.description.parameter(), modules.link.parameter(), modules.package.parameter(),
                            modules.project.parameter(), modules.described.parameter(), modules.at.parameter()});
      db_.add("judge_moved_modules", {modules.machine_name.parameter()});
      db_.add("add_versions", {versions.machine_name.parameter(), versions.version.parameter(), versions.sort_key.parameter(),
                               versions.core_compatibility.parameter(), versions.dependencies.parameter(),
                               versions.coverage.parameter(), versions.described.parameter(), versions.at.parameter()});
      db_.add("describe_versions", {versions.machine_name.parameter(), versions.version.parameter(),
                                    versions.core_compatibility.parameter(), versions.dependencies.parameter(),
                                    versions.coverage.parameter(), versions.described.parameter(), versions.at.parameter()});
    }
    auto removed = removed_modules{applied};
    if (removed.site_id.size() > 0)
      db_.add("remove_modules", {removed.site_id.parameter(), removed.module_id.parameter(), removed.at.parameter()});
    auto sites = changed_sites{applied};
    if (sites.site_id.size() > 0)
      db_.add("update_sites", {sites.site_id.parameter(), sites.environment.parameter(), sites.info.parameter(),
                               sites.drupal_version.parameter(), sites.php_version.parameter(), sites.reported.parameter()});
    auto records = sync_records{};
    for (const auto& x : applied)
      records.add(*x.sync);
    db_.add("apply_syncs", {rows.site_id.parameter(),   rows.machine_name.parameter(),   rows.version.parameter(),
                            rows.enabled.parameter(),   rows.schema_version.parameter(), rows.reported.parameter(),
                            rows.at.parameter(),        rows.sync_id.parameter(),        rows.fresh.parameter(),
                            records.id.parameter(),     records.site_id.parameter(),     records.key_id.parameter(),
                            records.type.parameter(),   records.outcome.parameter(),     records.at.parameter(),
                            records.counts.parameter(), records.received.parameter(),    records.cron.parameter(),
                            records.ms.parameter(),     records.hash.parameter(),        records.job_id.parameter()},
            [&written](const answer& found) {
              for (auto i = 0; i < found.rows(); ++i)
                written.push_back({static_cast<std::int32_t>(found.integer(i, 0)), found.text(i, 1) == "t"});
            });
  }

  void enqueue(const std::vector<site_sync*>& stored) {
    auto jobs = std::vector<new_job>{};
    for (auto* x : stored)
      jobs.push_back(*x->as_job);
    enqueue_jobs(db_, jobs, [stored](const job_ids& ids) {
      for (auto i = std::size_t{0}; i < ids.size(); ++i)
        stored[i]->job_id = ids[i];
    });
  }

  /// Webhooks hear of what was done, not of what came too late.
  static void mark_notified(std::span<site_sync* const> syncs, const std::vector<site_facts>& facts) {
    for (auto i = std::size_t{0}; i < syncs.size(); ++i)
      syncs[i]->notifies = facts[i].notifies && !facts[i].done && syncs[i]->verdict == site_verdict::taken && !syncs[i]->as_job &&
                           syncs[i]->result.outcome != drupal::sync_outcome::stale;
  }

  /// Is its result part of the transaction?
  static bool tells_result(const site_sync& x) { return x.of_job || x.notifies; }

  void notify(const std::vector<applied_sync>& applied) {
    auto jobs = std::vector<new_job>{};
    for (const auto& x : applied)
      if (x.sync->notifies)
        jobs.push_back({.kind = drupal::notify_job_kind,
                        .key = drupal::notify_job_key(x.sync->site_id),
                        .dedupe_key = {},
                        .payload = drupal::site_sync_event(x.sync->result, x.sync->received_at),
                        .priority = 1,
                        .body = {}});
    enqueue_jobs(db_, jobs);
  }

  void complete_jobs_of(const std::vector<applied_sync>& applied) {
    auto completions = std::vector<job_completion>{};
    for (const auto& x : applied)
      if (x.sync->of_job)
        completions.push_back({*x.sync->of_job, job_state::succeeded, drupal::to_json(x.sync->result), {}, {}});
    complete_jobs(db_, completions);
  }

  /// What is stored now is known.
  static void confirm(const std::vector<applied_sync>& applied, const std::vector<drupal::written_module>& written) {
    auto at = written.begin();
    for (const auto& [sync, change] : applied) {
      const auto count = static_cast<std::ptrdiff_t>(change.added.size() + change.updated.size());
      const auto of_sync = std::vector<drupal::written_module>{at, at + count};
      at += count;
      auto& result = sync->result;
      if (result.outcome == drupal::sync_outcome::applied) {
        ++sync->known.version;
        drupal::confirm(sync->known, sync->said, change, of_sync);
      }
      result.security_updates = insecure_modules(sync->known);
      result.state_hash = sync->known.state_hash();
      result.milliseconds = milliseconds_of(*sync);
    }
  }

  pipeline db_;
  drupal::site_limits limits_;
  milliseconds sync_interval_;
};

} // namespace

std::unique_ptr<site_store> open_site_store(const std::string& url, const database_settings& settings,
                                            const site_settings& sites) {
  try {
    return std::make_unique<postgres_site_store>(url, settings, sites);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

std::string sync_job_key(std::int64_t site_id) {
  return "site/" + std::to_string(site_id);
}

} // namespace ingot::storage

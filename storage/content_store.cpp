#include "storage/content_store.hpp"

#include "config/failpoints.hpp"
#include "model/contents/changes_notification.hpp"
#include "model/json_object.hpp"
#include "model/mcp/check_order.hpp"
#include "storage/binary_array.hpp"
#include "storage/content_statements.hpp"
#include "storage/job_statements.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <utility>

namespace ingot::storage {

namespace {

using contents::object_id;

/// A listing of a million files is compared and written in minutes, not in the seconds that a sender would wait.
constexpr auto step_timeout = std::chrono::minutes{10};

/// Deadlocks, with another sync over the same contents: the other side has gone on by the second try.
constexpr auto attempts_max = 5;

pgx::binary text(std::string_view x) {
  return {x};
}

database_settings patient(database_settings x) {
  x.statement_timeout = std::max<milliseconds>(x.statement_timeout, step_timeout);
  return x;
}

std::string hex_or_empty(const object_id& x) {
  return x ? x.hex() : std::string{};
}

object_id id_of(std::string_view hex) {
  return object_id::parse(hex).value_or(object_id{});
}

/// Patterns, one a line: they hold no line's end.
std::vector<std::string> lines_of(std::string_view text) {
  auto out = std::vector<std::string>{};
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

sync_subject subject_of(const answer& rows) {
  auto out = sync_subject{};
  auto column = 0;
  const auto next = [&] { return std::string{rows.text(0, column++)}; };
  const auto next_integer = [&] { return rows.integer(0, column++); };
  out.id = next_integer();
  auto& where = out.where;
  where.provider = next();
  where.owner = next();
  where.name = next();
  where.url = next();
  where.external_id = next_integer();
  where.branch = next();
  where.credential_id = next_integer();
  const auto commit = id_of(next()), tree = id_of(next());
  const auto branch = next();
  if (commit)
    out.known.synced = contents::revision{commit, tree, branch};
  out.known.etag = next();
  out.default_branch = next();
  out.include = lines_of(next());
  out.exclude = lines_of(next());
  if (const auto most = next_integer(); most >= 0)
    out.file_bytes_max = static_cast<std::uint64_t>(most);
  out.skip_binary = next() == "t";
  out.fetch_lfs = next() == "t";
  out.filters = static_cast<std::uint64_t>(next_integer());
  out.complete = next() == "t";
  out.state = next();
  out.user_id = next();
  if (const auto at = next(); !at.empty())
    out.last_push = parse_rfc3339(at);
  out.manifests = next() == "t";
  out.manifest_places = lines_of(next());
  out.manifests_seen = next_integer();
  return out;
}

/// Numbers as the texts that statements cast.
struct cost_texts {
  explicit cost_texts(const contents::sync_cost& x)
      : requests{std::to_string(x.requests)},
        not_modified{std::to_string(x.not_modified)}, points{std::to_string(x.points)}, bytes{std::to_string(x.bytes)} {}
  std::string requests, not_modified, points, bytes;
};

class postgres_content_store final : public content_store {
public:
  postgres_content_store(const std::string& url, const database_settings& settings)
      : db_{url, patient(settings), content_session_statements()} {
    for (const auto& [name, sql] : content_session_statements())
      db_.add(name);
    run();
    db_.prepare(write_statements({content_statements(), job_statements()}));
  }

  void work_for(const job_lease& job) override { job_ = job; }

  std::optional<sync_subject> load(std::int64_t repository_id) override {
    auto out = std::optional<sync_subject>{};
    const auto id = std::to_string(repository_id);
    guarded([&] {
      db_.add("load_repository", {text(id)}, [&](const answer& rows) {
        if (rows.rows() > 0)
          out = subject_of(rows);
      });
      run();
    });
    return out;
  }

  bool has_newer_order(const job_lease& job) override {
    auto out = false;
    const auto id = std::to_string(job.id);
    guarded([&] {
      db_.add("has_newer_order", {text(job.key), text(id)}, [&](const answer& rows) { out = rows.text(0, 0) == "t"; });
      run();
    });
    return out;
  }

  std::int64_t begin(const sync_subject& of, const job_lease& job, contents::urgency trigger,
                     const contents::revision& to) override {
    const auto id = std::to_string(of.id), job_id = std::to_string(job.id);
    const auto before = of.known.synced ? of.known.synced->commit.hex() : std::string{};
    const auto commit = hex_or_empty(to.commit), tree = hex_or_empty(to.tree);
    auto out = std::int64_t{0};
    guarded([&] {
      fence();
      db_.add("begin_sync",
              {text(id), text(job_id), text(to_string(trigger)), text(before), text(to.branch), text(commit), text(tree)},
              [&](const answer& rows) { out = rows.integer(0, 0); });
      run();
    });
    return out;
  }

  std::int64_t next_blob_key() override { return one_integer("next_blob_key", {}); }

  void list_anew() override {
    guarded([&] {
      db_.add("empty_listing");
      run();
    });
  }

  void list(std::span<const listed_file> files) override {
    auto path = text_array{}, sha = text_array{}, skipped = text_array{};
    auto mode = int4_array{};
    auto size = int8_array{};
    for (const auto& x : files) {
      path.add(x.entry.path);
      sha.add(x.entry.id.hex());
      mode.add(static_cast<std::int32_t>(x.entry.mode));
      size.add(static_cast<std::int64_t>(x.entry.size));
      if (x.skipped == skipped_reason::none)
        skipped.add_null();
      else
        skipped.add(to_string(x.skipped));
    }
    guarded([&] {
      db_.add("add_listing", {path.parameter(), sha.parameter(), mode.parameter(), size.parameter(), skipped.parameter()});
      run();
    });
  }

  std::vector<contents::wanted_blob> missing_blobs(std::int64_t repository_id, bool skip_binary) override {
    auto out = std::vector<contents::wanted_blob>{};
    const auto id = std::to_string(repository_id);
    guarded([&] {
      db_.add("weigh_listing");
      if (skip_binary)
        db_.add("skip_known_binary", {text(id)});
      db_.add("missing_blobs", {}, [&](const answer& rows) {
        out.reserve(static_cast<std::size_t>(rows.rows()));
        for (auto i = 0; i < rows.rows(); ++i)
          out.push_back({id_of(rows.text(i, 0)), static_cast<std::uint64_t>(rows.integer(i, 1)), std::string{rows.text(i, 2)}});
      });
      run();
    });
    return out;
  }

  void skip(std::span<const object_id> ids, skipped_reason why) override {
    auto sha = text_array{};
    for (const auto& x : ids)
      sha.add(x.hex());
    guarded([&] {
      db_.add("skip_files", {sha.parameter(), text(to_string(why))});
      run();
    });
  }

  std::vector<std::string> keep(std::span<const stored_blob> blobs) override {
    auto sha = text_array{}, key = text_array{}, mime_type = text_array{}, language = text_array{}, lfs_oid = text_array{};
    auto size = int8_array{}, lfs_size = int8_array{};
    auto is_binary = bool_array{};
    for (const auto& x : blobs) {
      sha.add(x.id.hex());
      size.add(static_cast<std::int64_t>(x.size));
      key.add(x.key);
      mime_type.add(x.kind.mime_type);
      language.add(x.kind.language);
      is_binary.add(x.kind.is_binary);
      lfs_oid.add(x.kind.lfs ? std::optional{x.kind.lfs->oid} : std::nullopt);
      lfs_size.add(x.kind.lfs ? std::optional{static_cast<std::int64_t>(x.kind.lfs->size)} : std::nullopt);
    }
    auto not_needed = std::vector<std::string>{};
    guarded([&] {
      db_.add("keep_blobs",
              {sha.parameter(), size.parameter(), key.parameter(), mime_type.parameter(), language.parameter(),
               is_binary.parameter(), lfs_oid.parameter(), lfs_size.parameter()},
              [&](const answer& rows) {
                for (auto i = 0; i < rows.rows(); ++i)
                  not_needed.emplace_back(rows.text(i, 0));
              });
      run();
    });
    return not_needed;
  }

  std::vector<wanted_object> missing_objects(std::int64_t repository_id, std::uint64_t bytes_max) override {
    auto out = std::vector<wanted_object>{};
    const auto id = std::to_string(repository_id), most = std::to_string(bytes_max);
    guarded([&] {
      db_.add("empty_granted");
      db_.add("missing_objects", {text(id), text(most)}, [&](const answer& rows) {
        for (auto i = 0; i < rows.rows(); ++i)
          out.push_back({{std::string{rows.text(i, 0)}, static_cast<std::uint64_t>(rows.integer(i, 1))},
                         std::string{rows.text(i, 2)},
                         std::string{rows.text(i, 3)}});
      });
      run();
    });
    return out;
  }

  void grant(std::span<const granted_object> objects) override {
    auto oid = text_array{}, sha = text_array{};
    for (const auto& x : objects) {
      oid.add(x.oid);
      sha.add(x.sha);
    }
    guarded([&] {
      db_.add("grant_objects", {oid.parameter(), sha.parameter()});
      run();
    });
  }

  void note_progress(std::int64_t sync_id, const contents::sync_cost& so_far, std::uint64_t blobs_wanted,
                     std::uint64_t blobs_stored) override {
    const auto id = std::to_string(sync_id), wanted = std::to_string(blobs_wanted), stored = std::to_string(blobs_stored);
    const auto cost = cost_texts{so_far};
    guarded([&] {
      fence();
      db_.add("note_progress", {text(id), text(cost.requests), text(cost.not_modified), text(cost.points), text(cost.bytes),
                                text(so_far.plan), text(wanted), text(stored)});
      run();
    });
  }

  sync_counts apply(const sync_subject& of, std::int64_t sync_id, const job_lease& job, const sync_result& x) override {
    auto counts = sync_counts{};
    guarded([&] { counts = apply_once(of, sync_id, job, x); });
    return counts;
  }

  void note_current(const job_lease& job, const check_result& x, milliseconds check_after) override {
    auto done = job_completion{};
    done.lease = job;
    done.result = json_object{}.add("outcome", "unchanged").text();
    guarded([&] {
      db_.add("begin");
      fence_job(db_, job);
      queue_current({&x, 1}, check_after);
      complete_jobs(db_, {&done, 1});
      db_.add("commit");
      run();
    });
  }

  void note_current(std::span<const check_result> all, milliseconds check_after) override {
    guarded([&] {
      db_.add("begin");
      fence();
      queue_current(all, check_after);
      db_.add("commit");
      run();
    });
  }

  void note_failure(std::int64_t repository_id, std::int64_t sync_id, const std::string& error, const contents::sync_cost& cost,
                    std::optional<timestamp> retry_at) override {
    const auto id = std::to_string(repository_id), sync = std::to_string(sync_id);
    const auto at = retry_at ? to_rfc3339(*retry_at) : std::string{};
    const auto costs = cost_texts{cost};
    guarded([&] {
      db_.add("begin");
      fence();
      db_.add("note_repository_failure", {text(id), text(error), text(at)});
      db_.add("note_sync_failure", {text(sync), text(error), text(costs.requests), text(costs.points), text(costs.bytes)});
      db_.add("commit");
      run();
    });
  }

  void set_state(std::int64_t repository_id, std::string_view state, const std::string& reason) override {
    const auto id = std::to_string(repository_id);
    guarded([&] {
      fence();
      db_.add("set_state", {text(id), text(state), text(reason)});
      run();
    });
  }

  void enqueue(std::span<const contents::sync_order> orders) override {
    auto jobs = std::vector<new_job>{};
    for (const auto& x : orders)
      jobs.push_back(contents::job_of(x));
    guarded([&] {
      db_.add("begin");
      fence();
      enqueue_jobs(db_, jobs);
      db_.add("commit");
      run();
    });
  }

private:
  void run() {
    const auto limit = db_.within_statement_timeout();
    db_.run();
  }

  /// Turns what fails into store_error, and tries a deadlock's victim again.
  template <class Work>
  void guarded(Work work) {
    for (auto tries = 1;; ++tries) {
      try {
        return work();
      } catch (const std::exception& e) {
        db_.roll_back();
        const auto remedy = classify(e);
        if (remedy != sql_remedy::retry || tries == attempts_max)
          throw store_error{remedy, describe(e)};
      }
    }
  }

  std::int64_t one_integer(const char* statement, std::initializer_list<pgx::binary> parameters) {
    auto out = std::int64_t{0};
    guarded([&] {
      db_.add(statement, parameters, [&](const answer& rows) { out = rows.integer(0, 0); });
      run();
    });
    return out;
  }

  void queue_current(std::span<const check_result> all, milliseconds check_after) {
    auto id = int8_array{}, after_ms = int8_array{};
    auto commit = text_array{}, etag = text_array{}, push_at = text_array{};
    after_ms.add(check_after.count());
    for (const auto& x : all) {
      id.add(x.repository_id);
      commit.add(x.known ? x.known->commit.hex() : std::string{});
      etag.add(x.etag);
      push_at.add(x.push_at ? to_rfc3339(*x.push_at) : std::string{});
      queue_description(x.repository_id, x.what);
    }
    db_.add("note_current", {id.parameter(), commit.parameter(), etag.parameter(), after_ms.parameter(), push_at.parameter()});
  }

  void queue_description(std::int64_t repository_id, const std::optional<contents::description>& x) {
    if (!x)
      return;
    const auto id = std::to_string(repository_id), external = std::to_string(x->external_id);
    db_.add("describe_repository", {text(id), text(external), text(x->owner), text(x->name), text(x->default_branch),
                                    text(x->is_private ? "true" : "false"), text(x->archived ? "true" : "false")});
  }

  sync_counts apply_once(const sync_subject& of, std::int64_t sync_id, const job_lease& job, const sync_result& x);

  /// What is queued without `begin` is one transaction all the same.
  void fence() {
    if (job_)
      fence_job(db_, *job_);
  }

  pipeline db_;
  std::optional<job_lease> job_;
};

sync_counts postgres_content_store::apply_once(const sync_subject& of, std::int64_t sync_id, const job_lease& job,
                                               const sync_result& x) {
  const auto id = std::to_string(of.id), sync = std::to_string(sync_id);
  auto counts = sync_counts{};
  auto removed = false;
  db_.add("begin");
  fence_job(db_, job);
  db_.add("empty_differences");
  db_.add("find_differences", {text(id)});
  db_.add("find_reference_moves", {text(id), text(of.fetch_lfs ? "true" : "false")});
  db_.add("lock_blobs", {}, [&](const answer& rows) { counts.blobs_missing = rows.integer(0, 0); });
  db_.add("count_differences", {}, [&](const answer& rows) {
    counts.added = rows.integer(0, 0);
    counts.modified = rows.integer(0, 1);
    counts.removed = rows.integer(0, 2);
    counts.skipped = rows.integer(0, 3);
  });
  run();
  if (counts.blobs_missing > 0) {
    db_.roll_back();
    return counts;
  }
  failpoint("contents_before_write");
  const auto commit = hex_or_empty(x.at.commit), tree = hex_or_empty(x.at.tree);
  const auto filters = std::to_string(static_cast<std::int64_t>(x.filters)), after = std::to_string(x.check_after.count());
  const auto changed = counts.added + counts.modified + counts.removed > 0;
  db_.add("move_references");
  db_.add("take_back_objects", {text(id), text(of.fetch_lfs ? "true" : "false")});
  db_.add("add_granted_objects", {text(id)});
  if (changed) {
    db_.add("write_changes", {text(id), text(sync)});
    db_.add("remove_files", {text(id)});
    db_.add("write_files", {text(id), text(sync)});
  }
  const auto unavailable = std::to_string(x.objects_unavailable);
  const auto push_at = x.push_at ? to_rfc3339(*x.push_at) : std::string{};
  // Late, since deliveries that tell of the repository wait for this lock.
  db_.add("hold_repository", {text(id)}, [&](const answer& rows) { removed = rows.rows() == 0 || rows.text(0, 0) == "removed"; });
  db_.add("finish_repository", {text(id), text(commit), text(tree), text(x.at.branch), text(x.etag), text(filters), text(after),
                                text(push_at), text(unavailable)});
  queue_description(of.id, x.what);
  const auto cost = cost_texts{x.cost};
  const auto added = std::to_string(counts.added), modified = std::to_string(counts.modified),
             gone = std::to_string(counts.removed), skipped = std::to_string(counts.skipped);
  db_.add("finish_sync", {text(sync), text(cost.requests), text(cost.not_modified), text(cost.points), text(cost.bytes),
                          text(x.cost.plan), text(added), text(modified), text(gone), text(skipped), text(unavailable)});
  auto follow_up = std::vector<new_job>{};
  if (changed && x.notify)
    follow_up.push_back(contents::changes_notification(of.id, sync_id, commit, counts.added, counts.modified, counts.removed));
  if (x.manifests && (*x.manifests != of.manifests_seen || (x.manifests_anew && *x.manifests != 0))) {
    const auto digest = std::to_string(*x.manifests);
    db_.add("note_manifests", {text(id), text(digest)});
    follow_up.push_back(mcp::job_of({of.id, x.how, false}));
  }
  std::sort(follow_up.begin(), follow_up.end(), [](const new_job& a, const new_job& b) { return a.key < b.key; });
  enqueue_jobs(db_, follow_up);
  auto done = job_completion{};
  done.lease = job;
  done.result = json_object{}
                    .add("outcome", changed ? "synced" : "unchanged")
                    .add("sync", sync_id)
                    .add("commit", commit)
                    .add("added", counts.added)
                    .add("modified", counts.modified)
                    .add("removed", counts.removed)
                    .add("requests", x.cost.requests)
                    .text();
  complete_jobs(db_, {&done, 1});
  if (changed)
    db_.add("place_in_feed", {text(sync)});
  run();
  if (removed)
    throw std::runtime_error{"the repository is followed no longer"};
  db_.add("commit");
  run();
  failpoint("contents_written");
  return counts;
}

} // namespace

std::string_view to_string(skipped_reason x) noexcept {
  switch (x) {
  case skipped_reason::none:
    return "";
  case skipped_reason::submodule:
    return "submodule";
  case skipped_reason::too_large:
    return "too_large";
  case skipped_reason::binary:
    return "binary";
  case skipped_reason::unavailable:
    return "unavailable";
  }
  return "";
}

std::unique_ptr<content_store> open_content_store(const std::string& url, const database_settings& settings) {
  try {
    return std::make_unique<postgres_content_store>(url, settings);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

std::size_t enqueue_content_checks(const std::string& url, const database_settings& settings, std::size_t batches,
                                   std::size_t of_one, milliseconds interval) {
  auto db = pipeline{url, settings, write_statements({content_fallback_statements(), job_statements()})};
  const auto limit = db.within_statement_timeout();
  const auto most = std::to_string(batches * of_one), interval_ms = std::to_string(interval.count());
  auto due = std::vector<std::int64_t>{};
  db.add("begin");
  db.add("take_due", {text(most), text(interval_ms)}, [&](const answer& rows) {
    for (auto i = 0; i < rows.rows(); ++i)
      due.push_back(rows.integer(i, 0));
  });
  db.run();
  auto jobs = std::vector<new_job>{};
  for (auto from = std::size_t{0}; from < due.size(); from += of_one)
    jobs.push_back(contents::check_job_of(std::span{due}.subspan(from, std::min(of_one, due.size() - from))));
  enqueue_jobs(db, jobs);
  db.add("commit");
  db.run();
  return jobs.size();
}

} // namespace ingot::storage

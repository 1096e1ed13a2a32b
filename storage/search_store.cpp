#include "storage/search_store.hpp"

#include "config/failpoints.hpp"
#include "model/json_object.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/search_documents.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

namespace ingot::storage {

namespace {

// How far the rebuild of a job has come. One whose generation grows no more (its job was dead, another rebuild came, and the job
// was tried again) has come nowhere.
constexpr auto read_rebuild_sql = R"sql(
  SELECT r.phase, r.kind, r.ref, r.generation, r.documents
  FROM search_rebuilds r CROSS JOIN search_state s
  WHERE r.job_id = ($1::int8[])[1] AND (s.building = r.generation OR r.phase NOT IN ('copying', 'swapping'))
)sql";

// Behind whoever waits for the search all wait who write documents: one of them that is stuck must not hold up the others.
constexpr auto wait_briefly_sql = "SET LOCAL lock_timeout = '500ms'";

// Waits for all who write documents, and keeps them off until the transaction ends.
constexpr auto lock_search_sql = R"sql(
  SELECT ingot_lock_search()
)sql";

// From here on whoever writes documents writes them into the new generation, too. One that an earlier rebuild left behind is
// given up; what is in it goes with the next removal.
constexpr auto begin_rebuild_sql = R"sql(
  WITH begun AS (
    UPDATE search_state SET last_generation = last_generation + 1, building = last_generation + 1,
      building_language = ($2::text[])[1]
    RETURNING building
  )
  INSERT INTO search_rebuilds (job_id, generation, phase) SELECT ($1::int8[])[1], building, 'copying' FROM begun
  ON CONFLICT (job_id) DO UPDATE
    SET generation = excluded.generation, phase = 'copying', kind = '', ref = '', documents = 0, started_at = now()
)sql";

// What is told of rebuilds long past is of no more use.
constexpr auto forget_rebuilds_sql = R"sql(
  DELETE FROM search_rebuilds WHERE job_id NOT IN (SELECT job_id FROM search_rebuilds ORDER BY job_id DESC LIMIT 20)
)sql";

// Before and behind a family's SELECT: copies its next documents. One that a writer has written meanwhile is newer and stays.
// @returns how many there were
constexpr auto copy_before = "WITH batch AS MATERIALIZED (";
constexpr auto copy_behind = R"sql(
  ), copied AS (
    INSERT INTO search_documents (generation, kind, ref, url, title, body, tsv)
    SELECT s.building, ($4::text[])[1], b.ref, b.url, b.title, b.body, ingot_search_words(s.building_language, b.title, b.body)
    FROM search_state s CROSS JOIN batch b WHERE s.building IS NOT NULL ORDER BY b.number
    ON CONFLICT (generation, kind, ref) DO NOTHING
  )
  UPDATE search_rebuilds SET kind = ($4::text[])[1], ref = COALESCE((SELECT ref FROM batch ORDER BY number DESC LIMIT 1), ref),
    documents = documents + (SELECT count(*) FROM batch)
  WHERE job_id = ($3::int8[])[1]
  RETURNING (SELECT count(*) FROM batch)
)sql";

// The next family, or the next phase.
constexpr auto move_on_sql = R"sql(
  UPDATE search_rebuilds SET phase = ($2::text[])[1], kind = ($3::text[])[1], ref = '',
    finished_at = CASE WHEN ($2::text[])[1] = 'done' THEN now() END
  WHERE job_id = ($1::int8[])[1]
)sql";

// The new generation answers from now on.
constexpr auto swap_generations_sql = R"sql(
  UPDATE search_state SET generation = building, language = building_language, building = NULL, building_language = NULL
  WHERE building IS NOT NULL
)sql";

// Documents of generations that are over.
constexpr auto remove_documents_sql = R"sql(
  WITH old AS MATERIALIZED (
    SELECT d.generation, d.kind, d.ref FROM search_documents d
    WHERE d.generation < (SELECT generation FROM search_state) LIMIT ($1::int8[])[1]
  )
  DELETE FROM search_documents d USING old o WHERE d.generation = o.generation AND d.kind = o.kind AND d.ref = o.ref
  RETURNING 1
)sql";

/// A copying statement and its name, for each family; they live as long as the program.
const std::deque<std::pair<std::string, std::string>>& copy_statements() {
  static const auto all = [] {
    auto out = std::deque<std::pair<std::string, std::string>>{};
    for (const auto& x : search_families())
      out.emplace_back("copy_" + std::string{x.kind}, copy_before + std::string{x.documents_after} + copy_behind);
    return out;
  }();
  return all;
}

std::vector<named_statement> rebuild_statements() {
  auto out = std::vector<named_statement>{
      {"wait_briefly", wait_briefly_sql},         {"read_rebuild", read_rebuild_sql},         {"lock_search", lock_search_sql},
      {"begin_rebuild", begin_rebuild_sql},       {"forget_rebuilds", forget_rebuilds_sql},   {"move_on", move_on_sql},
      {"swap_generations", swap_generations_sql}, {"remove_documents", remove_documents_sql},
  };
  for (const auto& [name, sql] : copy_statements())
    out.emplace_back(name.c_str(), sql.c_str());
  return out;
}

/// One value as the array of one that statements take.
template <class Array, class Value>
Array only(const Value& x) {
  auto out = Array{};
  out.add(x);
  return out;
}

/// Deadlocks are avoided by order; what remains is tried again so often.
constexpr auto attempts_max = 5;

class postgres_search_store final : public search_store {
public:
  postgres_search_store(const std::string& url, const database_settings& settings)
      : db_{url, settings, write_statements({rebuild_statements(), job_statements()})} {
    plan_once(db_);
  }

  bool advance(const rebuild_step& x) override {
    for (auto attempt = 1;; ++attempt) {
      const auto limit = db_.within_statement_timeout();
      try {
        return step(x);
      } catch (const std::exception& e) {
        db_.roll_back();
        if (classify(e) != sql_remedy::retry || attempt == attempts_max)
          throw store_error{classify(e), describe(e)};
      }
    }
  }

private:
  struct progress {
    std::string phase, kind, ref;
    std::int64_t generation = 0, documents = 0;
  };

  bool step(const rebuild_step& x) {
    const auto at = read(x);
    auto more = true;
    if (!at)
      begin(x);
    else if (at->phase == "copying")
      copy(x, *at);
    else if (at->phase == "swapping")
      swap(x);
    else
      more = remove(x, *at);
    failpoint("search_step");
    db_.add("commit");
    db_.run();
    return more;
  }

  std::optional<progress> read(const rebuild_step& x) {
    auto found = std::optional<progress>{};
    db_.add("begin");
    fence_job(db_, x.lease);
    renew_jobs(db_, {&x.lease, 1}, x.lease_time);
    db_.add("read_rebuild", {only<int8_array>(x.lease.id).parameter()}, [&](const answer& rows) {
      if (rows.rows() > 0)
        found = progress{std::string{rows.text(0, 0)}, std::string{rows.text(0, 1)}, std::string{rows.text(0, 2)},
                         rows.integer(0, 3), rows.integer(0, 4)};
    });
    db_.run();
    return found;
  }

  void begin(const rebuild_step& x) {
    db_.add("wait_briefly");
    db_.add("lock_search");
    db_.add("begin_rebuild", {only<int8_array>(x.lease.id).parameter(), only<text_array>(x.language).parameter()});
    db_.add("forget_rebuilds");
  }

  void copy(const rebuild_step& x, const progress& at) {
    const auto families = search_families();
    const auto found = std::find_if(families.begin(), families.end(), [&](const auto& f) { return f.kind == at.kind; });
    const auto family = found == families.end() ? families.begin() : found;
    const auto& statement = copy_statements()[static_cast<std::size_t>(family - families.begin())].first;
    auto copied = std::size_t{0};
    db_.add(statement.c_str(),
            {only<text_array>(at.ref).parameter(), only<int8_array>(static_cast<std::int64_t>(x.documents_max)).parameter(),
             only<int8_array>(x.lease.id).parameter(), only<text_array>(family->kind).parameter()},
            [&](const answer& rows) { copied = static_cast<std::size_t>(rows.integer(0, 0)); });
    db_.run();
    if (copied == x.documents_max)
      return;
    const auto next = family + 1;
    next == families.end() ? move_on(x, "swapping", "") : move_on(x, "copying", next->kind);
  }

  /// In a transaction that has written no document: who writes some holds the search, and would wait for us.
  void swap(const rebuild_step& x) {
    db_.add("wait_briefly");
    db_.add("lock_search");
    db_.add("swap_generations");
    move_on(x, "removing", "");
  }

  /// @returns whether there was something to be removed
  bool remove(const rebuild_step& x, const progress& at) {
    auto removed = 0;
    db_.add("remove_documents", {only<int8_array>(static_cast<std::int64_t>(x.documents_max)).parameter()},
            [&](const answer& rows) { removed = rows.rows(); });
    db_.run();
    if (removed > 0)
      return true;
    move_on(x, "done", "");
    const auto result = json_object{}.add("generation", at.generation).add("documents", at.documents).text();
    const auto end = job_completion{x.lease, job_state::succeeded, result, {}, {}};
    complete_jobs(db_, {&end, 1});
    return false;
  }

  void move_on(const rebuild_step& x, std::string_view phase, std::string_view kind) {
    db_.add("move_on",
            {only<int8_array>(x.lease.id).parameter(), only<text_array>(phase).parameter(), only<text_array>(kind).parameter()});
  }

  pipeline db_;
};

} // namespace

std::unique_ptr<search_store> open_search_store(const std::string& url, const database_settings& settings) {
  try {
    return std::make_unique<postgres_search_store>(url, settings);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

} // namespace ingot::storage

#include "bench/ceiling.hpp"

#include "bench/ceiling_rows.hpp"
#include "bench/processes.hpp"
#include "model/compression.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <thread>
#include <unordered_map>

namespace ingot::bench {
namespace {

constexpr auto schema = "bench_ceiling";

/// One of the tables that are upserted: rows by what they are about.
struct upserted {
  target_table into;
  std::unique_ptr<binary_rows> rows;
  std::unordered_map<std::uint64_t, std::uint32_t> by_key; ///< repository id, or plan key
};

/// What the node's run left.
struct left_rows {
  std::unique_ptr<binary_rows> deliveries, ids, commits, jobs;
  std::vector<std::uint32_t> id_of; ///< for each delivery its row in `ids`
  std::vector<step> step_of;
  upserted repositories, pull_requests, pipelines;
};

std::string assign_all_but(const binary_rows& rows, const std::string& key) {
  std::string out;
  for (const auto& name : rows.names())
    if (name != key && name != "id" && name != "created_at")
      out += (out.empty() ? "" : ", ") + name + " = excluded." + name;
  return out;
}

void read_upserted(database& db, const plan& what, upserted& out, const std::string& table, const std::string& conflict_key) {
  const auto first = what.repository_id(0), last = what.repository_id(what.settings().repositories - 1);
  const auto range = " BETWEEN " + std::to_string(first) + " AND " + std::to_string(last);
  const bool keyed = table == "repositories";
  const auto from =
      keyed ? " FROM repositories t WHERE t.github_id" + range + " ORDER BY t.id"
            : " FROM " + table + " t JOIN repositories r ON r.id = t.repo_id WHERE r.github_id" + range + " ORDER BY t.id";
  out.rows = std::make_unique<binary_rows>(db, "SELECT t.*" + from);
  const binary_rows keys{db, keyed ? "SELECT t.github_id, 1000" + from : "SELECT r.github_id, t.pr_number" + from};
  for (std::size_t i = 0; i != keys.size(); ++i) {
    const auto repository = static_cast<std::uint64_t>(keys.big_endian(i, 0) - first);
    const auto pull = static_cast<std::uint64_t>(keys.big_endian(i, 1) - 1000);
    out.by_key[keyed ? repository : repository * what.pulls_ever() + pull] = static_cast<std::uint32_t>(i);
  }
  out.into = {schema + ("." + table),
              "ON CONFLICT (" + conflict_key + ") DO UPDATE SET " + assign_all_but(*out.rows, conflict_key)};
}

/// The part of a table that falls to the deliveries that are written again.
std::unique_ptr<binary_rows> read_share(database& db, const std::string& table, const std::string& order, double share) {
  const auto count = static_cast<std::int64_t>(static_cast<double>(db.number("SELECT count(*) FROM " + table)) * share);
  return std::make_unique<binary_rows>(db, "SELECT * FROM " + table + " ORDER BY " + order + " LIMIT " + std::to_string(count));
}

left_rows read_rows(database& db, const plan& what, const load_result& result, const ceiling_settings& settings) {
  left_rows out;
  const auto of_run = " WHERE delivery_id LIKE '%" + what.run_suffix() + "'";
  out.deliveries = std::make_unique<binary_rows>(db, "SELECT * FROM deliveries" + of_run + " ORDER BY received_at LIMIT " +
                                                         std::to_string(settings.warmup_max + settings.deliveries_max));
  out.ids = std::make_unique<binary_rows>(db, "SELECT * FROM delivery_ids" + of_run);
  const auto share =
      static_cast<double>(out.deliveries->size()) / static_cast<double>(std::max<std::uint64_t>(1, result.acked_total()));
  out.commits = read_share(db, "commits", "updated_at", share);
  out.jobs = read_share(db, "jobs", "id", share);
  read_upserted(db, what, out.repositories, "repositories", "github_id");
  read_upserted(db, what, out.pull_requests, "pull_requests", "repo_id, pr_number");
  read_upserted(db, what, out.pipelines, "pipeline_runs", "repo_id, pr_number");

  std::unordered_map<std::string, std::uint64_t> number_of;
  for (std::uint64_t n = 0; n != result.acked.size(); ++n)
    number_of.emplace(what.delivery_id(n), n);
  std::unordered_map<std::string_view, std::uint32_t> id_row;
  for (std::size_t i = 0; i != out.ids->size(); ++i)
    id_row.emplace(out.ids->bytes(i, out.ids->column("delivery_id")), static_cast<std::uint32_t>(i));
  const auto id_column = out.deliveries->column("delivery_id");
  for (std::size_t i = 0; i != out.deliveries->size(); ++i) {
    const std::string id{out.deliveries->bytes(i, id_column)};
    out.id_of.push_back(id_row.at(id));
    out.step_of.push_back(what.at(number_of.at(id)));
  }
  return out;
}

void make_tables(database& db, ceiling_way way) {
  const std::string s = schema;
  db.run("DROP SCHEMA IF EXISTS " + s + " CASCADE; CREATE SCHEMA " + s);
  for (const std::string table : {"delivery_ids", "repositories", "pull_requests", "pipeline_runs", "commits", "jobs"})
    db.run("CREATE TABLE " + s + '.' + table + " (LIKE public." + table + " INCLUDING ALL)");
  for (const std::string table : {"pull_requests", "pipeline_runs"})
    db.run("ALTER TABLE " + s + '.' + table + " ADD FOREIGN KEY (repo_id) REFERENCES " + s + ".repositories (id)");
  // Partitioned as the node's is, all in one partition.
  db.run("CREATE TABLE " + s +
         ".deliveries (LIKE public.deliveries INCLUDING ALL) PARTITION BY RANGE (received_at); CREATE TABLE " + s +
         ".deliveries_all PARTITION OF " + s + ".deliveries DEFAULT");
  if (way == ceiling_way::insert_raw)
    db.run("ALTER TABLE " + s + ".deliveries_all ALTER body SET STORAGE EXTENDED; ALTER TABLE " + s +
           ".deliveries_all ALTER body SET COMPRESSION lz4");
}

using write_function = void (*)(database&, const target_table&, const binary_rows&, const std::vector<std::uint32_t>&);

void write_upserted(database& db, write_function write, const upserted& table, std::vector<std::uint64_t>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<std::uint32_t> which;
  for (auto key : keys)
    if (const auto found = table.by_key.find(key); found != table.by_key.end())
      which.push_back(found->second);
  write(db, table.into, *table.rows, which);
}

/// A share of the rows that are written once whatever the deliveries: those that fall to deliveries [from, to).
std::vector<std::uint32_t> share_of(const binary_rows& rows, const std::vector<std::uint32_t>& deliveries, std::size_t from,
                                    std::size_t to, std::size_t all) {
  std::vector<std::uint32_t> out;
  for (auto i = from; i != to; ++i) {
    const auto first = rows.size() * deliveries[i] / all, last = rows.size() * (deliveries[i] + 1) / all;
    for (auto row = first; row != last; ++row)
      out.push_back(static_cast<std::uint32_t>(row));
  }
  return out;
}

/// One transaction: deliveries `mine[from, to)` and all that they lead to.
void write_batch(database& db, write_function write, const plan& what, const left_rows& rows,
                 const std::vector<std::uint32_t>& mine, std::size_t from, std::size_t to) {
  static const target_table ids{std::string{schema} + ".delivery_ids", {}}, deliveries{std::string{schema} + ".deliveries", {}},
      commits{std::string{schema} + ".commits", {}}, jobs{std::string{schema} + ".jobs", {}};
  std::vector<std::uint32_t> id_rows, delivery_rows;
  std::vector<std::uint64_t> repositories, pulls, pipelines;
  for (auto i = from; i != to; ++i) {
    const auto& x = rows.step_of[mine[i]];
    id_rows.push_back(rows.id_of[mine[i]]);
    delivery_rows.push_back(mine[i]);
    repositories.push_back(x.repository);
    if (x.what->is_pull_request)
      pulls.push_back(what.key(x));
    if (x.what->is_pull_request || !x.what->build.empty())
      pipelines.push_back(what.key(x));
  }
  db.run("BEGIN");
  write(db, ids, *rows.ids, id_rows);
  write(db, deliveries, *rows.deliveries, delivery_rows);
  write_upserted(db, write, rows.repositories, repositories);
  write_upserted(db, write, rows.pull_requests, pulls);
  write_upserted(db, write, rows.pipelines, pipelines);
  write(db, commits, *rows.commits, share_of(*rows.commits, mine, from, to, rows.step_of.size()));
  write(db, jobs, *rows.jobs, share_of(*rows.jobs, mine, from, to, rows.step_of.size()));
  db.run("COMMIT");
}

struct once {
  double seconds = 0, postgres_seconds = 0;
};

/// All connections write their repositories' deliveries, first those of the warmup.
once write_all(const ceiling_settings& settings, write_function write, const plan& what, const left_rows& rows, std::size_t batch,
               std::size_t warmup) {
  using clock = std::chrono::steady_clock;
  clock::time_point begin;
  double cpu_before = 0;
  std::exception_ptr failed;
  std::atomic<bool> stop{false};
  std::barrier warm{static_cast<std::ptrdiff_t>(settings.connections), [&]() noexcept {
                      cpu_before = settings.postmaster == 0 ? 0 : cpu_seconds_of_tree(settings.postmaster);
                      begin = clock::now();
                    }};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t != settings.connections; ++t)
    threads.emplace_back([&, t] {
      std::vector<std::uint32_t> mine;
      std::size_t mine_warm = 0;
      for (std::uint32_t i = 0; i != rows.step_of.size(); ++i)
        if (rows.step_of[i].repository % settings.connections == t) {
          mine.push_back(i);
          mine_warm += i < warmup ? 1 : 0;
        }
      const auto write_range = [&](database& db, std::size_t from, std::size_t to) {
        for (; from < to && !stop; from += batch)
          write_batch(db, write, what, rows, mine, from, std::min(from + batch, to));
      };
      bool arrived = false;
      try {
        database db{settings.url};
        db.run("SET plan_cache_mode = force_generic_plan");
        write_range(db, 0, mine_warm);
        arrived = true;
        warm.arrive_and_wait();
        write_range(db, mine_warm, mine.size());
      } catch (...) {
        if (!stop.exchange(true))
          failed = std::current_exception();
        if (!arrived)
          warm.arrive_and_drop();
      }
    });
  for (auto& t : threads)
    t.join();
  if (failed)
    std::rethrow_exception(failed);
  once out;
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  out.postgres_seconds = settings.postmaster == 0 ? 0 : cpu_seconds_of_tree(settings.postmaster) - cpu_before;
  return out;
}

/// The bodies as they came.
void inflate(binary_rows& deliveries) {
  const auto body = deliveries.column("body"), size = deliveries.column("body_bytes"),
             encoding = deliveries.column("body_encoding");
  std::vector<std::string> raw;
  for (std::size_t i = 0; i != deliveries.size(); ++i) {
    const auto bytes = deliveries.bytes(i, body);
    raw.push_back(deliveries.big_endian(i, encoding) == 0
                      ? std::string{bytes}
                      : decompress(bytes, static_cast<std::size_t>(deliveries.big_endian(i, size))));
  }
  deliveries.replace(body, std::move(raw));
}

} // namespace

std::string name_of(ceiling_way way) {
  switch (way) {
  case ceiling_way::insert:
    return "insert";
  case ceiling_way::copy:
    return "copy";
  default:
    return "insert_raw";
  }
}

std::vector<ceiling_result> measure_ceilings(const ceiling_settings& settings, const plan& what, const load_result& result) {
  database db{settings.url};
  auto rows = read_rows(db, what, result, settings);
  const auto all = rows.step_of.size(), warmup = std::min<std::size_t>(settings.warmup_max, all / 4);
  std::vector<ceiling_result> out;
  for (auto way : {ceiling_way::insert, ceiling_way::copy, ceiling_way::insert_raw}) {
    if (way == ceiling_way::insert_raw)
      inflate(*rows.deliveries);
    ceiling_result best;
    best.way = way;
    best.deliveries = all - warmup;
    for (auto batch : settings.batches) {
      make_tables(db, way);
      db.run("CHECKPOINT");
      const auto took = write_all(settings, way == ceiling_way::copy ? &copy_rows : &insert_rows, what, rows, batch, warmup);
      const auto count = static_cast<double>(all - warmup);
      best.by_batch.emplace_back(batch, count / took.seconds);
      if (count / took.seconds > best.rate) {
        best.rate = count / took.seconds;
        best.batch = batch;
        best.postgres_ms = took.postgres_seconds * 1000 / count;
      }
    }
    out.push_back(best);
  }
  db.run("DROP SCHEMA " + std::string{schema} + " CASCADE");
  return out;
}

} // namespace ingot::bench

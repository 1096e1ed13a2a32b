#include "bench/check.hpp"

namespace ingot::bench {
namespace {

/// Gathers rows of COPY text and sends them in pieces.
class copier {
public:
  copier(database& db, const std::string& table) : db_{db} { db_.copy_begin("COPY " + table + " FROM STDIN"); }

  void row(const std::string& line) {
    text_ += line;
    text_ += '\n';
    if (text_.size() > 64 * 1024) {
      db_.copy_piece(text_);
      text_.clear();
    }
  }

  void end() {
    db_.copy_piece(text_);
    db_.copy_end();
  }

private:
  database& db_;
  std::string text_;
};

void send_acked(database& db, const plan& what, const load_result& result) {
  db.run("CREATE TEMP TABLE bench_acked (delivery_id text)");
  copier out{db, "bench_acked"};
  for (std::uint64_t n = 0; n != result.acked.size(); ++n)
    if (result.acked[n])
      out.row(what.delivery_id(n));
  out.end();
  db.run("ANALYZE bench_acked");
}

void send_expected(database& db, const plan& what, const load_result& result) {
  db.run("CREATE TEMP TABLE bench_expected (github_id bigint, pr_number int, pull boolean, pipeline boolean, certain boolean, "
         "head text, "
         "title text, build text)");
  copier out{db, "bench_expected"};
  const auto pulls = what.pulls_ever();
  for (const auto& [key, row] : expectations(what, result.acked)) {
    std::string head(40, ' ');
    what.head(key, row.version, head.data());
    out.row(std::to_string(what.repository_id(static_cast<std::uint32_t>(key / pulls))) + '\t' +
            std::to_string(plan::pull_number(static_cast<std::uint32_t>(key % pulls))) + '\t' + (row.pull_request ? 't' : 'f') +
            '\t' + (row.pipeline ? 't' : 'f') + '\t' + (row.certain ? 't' : 'f') + '\t' + head + '\t' +
            (row.pull_request ? std::to_string(plan::serial(row.title)) : "\\N") + '\t' + (row.build ? *row.build : "\\N"));
  }
  out.end();
  db.run("ANALYZE bench_expected");
}

} // namespace

std::vector<std::pair<std::string, std::int64_t>> row_check::faults() const {
  std::vector<std::pair<std::string, std::int64_t>> out;
  const auto add = [&](const char* name, std::int64_t count) {
    if (count != 0)
      out.emplace_back(name, count);
  };
  add("missing deliveries", missing_deliveries);
  add("missing ids", missing_ids);
  add("missing pull requests", missing_pull_requests);
  add("missing pipelines", missing_pipelines);
  add("extra rows", extra_rows);
  add("wrong head", wrong_head);
  add("wrong title", wrong_title);
  add("wrong status_build", wrong_build);
  add("processed", processed);
  if (every_request_acked || delivery_rows < acks)
    add("deliveries beyond acknowledgements", delivery_rows - acks);
  if (id_rows >= 0 && (every_request_acked || id_rows < acks))
    add("ids beyond acknowledgements", id_rows - acks);
  return out;
}

row_check check_rows(database& db, const plan& what, const load_result& result) {
  row_check out;
  const auto of_run = " WHERE delivery_id LIKE '%" + what.run_suffix() + "'";
  const auto missing_in = [&](const std::string& table) {
    return db.number("SELECT count(*) FROM (SELECT delivery_id FROM bench_acked EXCEPT SELECT delivery_id FROM " + table +
                     of_run + ") x");
  };
  send_acked(db, what, result);
  send_expected(db, what, result);
  out.acks = static_cast<std::int64_t>(result.acked_total());
  out.every_request_acked = static_cast<std::size_t>(out.acks) == result.acked.size();
  out.delivery_rows = db.number("SELECT count(*) FROM deliveries" + of_run);
  out.missing_deliveries = missing_in("deliveries");
  if (db.value("SELECT to_regclass('public.delivery_ids') IS NOT NULL") == "t") {
    out.id_rows = db.number("SELECT count(*) FROM delivery_ids" + of_run);
    out.missing_ids = missing_in("delivery_ids");
  }

  db.run("CREATE TEMP TABLE bench_compared AS SELECT e.*, p.id AS pull_id, p.commit_sha, p.title AS pull_title, l.id AS "
         "pipeline_id, "
         "l.status_build FROM bench_expected e LEFT JOIN repositories r USING (github_id) "
         "LEFT JOIN pull_requests p ON p.repo_id = r.id AND p.pr_number = e.pr_number "
         "LEFT JOIN pipeline_runs l ON l.repo_id = r.id AND l.pr_number = e.pr_number");
  const auto count = [&](const std::string& condition) {
    return db.number("SELECT count(*) FROM bench_compared WHERE " + condition);
  };
  out.pull_requests = count("pull AND pull_id IS NOT NULL");
  out.pipelines = count("pipeline AND pipeline_id IS NOT NULL");
  out.builds = count("certain AND build IS NOT NULL AND pipeline_id IS NOT NULL");
  out.missing_pull_requests = count("pull AND pull_id IS NULL");
  out.missing_pipelines = count("pipeline AND pipeline_id IS NULL");
  out.wrong_head = count("certain AND pull AND pull_id IS NOT NULL AND commit_sha IS DISTINCT FROM head");
  out.wrong_title = count("certain AND pull AND pull_id IS NOT NULL AND right(pull_title, 9) IS DISTINCT FROM title");
  out.wrong_build = count("certain AND build IS NOT NULL AND pipeline_id IS NOT NULL AND status_build IS DISTINCT FROM build");

  const auto first = std::to_string(what.repository_id(0)),
             last = std::to_string(what.repository_id(what.settings().repositories - 1));
  for (const std::string table : {"pull_requests", "pipeline_runs"}) {
    const auto of_set =
        " FROM " + table + " t JOIN repositories r ON r.id = t.repo_id WHERE r.github_id BETWEEN " + first + " AND " + last;
    out.processed += db.number("SELECT count(*)" + of_set + " AND t.processed IS DISTINCT FROM FALSE");
    out.extra_rows += db.number("SELECT count(*)" + of_set +
                                " AND NOT EXISTS (SELECT FROM bench_expected e WHERE e.github_id = r.github_id "
                                "AND e.pr_number = t.pr_number)");
  }
  db.run("DROP TABLE bench_acked, bench_expected, bench_compared");
  return out;
}

} // namespace ingot::bench

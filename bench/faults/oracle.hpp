#pragma once

#include "bench/faults/bodies.hpp"
#include "bench/faults/findings.hpp"
#include "bench/faults/followed_repositories.hpp"
#include "bench/faults/ledger.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/sql.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ingot::faults {

/// What became of jobs.
struct job_counts {
  std::uint64_t succeeded = 0, ended_with_reason = 0; ///< the latter: dead or failed, and why is kept
};

/// Knows every acknowledgement and compares the database with them, once all is quiet: nobody sends, the spools are empty and the
/// jobs are over. It shares no code with the nodes beyond the form of their rows.
///
/// - lost: an acknowledged delivery, payment or event has no row; a row says less than the last acknowledged step of its chain.
/// - applied_twice: a delivery or an event with its key or of its address has two rows; a head stands twice in a history, or an
///   item was written oftener than it said something new.
/// - inverted: two deliveries of one chain, the second sent when the first was acknowledged, to the node that had acknowledged it
///   and to no other, and the second's row was written by an earlier transaction than the first's. (Of several nodes one may have
///   the first in its spool while another writes the second: then law 4 decides what the rows say, and that is checked.)
/// - regressed: a row ends in another step than the last that was acknowledged, or in the one that was sent after it.
/// - disagrees: rollups, search documents and references of contents are not what a recount gives.
/// - job_unfinished: a job waits or runs, or ended badly without a reason.
/// - budget_exceeded: the stand-in for GitHub counted a request beyond a limit, or one without a credential.
class oracle {
public:
  oracle(const std::string& database_url, const run_clock& at, const ledger& of, findings& into)
      : db_{database_url}, at_{at}, ledger_{of}, found_{into} {}

  void check_deliveries();
  void check_pull_requests();
  void check_sites(const std::vector<testing::test_site>& sites);
  void check_events();
  void check_rollup();
  void check_donations();
  void check_crawl();
  void check_contents(const followed_repositories& of, const std::filesystem::path& blobs);
  void check_budgets(const testing::standin_counts& counts);
  job_counts check_jobs();

private:
  void find(finding_kind kind, std::string what) { found_.add(kind, std::move(what)); }
  void check_chain_order(intake of, const std::map<std::int64_t, std::map<std::size_t, std::uint64_t>>& transactions);
  void check_step(const std::string& what, const chain_log& log, std::int64_t step);
  void check_files(const followed_repositories& of, std::size_t i, const std::string& row_id);

  testing::sql db_;
  run_clock at_;
  const ledger& ledger_;
  findings& found_;
};

} // namespace ingot::faults

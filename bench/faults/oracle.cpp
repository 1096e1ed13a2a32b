#include "bench/faults/oracle.hpp"

#include "tests/support/payloads.hpp"

#include <set>

namespace ingot::faults {

namespace json = boost::json;

namespace {

std::string named(intake of, std::int64_t chain, std::size_t step) {
  return std::string{intake_names[static_cast<std::size_t>(of)]} + " chain " + std::to_string(chain) + " step " +
         std::to_string(step);
}

} // namespace

std::vector<std::pair<std::int64_t, std::size_t>> inversions(const std::map<std::int64_t, chain_log>& chains,
                                                             const transactions& wrote) {
  auto out = std::vector<std::pair<std::int64_t, std::size_t>>{};
  for (const auto& [chain, log] : chains) {
    const auto found = wrote.find(chain);
    if (found == wrote.end())
      continue;
    for (auto step = std::size_t{1}; step < log.size(); ++step) {
      // A step that another node has, too, is written by whoever comes first; who comes second waits for it, with an older
      // number.
      if (!log[step].acknowledged() || log[step].elsewhere || log[step - 1].elsewhere || log[step].node != log[step - 1].node)
        continue;
      const auto before = found->second.find(step - 1), after = found->second.find(step);
      if (before != found->second.end() && after != found->second.end() && after->second < before->second)
        out.emplace_back(chain, step);
    }
  }
  return out;
}

/// The row of a chain stands at `step`: the last acknowledged one, or the one that was sent and not acknowledged.
void oracle::check_step(const std::string& what, const chain_log& log, std::int64_t step) {
  const auto acknowledged = static_cast<std::int64_t>(acknowledged_of(log));
  const auto sent = static_cast<std::int64_t>(log.size());
  if (step + 1 < acknowledged)
    find(finding_kind::regressed,
         what + " is at step " + std::to_string(step) + ", step " + std::to_string(acknowledged - 1) + " was acknowledged");
  else if (step >= sent)
    find(finding_kind::disagrees, what + " is at step " + std::to_string(step) + ", only " + std::to_string(sent) + " were sent");
}

void oracle::check_deliveries() {
  auto kept = std::map<intake, transactions>{};
  auto stripe = std::set<std::string>{};
  for (const auto& row : db_.rows("SELECT delivery_id, outcome, xmin::text, source, coalesce(error, '') FROM deliveries")) {
    const auto& id = *row[0];
    if (*row[1] != "stored")
      find(finding_kind::refused, "delivery " + id + " was kept as " + *row[1] + ": " + *row[4]);
    if (*row[3] == "stripe") {
      if (!stripe.insert(id).second)
        find(finding_kind::applied_twice, "Stripe's event " + id + " has two rows");
      continue;
    }
    auto of = intake::github;
    auto chain = std::int64_t{0};
    auto step = std::size_t{0};
    if (!parse_delivery_id(at_.seed, id, of, chain, step))
      find(finding_kind::disagrees, "nobody sent delivery " + id);
    else if (!kept[of][chain].try_emplace(step, std::stoull(*row[2])).second)
      find(finding_kind::applied_twice, "delivery " + id + " has two rows");
  }
  for (const auto of : {intake::github, intake::push}) {
    for (const auto& [chain, log] : ledger_.chains(of))
      for (auto step = std::size_t{0}; step < log.size(); ++step)
        if (log[step].acknowledged() && !kept[of][chain].contains(step))
          find(finding_kind::lost, named(of, chain, step) + ", acknowledged by node " + std::to_string(log[step].node) +
                                       ", has no row: " + delivery_id(at_.seed, of, chain, step));
    for (const auto& [chain, step] : inversions(ledger_.chains(of), kept[of]))
      find(finding_kind::inverted, named(of, chain, step) + " was written by transaction " +
                                       std::to_string(kept[of][chain][step]) + ", the step before by " +
                                       std::to_string(kept[of][chain][step - 1]) + "; both acknowledged by node " +
                                       std::to_string(ledger_.chains(of).at(chain)[step].node));
  }
  for (const auto& [chain, log] : ledger_.chains(intake::stripe))
    for (auto step = std::size_t{0}; step < log.size(); ++step)
      if (log[step].acknowledged() && !stripe.contains(stripe_event_id(chain, step)))
        find(finding_kind::lost, "Stripe's event " + stripe_event_id(chain, step) + ", acknowledged by node " +
                                     std::to_string(log[step].node) + ", has no row");
}

void oracle::check_pull_requests() {
  auto rows = std::map<std::string, testing::sql::row>{};
  for (auto& row :
       db_.rows("SELECT r.github_id, p.description, p.commit_sha, p.history, r.total_prs, l.status_pr FROM repositories r "
                "JOIN pull_requests p ON p.repo_id = r.id JOIN pipeline_runs l ON l.repo_id = r.id"))
    rows[*row[0]] = std::move(row);
  for (const auto& [repository, log] : ledger_.chains(intake::github)) {
    const auto name = "the pull request of repository " + std::to_string(repository);
    const auto found = rows.find(std::to_string(repository));
    if (found == rows.end()) {
      if (acknowledged_of(log) > 0)
        find(finding_kind::lost, name + " has no row");
      continue;
    }
    const auto& row = found->second;
    const auto step = std::stoll(row[1]->substr(5)); // `step N`
    check_step(name, log, step);
    if (*row[2] != testing::head_at_step(repository, static_cast<int>(step)))
      find(finding_kind::disagrees, name + " is at step " + std::to_string(step) + " with head " + *row[2]);
    auto heads = std::vector<std::string>{};
    const auto history = json::parse(*row[3]);
    for (const auto& entry : history.as_array())
      if (entry.at("field").as_string() == "head")
        heads.push_back(json::value_to<std::string>(entry.at("value")));
    auto wanted = std::vector<std::string>{}; // the first head is no change
    for (auto i = 1; i <= step; ++i)
      wanted.push_back(testing::head_at_step(repository, i));
    if (std::set<std::string>(heads.begin(), heads.end()).size() != heads.size())
      find(finding_kind::applied_twice, name + ": its history has a head twice");
    else if (heads != wanted)
      find(heads.size() < wanted.size() ? finding_kind::lost : finding_kind::disagrees,
           name + ": " + std::to_string(heads.size()) + " heads in its history after " + std::to_string(step) + " moves");
    if (*row[4] != "1")
      find(finding_kind::applied_twice, name + ": its repository counts " + *row[4] + " pull requests");
    if (*row[5] != (step == 0 ? "opened" : "updated"))
      find(finding_kind::regressed, name + ": its pipeline says " + *row[5] + " at step " + std::to_string(step));
  }
}

void oracle::check_sites(const std::vector<testing::test_site>& sites) {
  for (const auto& [chain, log] : ledger_.chains(intake::site)) {
    const auto id = std::to_string(sites.at(static_cast<std::size_t>(chain)).id);
    auto modules = std::map<std::string, std::string>{};
    for (const auto& row : db_.rows("SELECT machine_name, version || CASE WHEN enabled THEN '' ELSE ' off' END FROM "
                                    "site_modules_current WHERE removed_at IS NULL AND site_id = " +
                                    id))
      modules[*row[0]] = *row[1];
    if (modules.empty()) {
      if (acknowledged_of(log) > 0)
        find(finding_kind::lost, "site " + id + " has no modules");
      continue;
    }
    const auto step = std::stoll(modules["moves"].substr(4)); // `1.0.N`
    check_step("site " + id, log, step);
    const auto n = static_cast<std::size_t>(step);
    const auto wanted = std::map<std::string, std::string>{{"stays", "8.x-3.1"},
                                                           {"moves", "1.0." + std::to_string(n)},
                                                           {"guest" + std::to_string(n % 3), n % 2 == 0 ? "2.0.0" : "2.0.0 off"}};
    if (modules != wanted)
      find(finding_kind::disagrees, "site " + id + " at step " + std::to_string(n) + " has other modules");
    // Each step's change of version once, and none left out.
    auto next = std::int64_t{0};
    for (const auto& row : db_.rows("SELECT f.version, t.version FROM site_module_history h JOIN modules m ON m.id = h.module_id "
                                    "JOIN module_versions f ON f.id = h.from_version_id JOIN module_versions t ON "
                                    "t.id = h.to_version_id WHERE m.machine_name = 'moves' AND h.site_id = " +
                                    id + " ORDER BY h.changed_at")) {
      const auto from = std::stoll(row[0]->substr(4)), to = std::stoll(row[1]->substr(4));
      if (from != next || to != next + 1)
        find(to <= next ? finding_kind::applied_twice : finding_kind::lost,
             "site " + id + ": after step " + std::to_string(next) + " its history goes from " + *row[0] + " to " + *row[1]);
      next = to;
    }
    if (next != step)
      find(finding_kind::lost,
           "site " + id + ": its history ends at step " + std::to_string(next) + " of " + std::to_string(step));
  }
}

void oracle::check_crawl() {
  for (const auto& [chain, log] : ledger_.chains(intake::crawl)) {
    const auto source = crawl_source(chain);
    const auto rows =
        db_.rows("SELECT i.external_id, i.title, i.version, (SELECT count(*) FROM search_documents d JOIN search_state s "
                 "ON d.generation = s.generation WHERE d.kind = 'crawl_item' AND d.ref = i.source_id || '/' || i.external_id AND "
                 "d.title = i.title) "
                 "FROM crawl_items i WHERE i.source_id = " +
                 testing::literal(source));
    if (acknowledged_of(log) > 0 && rows.size() != items_of_a_source)
      find(finding_kind::lost, source + " has " + std::to_string(rows.size()) + " items");
    for (const auto& row : rows) {
      const auto name = "item " + source + '/' + *row[0];
      const auto generation = std::stoll(row[1]->substr(row[1]->rfind(' ') + 1)); // `… in its form N`
      check_step(name, log, generation - 1);
      if (std::stoll(*row[2]) != generation)
        find(std::stoll(*row[2]) > generation ? finding_kind::applied_twice : finding_kind::lost,
             name + " was written " + *row[2] + " times in " + std::to_string(generation) + " forms");
      if (*row[3] != "1")
        find(finding_kind::disagrees, name + " has no search document that says the same");
    }
  }
}

} // namespace ingot::faults

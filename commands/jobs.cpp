#include "commands/jobs.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "model/json_object.hpp"
#include "storage/job_queries.hpp"
#include "storage/refused_change.hpp"

#include <optional>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

colour colour_of(const std::string& state) {
  return state == "failed" || state == "dead" ? colour::bad
         : state == "running"                 ? colour::warning
         : state == "succeeded"               ? colour::good
                                              : colour::none;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string time_or_dash(const std::optional<timestamp>& at) {
  return at ? to_rfc3339(*at) : "-";
}

void print_job(const job_record& x, const terminal& to) {
  table out;
  auto add = [&](const char* name, cell value) { out.rows.push_back({{name, colour::faint}, std::move(value)}); };
  add("job", std::to_string(x.id));
  add("kind", x.kind);
  add("key", x.key);
  add("state", {x.state, colour_of(x.state)});
  add("attempts", std::to_string(x.attempts));
  add("priority", std::to_string(x.priority));
  add("enqueued", to_rfc3339(x.created_at));
  add("due", to_rfc3339(x.run_at));
  add("leased until", time_or_dash(x.lease_until));
  add("finished", time_or_dash(x.finished_at));
  add("last error", {or_dash(x.last_error), x.last_error.empty() ? colour::none : colour::bad});
  add("failed attempts", x.history);
  add("payload", x.payload + (x.body_bytes > 0 ? " and a body of " + std::to_string(x.body_bytes) + " bytes" : ""));
  add("result", or_dash(x.result));
  print(to.out, out, to.coloured);
}

using change = job_record (*)(storage::connection&, std::int64_t, const storage::operator_action&);

int change_jobs(const settings& of, const std::vector<std::int64_t>& ids, timestamp now, const terminal& to, change apply) {
  node_database database{of};
  auto db = database.connect();
  std::vector<std::string> changed;
  bool all = true;
  for (auto id : ids) {
    try {
      auto x = apply(*db, id, {"command line", now});
      changed.push_back(job_json(x));
      if (!to.json)
        to.out << "job " << id << " is " << paint(x.state, colour_of(x.state), to.coloured) << '\n';
    } catch (const storage::refused_change& e) {
      all = false;
      to.err << "ingot: " << presentable(e.what()) << '\n';
    }
  }
  if (to.json)
    to.out << json_object{}.add_raw("jobs", json_array(changed)).text() << '\n';
  return all ? done : failed;
}

} // namespace

int list_jobs(const settings& of, const job_list_options& options, const terminal& to) {
  node_database database{of};
  auto db = database.connect();
  auto after = options.after > 0 ? std::optional{options.after} : std::nullopt;
  auto page = storage::list_jobs(*db, {options.state, options.kind, options.key}, options.limit, after);
  if (to.json) {
    to.out << page_json(page) << '\n';
    return done;
  }
  if (page.items.empty()) {
    to.out << "No jobs" << (after || !(options.state + options.kind + options.key).empty() ? " match" : " yet") << ".\n";
    return done;
  }
  table listing{{"JOB", "STATE", "KIND", "KEY", "ATTEMPTS", "DUE", "LAST ERROR"}, {}};
  for (const auto& x : page.items)
    listing.rows.push_back({std::to_string(x.id),
                            {x.state, colour_of(x.state)},
                            x.kind,
                            x.key,
                            std::to_string(x.attempts),
                            to_rfc3339(x.run_at),
                            or_dash(x.last_error)});
  print(to.out, listing, to.coloured);
  if (page.next)
    to.out << "\nThere are more: --after " << *page.next << '\n';
  return done;
}

int show_job(const settings& of, std::int64_t id, const terminal& to) {
  node_database database{of};
  auto db = database.connect();
  auto found = storage::find_job(*db, id);
  if (!found)
    throw std::runtime_error{"there is no job " + std::to_string(id) + " (finished ones are kept for " +
                             std::to_string(of.retention.jobs_days) + " days; `ingot jobs list` shows what there is)"};
  if (to.json)
    to.out << job_json(*found) << '\n';
  else
    print_job(*found, to);
  return done;
}

int retry_jobs(const settings& of, const std::vector<std::int64_t>& ids, timestamp now, const terminal& to) {
  return change_jobs(of, ids, now, to, storage::retry_job);
}

int bury_jobs(const settings& of, const std::vector<std::int64_t>& ids, timestamp now, const terminal& to) {
  return change_jobs(of, ids, now, to, storage::bury_job);
}

} // namespace ingot::commands

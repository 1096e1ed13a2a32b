#include "commands/nightly.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "storage/nightly_runs.hpp"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace ingot::commands {

namespace {

/// Between two looks at a run.
constexpr auto look_interval = std::chrono::milliseconds{500};

constexpr auto bar_cells = 30;

/// How many of its failures are named.
constexpr auto failures_shown = 20u;

/// `[######      ]  1200/5000 repositories, 12 changed`
std::string bar_of(const nightly::run& x) {
  const auto checked = x.unchanged + x.changed + x.failed;
  const auto filled = static_cast<std::size_t>(
      std::clamp<std::int64_t>(checked * bar_cells / std::max<std::int64_t>(x.repositories, 1), 0, bar_cells));
  return "[" + std::string(filled, '#') + std::string(bar_cells - filled, ' ') + "] " + std::to_string(checked) + "/" +
         std::to_string(x.repositories) + " repositories, " + std::to_string(x.changed) + " changed";
}

nightly::run find(storage::connection& db, std::int64_t id) {
  auto found = storage::find_nightly_run(db, id);
  if (!found)
    throw std::runtime_error{"nightly run " + std::to_string(id) + " is gone"};
  return std::move(*found);
}

/// Waits for its end, with a bar on a terminal.
nightly::run wait_for(storage::connection& db, std::int64_t id, const terminal& to) {
  const auto drawn = !to.json && ::isatty(STDERR_FILENO) == 1;
  for (;; std::this_thread::sleep_for(look_interval)) {
    auto run = find(db, id);
    if (drawn)
      to.err << "\r\x1b[K" << (run.over() ? std::string{} : bar_of(run)) << std::flush;
    if (run.over())
      return run;
  }
}

int tell(storage::connection& db, const nightly::run& x, const terminal& to) {
  const auto good = x.state == "succeeded" && x.failed == 0;
  if (to.json) {
    to.out << nightly::run_json(x) << '\n';
    return good ? done : failed;
  }
  to.out << "Nightly run " << x.id << " " << x.state << ": " << x.unchanged << " unchanged, " << x.changed << " changed, "
         << x.failed << " failed; " << x.requests << " requests, " << x.points << " points of GraphQL.\n";
  if (!x.error.empty())
    to.err << presentable(x.error) << '\n';
  if (x.failed > 0)
    for (const auto& item : storage::list_nightly_items(db, x.id, "failed", 0, failures_shown))
      to.err << presentable(item.name) << ": " << presentable(item.reason) << '\n';
  return good ? done : failed;
}

} // namespace

int sync_all(const settings& of, bool full, bool follow, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  auto order = storage::order_of(of.nightly);
  order.full = order.full || full;
  const auto started = storage::start_nightly_run(*db, order, {"command line", now});
  if (!started.begun && !follow)
    throw std::runtime_error{"nightly run " + std::to_string(started.run_id) + " is unfinished: --follow waits for its end"};
  if (follow)
    return tell(*db, wait_for(*db, started.run_id, to), to);
  if (to.json)
    to.out << nightly::run_json(find(*db, started.run_id)) << '\n';
  else
    to.out << "Nightly run " << started.run_id
           << " goes over all followed repositories. How far it is: ingot sync all --follow\n";
  return done;
}

} // namespace ingot::commands

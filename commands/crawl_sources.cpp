#include "commands/crawl_sources.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "net/routes/crawl_sources.hpp"

#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

/// As in the audit log.
storage::operator_action by_hand(timestamp now) {
  return {"command line", now};
}

void print_json(storage::connection& db, const std::string& id, const terminal& to) {
  const auto found = storage::find_crawl_source(db, id);
  if (!found)
    throw std::runtime_error{"there is no source " + id + "; `ingot sources list` shows what there is"};
  to.out << routes::to_json(*found) << '\n';
}

} // namespace

int add_crawl_source(const settings& of, const source_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  storage::add_crawl_source(*db, options.id, options.name, by_hand(now));
  if (to.json)
    print_json(*db, options.id, to);
  else
    to.out << "Source " << options.id << " added: its items are taken at POST /ingest/crawl.\n";
  return done;
}

int list_crawl_sources(const settings& of, const source_options& options, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  auto sources = storage::list_crawl_sources(*db, options.after, options.limit + 1);
  if (to.json) {
    to.out << routes::sources_json(sources, options.limit) << '\n';
    return done;
  }
  if (sources.empty()) {
    to.out << "No sources" << (options.after.empty() ? " yet: ingot sources add ID" : " after that") << ".\n";
    return done;
  }
  const auto more = sources.size() > options.limit;
  if (more)
    sources.resize(options.limit);
  auto listing = table{{"SOURCE", "STATE", "ADDED", "NAME"}, {}};
  for (const auto& x : sources)
    listing.rows.push_back(
        {x.id, x.disabled_at ? cell{"disabled", colour::bad} : cell{"live", colour::good}, to_rfc3339(x.created_at), x.name});
  print(to.out, listing, to.coloured);
  if (more)
    to.out << "\nThere are more: --after " << presentable(sources.back().id) << '\n';
  return done;
}

int set_crawl_source_disabled(const settings& of, const source_options& options, bool disabled, timestamp now,
                              const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  disabled ? storage::disable_crawl_source(*db, options.id, by_hand(now))
           : storage::enable_crawl_source(*db, options.id, by_hand(now));
  if (to.json)
    print_json(*db, options.id, to);
  else
    to.out << "Source " << presentable(options.id) << (disabled ? " is disabled: its items are refused.\n" : " is enabled.\n");
  return done;
}

} // namespace ingot::commands

#include "commands/deliveries.hpp"

#include "commands/http_call.hpp"
#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/quantity.hpp"
#include "config/secrets.hpp"
#include "model/compression.hpp"
#include "model/json_object.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

// More than any body setting allows.
constexpr std::size_t raw_bytes_max = std::size_t{2} << 30;

colour colour_of(const std::string& outcome) {
  return outcome == "failed"    ? colour::bad
         : outcome == "ignored" ? colour::faint
         : outcome == "stored"  ? colour::good
                                : colour::none;
}

std::string event_and_action(const delivery& x) {
  return x.action.empty() ? x.event : x.event + "." + x.action;
}

std::string number_or_dash(std::int64_t x) {
  return x == 0 ? "-" : std::to_string(x);
}

std::string raw_body(const delivery& x) {
  return x.encoding == body_encoding::zstd ? decompress(x.body, raw_bytes_max) : x.body;
}

void print_delivery(const storage::kept_delivery& x, const terminal& to) {
  const auto& d = x.kept;
  table out;
  auto add = [&](const char* name, cell value) { out.rows.push_back({{name, colour::faint}, std::move(value)}); };
  add("delivery", d.id);
  add("received", to_rfc3339(d.received_at));
  add("outcome", {x.outcome, colour_of(x.outcome)});
  if (!x.error.empty())
    add("error", {x.error, colour::bad});
  add("event", event_and_action(d));
  add("repository", d.repository.empty() ? "-" : d.repository + " (" + number_or_dash(d.repository_id) + ")");
  add("installation", number_or_dash(d.installation_id));
  add("hook", number_or_dash(d.hook_id));
  add("source", d.source + ", endpoint " + d.endpoint);
  add("body", std::to_string(d.body_bytes) + " bytes of " + d.content_type + ", kept in " + std::to_string(d.body.size()));
  print(to.out, out, to.coloured);
}

/// One replay. @returns whether it was applied.
bool replay_one(const settings& of, const std::string& id, const terminal& to, std::vector<std::string>& results) {
  auto call = call_of_node(of, "POST", "/api/v1/admin/deliveries/" + path_segment(id) + "/replay");
  call.headers = {{"Authorization", "Bearer " + of.admin_token}};
  auto answer = perform(call);
  bool applied = answer.status >= 200 && answer.status < 300;
  if (to.json)
    results.push_back(json_object{}
                          .add("delivery", id)
                          .add("http_status", answer.status)
                          .add_raw("answer", answer.body.starts_with('{') ? answer.body : "null")
                          .text());
  else
    to.out << presentable(id) << "  " << paint(std::to_string(answer.status), applied ? colour::good : colour::bad, to.coloured)
           << "  " << presentable(answer.body) << '\n';
  return applied;
}

} // namespace

timestamp parse_since(const std::string& text, timestamp now) {
  for (const auto* midnight : {"", "T00:00:00Z"})
    if (auto at = parse_rfc3339(text + midnight))
      return *at;
  // A bare number would be milliseconds, which nobody means.
  bool has_unit = !text.empty() && (text.back() < '0' || text.back() > '9');
  if (auto ago = has_unit ? parse_quantity(text, setting_unit::ms) : std::nullopt; ago && *ago >= 0)
    return now - milliseconds{*ago};
  throw usage_error{
      "--since takes a time such as 2024-05-01 or 2024-05-01T10:00:00Z, or how long ago, such as 30m, 2h or 7d; not \"" + text +
      "\""};
}

std::string print_cursor(const storage::delivery_cursor& at) {
  return to_rfc3339(at.received_at) + "," + at.id;
}

storage::delivery_cursor parse_cursor(const std::string& text) {
  auto comma = text.find(',');
  auto at = parse_rfc3339(text.substr(0, comma));
  if (comma == std::string::npos || !at)
    throw usage_error{"--after takes what an earlier page gave for the next one (TIME,DELIVERY); not \"" + text + "\""};
  return {*at, text.substr(comma + 1)};
}

std::string delivery_json(const storage::kept_delivery& x) {
  const auto& d = x.kept;
  json_object out;
  out.add("delivery", d.id).add("received_at", to_rfc3339(d.received_at)).add("outcome", x.outcome);
  x.error.empty() ? out.add_raw("error", "null") : out.add("error", x.error);
  out.add("source", d.source).add("endpoint", d.endpoint).add("event", d.event).add("action", d.action);
  out.add("content_type", d.content_type).add("repository", d.repository);
  out.add("repository_id", d.repository_id).add("installation_id", d.installation_id).add("hook_id", d.hook_id);
  return out.add("body_bytes", d.body_bytes).text();
}

int list_deliveries(const settings& of, const list_options& options, timestamp now, const terminal& to) {
  storage::delivery_filter filter{options.event, options.repository, options.outcome, std::nullopt};
  if (!options.since.empty())
    filter.since = parse_since(options.since, now);
  std::optional<storage::delivery_cursor> after;
  if (!options.after.empty())
    after = parse_cursor(options.after);
  node_database database{of};
  auto db = database.connect();
  auto page = storage::list_deliveries(*db, filter, options.limit, after);
  if (to.json) {
    std::vector<std::string> items;
    for (const auto& x : page.items)
      items.push_back(delivery_json(x));
    json_object out;
    out.add_raw("deliveries", json_array(items));
    page.next ? out.add("next", print_cursor(*page.next)) : out.add_raw("next", "null");
    to.out << out.text() << '\n';
    return done;
  }
  if (page.items.empty()) {
    to.out << "No deliveries"
           << (after || filter.since || !(filter.event + filter.repository + filter.outcome).empty() ? " match" : " yet")
           << ".\n";
    return done;
  }
  table listing{{"RECEIVED", "OUTCOME", "EVENT", "REPOSITORY", "BYTES", "DELIVERY"}, {}};
  bool any_error = std::any_of(page.items.begin(), page.items.end(), [](const auto& x) { return !x.error.empty(); });
  if (any_error)
    listing.header.emplace_back("ERROR");
  for (const auto& x : page.items) {
    const auto& d = x.kept;
    auto& row = listing.rows.emplace_back();
    row = {to_rfc3339(d.received_at),    {x.outcome, colour_of(x.outcome)},
           event_and_action(d),          d.repository.empty() ? "-" : d.repository,
           std::to_string(d.body_bytes), d.id};
    if (any_error)
      row.emplace_back(x.error);
  }
  print(to.out, listing, to.coloured);
  if (page.next)
    to.out << "\nThere are more: --after " << presentable(print_cursor(*page.next)) << '\n';
  return done;
}

int show_delivery(const settings& of, const std::string& id, bool body, const terminal& to) {
  node_database database{of};
  auto db = database.connect();
  auto found = storage::find_deliveries(*db, "github", id);
  if (found.empty())
    throw std::runtime_error{"there is no delivery " + id + " (kept for " + std::to_string(of.retention.deliveries_days) +
                             " days; `ingot deliveries list` shows what there is)"};
  if (body) {
    to.out << raw_body(found.front().kept);
    return done;
  }
  if (to.json) {
    std::vector<std::string> items;
    for (const auto& x : found)
      items.push_back(delivery_json(x));
    to.out << json_object{}.add_raw("deliveries", json_array(items)).text() << '\n';
    return done;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0)
      to.out << '\n';
    print_delivery(found[i], to);
  }
  to.out << "\nThe body: ingot deliveries show " << presentable(id) << " --body\n";
  return done;
}

int replay_deliveries(const settings& of, const std::vector<std::string>& ids, const terminal& to) {
  auto complete = of;
  read_kept_secrets(complete, of.data_dir);
  if (complete.admin_token.empty())
    throw std::runtime_error{
        "there is no admin token: set INGOT_ADMIN_TOKEN, or run this where the node's data folder is (INGOT_DATA_DIR)"};
  bool all = true;
  std::vector<std::string> results;
  for (const auto& id : ids)
    all = replay_one(complete, id, to, results) && all;
  if (to.json)
    to.out << json_object{}.add_raw("replayed", json_array(results)).text() << '\n';
  return all ? done : failed;
}

} // namespace ingot::commands

#include "commands/sites.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/secrets.hpp"
#include "net/routes/site_json.hpp"

#include <charconv>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

/// As in the audit log.
storage::operator_action by_hand(timestamp now) {
  return {"command line", now};
}

std::string time_or_dash(const std::optional<timestamp>& at) {
  return at ? to_rfc3339(*at) : "-";
}

std::string text_or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::int64_t id_after(const std::string& text) {
  auto id = std::int64_t{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (!text.empty() && (error != std::errc{} || end != text.data() + text.size()))
    throw usage_error{"--after takes the id that an earlier page ended with; not \"" + text + "\""};
  return id;
}

/// Takes the item that was asked for beyond `limit` away. @returns whether there was one
bool trim(auto& items, unsigned limit) {
  if (items.size() <= limit)
    return false;
  items.resize(limit);
  return true;
}

void say_next(const terminal& to, const std::string& after) {
  to.out << "\nThere are more: --after " << presentable(after) << '\n';
}

storage::site_record found_site(storage::connection& db, std::int64_t id) {
  const auto found = storage::find_site(db, id);
  if (!found)
    throw std::runtime_error{"there is no site " + std::to_string(id) + "; `ingot sites list` shows what there is"};
  return *found;
}

cell state_of(const storage::site_record& x) {
  return x.disabled_at ? cell{"disabled", colour::bad} : cell{"live", colour::good};
}

void print_site(const storage::site_record& x, const storage::site_counts& has, const terminal& to) {
  auto out = table{};
  const auto add = [&](const char* name, cell value) { out.rows.push_back({{name, colour::faint}, std::move(value)}); };
  add("site", std::to_string(x.id));
  add("name", x.name);
  add("state", state_of(x));
  add("environment", text_or_dash(x.environment));
  add("Drupal", text_or_dash(x.drupal_version));
  add("PHP", text_or_dash(x.php_version));
  add("added", to_rfc3339(x.created_at));
  add("last sync", time_or_dash(x.last_sync_at) + (x.last_sync_outcome.empty() ? "" : ", " + x.last_sync_outcome));
  add("modules", std::to_string(has.modules) + ", " + std::to_string(has.enabled) + " enabled");
  add("security", {std::to_string(has.needing_security_update) + " need a security update",
                   has.needing_security_update > 0 ? colour::bad : colour::none});
  print(to.out, out, to.coloured);
}

} // namespace

int add_site(const settings& of, const site_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto id = storage::add_site(*db, options.name, options.id == 0 ? std::nullopt : std::optional{options.id}, by_hand(now));
  if (to.json)
    to.out << routes::to_json(found_site(*db, id)) << '\n';
  else
    to.out << "Site " << id << " added. Its key: ingot keys create --site " << id << '\n';
  return done;
}

int list_sites(const settings& of, const site_options& options, const terminal& to) {
  const auto after = id_after(options.after);
  const auto database = node_database{of};
  const auto db = database.connect();
  auto sites = storage::list_sites(*db, after, options.limit + 1);
  if (to.json) {
    to.out << routes::page_json("sites", sites, options.limit, [](const auto& x) { return std::to_string(x.id); }) << '\n';
    return done;
  }
  if (sites.empty()) {
    to.out << "No sites" << (options.after.empty() ? " yet: ingot sites add --name NAME" : " after that") << ".\n";
    return done;
  }
  const auto more = trim(sites, options.limit);
  auto listing = table{{"SITE", "STATE", "DRUPAL", "LAST SYNC", "OUTCOME", "NAME"}, {}};
  for (const auto& x : sites)
    listing.rows.push_back({std::to_string(x.id), state_of(x), text_or_dash(x.drupal_version), time_or_dash(x.last_sync_at),
                            text_or_dash(x.last_sync_outcome), x.name});
  print(to.out, listing, to.coloured);
  if (more)
    say_next(to, std::to_string(sites.back().id));
  return done;
}

int show_site(const settings& of, const site_options& options, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto site = found_site(*db, options.id);
  const auto has = storage::count_site_modules(*db, options.id);
  if (to.json)
    to.out << routes::to_json(site, has) << '\n';
  else
    print_site(site, has, to);
  return done;
}

int set_site_disabled(const settings& of, const site_options& options, bool disabled, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  disabled ? storage::disable_site(*db, options.id, by_hand(now)) : storage::enable_site(*db, options.id, by_hand(now));
  if (to.json)
    to.out << routes::to_json(found_site(*db, options.id)) << '\n';
  else
    to.out << "Site " << options.id << (disabled ? " is disabled: its keys are refused.\n" : " is enabled.\n");
  return done;
}

int list_site_modules(const settings& of, const site_options& options, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  found_site(*db, options.id);
  auto filter = storage::site_module_filter{};
  if (options.insecure)
    filter.needs_security_update = true;
  auto modules = storage::list_site_modules(*db, options.id, filter, options.after, options.limit + 1);
  const auto more = trim(modules, options.limit);
  if (to.json) {
    auto items = std::vector<std::string>{};
    for (const auto& x : modules)
      items.push_back(routes::to_json(x));
    to.out << routes::page_json("modules", items, more ? routes::json_string(modules.back().machine_name) : "null") << '\n';
    return done;
  }
  if (modules.empty()) {
    to.out << (options.insecure ? "No module needs a security update.\n" : "No modules.\n");
    return done;
  }
  auto listing = table{{"MODULE", "VERSION", "TYPE", "STATE", "SECURITY", "LAST SEEN"}, {}};
  for (const auto& x : modules)
    listing.rows.push_back({x.machine_name, text_or_dash(x.version), x.type,
                            x.removed_at ? cell{"removed", colour::faint} : cell{x.enabled ? "enabled" : "disabled"},
                            x.needs_security_update ? cell{"update", colour::bad} : cell{"-"}, to_rfc3339(x.last_seen)});
  print(to.out, listing, to.coloured);
  if (more)
    say_next(to, modules.back().machine_name);
  return done;
}

int create_key(const settings& of, const site_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto key = storage::create_key(*db, options.id, options.name, random_bytes(), by_hand(now));
  if (to.json)
    to.out << routes::to_json(key) << '\n';
  else
    to.out << key.text << '\n' << "It is shown this once. To end it: ingot keys revoke " << key.row.id << '\n';
  return done;
}

int list_keys(const settings& of, const site_options& options, const terminal& to) {
  const auto after = id_after(options.after);
  const auto database = node_database{of};
  const auto db = database.connect();
  auto keys = storage::list_keys(*db, options.id == 0 ? std::nullopt : std::optional{options.id}, after, options.limit + 1);
  if (to.json) {
    to.out << routes::page_json("keys", keys, options.limit, [](const auto& x) { return std::to_string(x.id); }) << '\n';
    return done;
  }
  if (keys.empty()) {
    to.out << "No keys.\n";
    return done;
  }
  const auto more = trim(keys, options.limit);
  auto listing = table{{"KEY", "SITE", "PREFIX", "CREATED", "LAST USED", "REVOKED", "NAME"}, {}};
  for (const auto& x : keys)
    listing.rows.push_back({std::to_string(x.id), std::to_string(x.site_id), x.prefix, to_rfc3339(x.created_at),
                            time_or_dash(x.last_used_at),
                            cell{time_or_dash(x.revoked_at), x.revoked_at ? colour::bad : colour::none}, x.name});
  print(to.out, listing, to.coloured);
  if (more)
    say_next(to, std::to_string(keys.back().id));
  return done;
}

int revoke_key(const settings& of, const site_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto key = storage::revoke_key(*db, options.key, by_hand(now));
  if (to.json)
    to.out << routes::to_json(key) << '\n';
  else
    to.out << "Key " << key.id << " (" << presentable(key.prefix) << "…) of site " << key.site_id << " is revoked.\n";
  return done;
}

} // namespace ingot::commands

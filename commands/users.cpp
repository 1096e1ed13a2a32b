#include "commands/users.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/secrets.hpp"
#include "net/routes/user_keys.hpp"
#include "storage/user_keys.hpp"

#include <ostream>

namespace ingot::commands {

namespace {

/// As in the audit log.
storage::operator_action by_hand(timestamp now) {
  return {"command line", now};
}

std::string time_or_dash(const std::optional<timestamp>& at) {
  return at ? to_rfc3339(*at) : "-";
}

} // namespace

int add_user_key(const settings& of, const user_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto key = storage::create_user_key(*db, options.id, options.name, random_bytes(), by_hand(now));
  if (to.json)
    to.out << routes::to_json(key) << '\n';
  else
    to.out << key.text << '\n' << "It is shown this once. To end it: ingot users revoke-key " << key.row.id << '\n';
  return done;
}

int list_user_keys(const settings& of, const user_options& options, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto user = options.id.empty() ? std::nullopt : std::optional{options.id};
  auto keys = storage::list_user_keys(*db, user, options.after, options.limit + 1);
  if (to.json) {
    to.out << routes::page_json(keys, options.limit) << '\n';
    return done;
  }
  if (keys.empty()) {
    to.out << "No keys.\n";
    return done;
  }
  const auto more = keys.size() > options.limit;
  if (more)
    keys.resize(options.limit);
  auto listing = table{{"KEY", "USER", "PREFIX", "CREATED", "LAST USED", "REVOKED", "NAME"}, {}};
  for (const auto& x : keys)
    listing.rows.push_back({std::to_string(x.id), x.user_id, x.prefix, to_rfc3339(x.created_at), time_or_dash(x.last_used_at),
                            cell{time_or_dash(x.revoked_at), x.revoked_at ? colour::bad : colour::none}, x.name});
  print(to.out, listing, to.coloured);
  if (more)
    to.out << "\nThere are more: --after " << keys.back().id << '\n';
  return done;
}

int revoke_user_key(const settings& of, const user_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto key = storage::revoke_user_key(*db, options.key, std::nullopt, by_hand(now));
  if (to.json)
    to.out << routes::to_json(key) << '\n';
  else
    to.out << "Key " << key.id << " (" << presentable(key.prefix) << "…) of user " << key.user_id << " is revoked.\n";
  return done;
}

} // namespace ingot::commands

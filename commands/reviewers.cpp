#include "commands/reviewers.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/secrets.hpp"
#include "model/console_session.hpp"
#include "model/json_object.hpp"
#include "model/password.hpp"
#include "storage/reviewers.hpp"

#include <iostream>

namespace ingot::commands {

namespace {

/// As in the audit log.
storage::operator_action by_hand(timestamp now) {
  return {"command line", now};
}

struct chosen_password {
  std::string text;
  bool made = false; ///< to be shown
};

chosen_password password_of(const reviewer_options& options) {
  if (!options.password_on_stdin)
    return {make_session_secret(random_bytes()), true};
  auto out = chosen_password{};
  std::getline(std::cin, out.text);
  if (const auto wrong = judge_password(out.text))
    throw usage_error{*wrong};
  return out;
}

std::string hash_of(const settings& of, const chosen_password& x) {
  return hash_password(x.text, random_bytes(), cost_of(of.console));
}

json_object json_of(const storage::reviewer_record& x) {
  auto out = json_object{};
  out.add("id", x.id).add("name", x.name).add("email", x.email).add("role", to_string(x.role));
  out.add("createdAt", std::optional{x.created_at}).add("updatedAt", std::optional{x.updated_at}).add("removedAt", x.removed_at);
  return out;
}

int tell(const storage::reviewer_record& x, const chosen_password& password, const std::string& sentence, const terminal& to) {
  if (to.json) {
    auto out = json_of(x);
    if (password.made)
      out.add("password", password.text);
    to.out << out.text() << '\n';
    return done;
  }
  to.out << sentence << '\n';
  if (password.made)
    to.out << "The password, shown this once: " << password.text << '\n';
  return done;
}

} // namespace

int add_reviewer(const settings& of, const reviewer_options& options, timestamp now, const terminal& to) {
  const auto role = parse_person_role(options.role);
  if (!role)
    throw usage_error{"a role is reviewer or admin, not " + options.role};
  const auto password = password_of(options);
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto added = storage::add_reviewer(*db, {options.name, options.email, *role, hash_of(of, password)}, by_hand(now));
  return tell(added, password, added.name + " may sign in at /console as " + std::string{to_string(added.role)} + ".", to);
}

int list_reviewers(const settings& of, const reviewer_options& options, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  auto found = storage::list_reviewers(*db, options.after, options.limit + 1);
  const auto more = found.size() > options.limit;
  if (more)
    found.resize(options.limit);
  if (to.json) {
    auto shown = std::vector<std::string>{};
    for (const auto& x : found)
      shown.push_back(json_of(x).text());
    to.out << json_object{}
                  .add_raw("reviewers", json_array(shown))
                  .add_raw("next", more ? std::to_string(found.back().id) : "null")
                  .text()
           << '\n';
    return done;
  }
  if (found.empty()) {
    to.out << "No reviewers. To add one: ingot reviewers add NAME --email ADDRESS\n";
    return done;
  }
  auto listing = table{{"ID", "NAME", "ROLE", "CREATED", "REMOVED", "E-MAIL"}, {}};
  for (const auto& x : found)
    listing.rows.push_back({std::to_string(x.id), x.name, to_string(x.role), to_rfc3339(x.created_at),
                            cell{x.removed_at ? to_rfc3339(*x.removed_at) : "-", x.removed_at ? colour::bad : colour::none},
                            x.email});
  print(to.out, listing, to.coloured);
  if (more)
    to.out << "\nThere are more: --after " << found.back().id << '\n';
  return done;
}

int remove_reviewer(const settings& of, const reviewer_options& options, timestamp now, const terminal& to) {
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto removed = storage::remove_reviewer(*db, options.name, by_hand(now));
  return tell(removed, {}, removed.name + " is removed, and signed out everywhere.", to);
}

int change_reviewer_password(const settings& of, const reviewer_options& options, timestamp now, const terminal& to) {
  const auto password = password_of(options);
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto changed = storage::change_password(*db, options.name, hash_of(of, password), by_hand(now));
  return tell(changed, password, changed.name + " has another password, and is signed out everywhere.", to);
}

} // namespace ingot::commands

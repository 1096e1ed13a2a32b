#include "model/github/webhook_parts.hpp"

// installation and installation_repositories.

namespace ingot::github {

namespace {

template <json_name Name>
std::vector<repository_snapshot> read_list(const payload& p) {
  std::vector<repository_snapshot> out;
  const auto entries = p.array<Name>();
  if (!entries)
    return out;
  const auto list = p.child<Name>(); // for its place only
  std::size_t index = 0;
  for (const auto entry : *entries) {
    json_child child{std::nullopt, {&list.place, {}, index++}, list.faults};
    simdjson::dom::object object;
    if (entry.get_object().get(object) == simdjson::SUCCESS)
      child.object = object;
    out.push_back(read_repository(child));
  }
  return out;
}

} // namespace

void read_installation(const payload& p, event& out) {
  const json_members<"id", "account", "app_id", "repository_selection", "suspended_at", "updated_at"> installation(
      p.child<"installation">());
  const json_members<"login", "slug", "id", "type"> account(installation.child<"account">());
  installation_event fact;
  fact.id = installation.need_positive<"id">();
  // An enterprise has a slug where users and organizations have a login.
  const auto slug = account.text<"slug">();
  fact.account = !account.text<"login">() && slug ? *slug : account.need_text<"login">();
  fact.account_id = account.integer<"id">().value_or(0);
  fact.account_type = account.text<"type">().value_or("");
  fact.app_id = installation.integer<"app_id">().value_or(0);
  fact.repository_selection = installation.text<"repository_selection">().value_or("");
  fact.deleted = out.name == "installation" && out.action == "deleted";
  fact.suspended = out.action == "suspend" || (out.action != "unsuspend" && installation.time<"suspended_at">());
  fact.updated_at = installation.need_time<"updated_at">();
  if (out.name == "installation") {
    // A deletion lists what is lost.
    auto& list = fact.deleted ? fact.removed : fact.added;
    list = read_list<"repositories">(p);
    fact.lists_by_arrival = fact.deleted;
  } else {
    fact.lists_by_arrival = true;
    fact.added = read_list<"repositories_added">(p);
    fact.removed = read_list<"repositories_removed">(p);
  }
  out.occurred_at = fact.updated_at;
  out.fact = std::move(fact);
}

} // namespace ingot::github

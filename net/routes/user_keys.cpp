#include "net/routes/user_keys.hpp"

#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "model/new_site.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

json_object& add_members(json_object& out, const storage::user_key_record& x) {
  out.add("keyId", x.id).add("userId", x.user_id).add("name", x.name).add("prefix", x.prefix);
  return out.add("createdAt", x.created_at).add("lastUsedAt", x.last_used_at).add("revokedAt", x.revoked_at);
}

/// A body that says no more than a name.
std::string name_in(const http::request& req) {
  auto parsed = parse_new_site(req.body);
  if (auto* why = std::get_if<failure>(&parsed))
    throw storage::refused_change{std::move(*why)};
  auto& said = std::get<new_site>(parsed);
  if (said.id)
    throw storage::refused_change{{fault::missing_field, "a key's id is not chosen", {{"/id", "must be absent"}}}};
  return std::move(said.name);
}

} // namespace

std::string to_json(const storage::user_key_record& x) {
  auto out = json_object{};
  return add_members(out, x).text();
}

std::string to_json(const storage::new_user_key& x) {
  auto out = json_object{};
  return add_members(out.add("key", x.text), x.row).text();
}

std::string page_json(const std::vector<storage::user_key_record>& keys, unsigned limit) {
  return page_json("keys", keys, limit, [](const auto& x) { return std::to_string(x.id); });
}

void create_user_key(const services& what, http::request req, path_parameters user_id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, user = user_id.front()](storage::connection& db, const http::request& asked) {
                       const auto key = storage::create_user_key(db, percent_decoded(user), name_in(asked), random_bytes(),
                                                                 action_of(what, asked));
                       return json_response(to_json(key), 201);
                     });
}

void list_user_keys(const services& what, http::request req, path_parameters user_id, http::responder done) {
  answer_by_reading(
      what, std::move(req), std::move(done), [user = user_id.front()](storage::connection& db, const http::request& asked) {
        const auto query = query_parameters{asked.head.query, {"limit", "after"}};
        const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
        const auto after = query.integer("after", 0, std::numeric_limits<std::int64_t>::max(), 0);
        return json_response(page_json(storage::list_user_keys(db, percent_decoded(user), after, limit + 1), limit));
      });
}

void revoke_user_key(const services& what, http::request req, path_parameters user_and_key, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, user = user_and_key[0], id = user_and_key[1]](storage::connection& db, const http::request& asked) {
                       const auto key =
                           storage::revoke_user_key(db, id_in_path(id), percent_decoded(user), action_of(what, asked));
                       what.user_keys->forget(key.id);
                       return json_response(to_json(key));
                     });
}

} // namespace ingot::routes

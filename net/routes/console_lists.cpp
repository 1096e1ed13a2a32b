#include "net/routes/console_lists.hpp"

#include "config/secrets.hpp"
#include "config/setting_table.hpp"
#include "model/compression.hpp"
#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/person.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/repository_json.hpp"
#include "net/routes/site_json.hpp"
#include "storage/delivery_queries.hpp"
#include "storage/provider_repositories.hpp"
#include "storage/refused_change.hpp"

#include <charconv>
#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();

/// Of a payload so much is shown; of all attempts together, so that an answer stays small.
constexpr auto payload_bytes_max = std::size_t{1024} * 1024;

unsigned limit_of(const query_parameters& query) {
  return static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
}

/// A place in the listing of deliveries: `1767225600000000~GUID`.
std::string cursor_text(const storage::delivery_cursor& x) {
  return std::to_string(x.received_at.time_since_epoch().count()) + "~" + x.id;
}

std::optional<storage::delivery_cursor> cursor_in(const std::string& text) {
  if (text.empty())
    return std::nullopt;
  auto since_1970 = std::int64_t{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), since_1970);
  constexpr auto latest = std::int64_t{253'402'300'799'000'000}; // the year 9999
  if (error != std::errc{} || end == text.data() + text.size() || *end != '~' || since_1970 < 0 || since_1970 > latest)
    throw storage::refused_change{{fault::bad_parameter, "the parameter after takes `next` of a page", {{"after", "is none"}}}};
  return storage::delivery_cursor{timestamp{std::chrono::microseconds{since_1970}}, std::string{end + 1}};
}

std::optional<timestamp> time_in(const query_parameters& query, std::string_view name) {
  const auto text = query.text(name);
  if (text.empty())
    return std::nullopt;
  const auto out = parse_rfc3339(text);
  if (!out)
    throw storage::refused_change{{fault::bad_parameter,
                                   "the parameter " + std::string{name} + " takes a time",
                                   {{std::string{name}, "expected: RFC 3339"}}}};
  return out;
}

json_object json_of(const storage::kept_delivery& x) {
  const auto& d = x.kept;
  auto out = json_object{};
  out.add("deliveryId", d.id).add("source", d.source).add("endpoint", d.endpoint).add("event", d.event);
  out.add_unless_empty("action", d.action).add("outcome", x.outcome).add_unless_empty("error", x.error);
  out.add_unless_empty("repository", d.repository).add("receivedAt", std::optional{d.received_at}).add("bytes", d.body_bytes);
  return out;
}

/// What came, as far as there is room.
void add_payload(json_object& to, const delivery& x, std::size_t& room) {
  to.add("contentType", x.content_type);
  auto raw = std::string{};
  try {
    raw = x.encoding == body_encoding::zstd ? decompress(x.body, x.body_bytes) : x.body;
  } catch (const std::exception& e) {
    to.add_raw("payload", "null").add("payloadProblem", std::string{"the kept body is damaged: "} + e.what());
    return;
  }
  const auto cut = raw.size() > room;
  raw.resize(std::min(raw.size(), room));
  room -= raw.size();
  to.add("payload", raw).add("payloadCut", cut);
}

storage::followed_repository any_repository(storage::connection& db, const std::string& in_path) {
  const auto found = storage::load_repository(db, id_in_path(in_path));
  if (!found || found->state == "removed")
    throw storage::refused_change{{fault::not_found, "there is no repository " + in_path, {}}};
  return *found;
}

std::string setting_json(const setting& x, const settings& of, const settings& fresh) {
  auto now = toml_value(x, of);
  const auto by_default = toml_value(x, fresh);
  const auto same = now == by_default;
  if (x.secret && now != "\"\"" && x.key != "database.url")
    now = "(set)";
  now = mask_password(now); // an URL of any setting may hold one
  auto out = json_object{};
  out.add("key", x.key).add("value", now).add("default", by_default).add("isDefault", same);
  return out.add("secret", x.secret).add("type", type_name(x)).add("help", x.help).text();
}

} // namespace

void list_kept_deliveries(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"event", "repository", "outcome", "since", "limit", "after"}};
    const auto filter =
        storage::delivery_filter{query.text("event"), query.text("repository"),
                                 query.one_of("outcome", {"stored", "ignored", "failed"}), time_in(query, "since")};
    const auto page = storage::list_deliveries(db, filter, limit_of(query), cursor_in(query.text("after")));
    auto shown = std::vector<std::string>{};
    for (const auto& x : page.items)
      shown.push_back(json_of(x).text());
    return json_response(page_json("deliveries", shown, page.next ? json_string(cursor_text(*page.next)) : "null"));
  });
}

void show_kept_delivery(const services& what, http::request req, path_parameters delivery_id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done),
                    [id = delivery_id.front()](storage::connection& db, const http::request& asked) {
                      const auto query = query_parameters{asked.head.query, {"source"}};
                      const auto source = query.text("source");
                      const auto found = storage::find_deliveries(db, source.empty() ? "github" : source, percent_decoded(id));
                      if (found.empty())
                        throw storage::refused_change{{fault::not_found, "no delivery with this id is kept", {{"id", id}}}};
                      auto room = payload_bytes_max;
                      auto shown = std::vector<std::string>{};
                      for (const auto& x : found) {
                        auto one = json_of(x);
                        add_payload(one, x.kept, room);
                        shown.push_back(one.text());
                      }
                      return json_response(json_object{}.add_raw("attempts", json_array(shown)).text());
                    });
}

void list_all_repositories(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"state", "limit", "after"}};
    const auto limit = limit_of(query);
    const auto state = query.one_of("state", {"active", "gone", "forbidden", "suspended"});
    return json_response(
        page_json(storage::list_all_repositories(db, state, query.integer("after", 0, id_max, 0), limit + 1), limit));
  });
}

void sync_any_repository(const services& what, http::request req, path_parameters repository_id, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done),
                     [&what, id = repository_id.front()](storage::connection& db, const http::request& asked) {
                       const auto of = any_repository(db, id);
                       const auto job = storage::request_sync(db, of.user_id, of.id, false, action_of(what, asked));
                       if (const auto handles = what.context->handles.load())
                         bridge::tell(handles->jobs, hint_atom_v);
                       return json_response(json_object{}.add("repositoryId", of.id).add("jobId", std::to_string(job)).text(),
                                            202);
                     });
}

void list_any_repository_syncs(const services& what, http::request req, path_parameters repository_id, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done),
                    [id = repository_id.front()](storage::connection& db, const http::request& asked) {
                      const auto query = query_parameters{asked.head.query, {"limit", "after"}};
                      const auto limit = limit_of(query);
                      const auto of = any_repository(db, id);
                      const auto before = query.integer("after", 1, id_max, id_max);
                      return json_response(page_json(storage::list_content_syncs(db, of.id, before, limit + 1), limit));
                    });
}

void show_settings(const services& what, http::request, path_parameters, http::responder done) {
  const auto fresh = settings{};
  auto shown = std::vector<std::string>{};
  for (const auto& x : all_settings())
    shown.push_back(setting_json(x, what.context->config, fresh));
  done(json_response(json_object{}.add_raw("settings", json_array(shown)).text()));
}

} // namespace ingot::routes

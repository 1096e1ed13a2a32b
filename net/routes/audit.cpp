#include "net/routes/audit.hpp"

#include "net/routes/audit_json.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();

std::optional<timestamp> time_in(const query_parameters& query, std::string_view name) {
  const auto text = query.text(name);
  const auto at = parse_rfc3339(text);
  if (!text.empty() && !at)
    throw storage::refused_change{{fault::bad_parameter,
                                   std::string{name} + " is no time",
                                   {{std::string{name}, "expected: RFC 3339 as 2026-05-01T10:00:00Z (a + is written %2B)"}}}};
  return at;
}

storage::audit_filter filter_in(const query_parameters& query) {
  return {query.text("actor"), query.text("action"), query.text("subject"), time_in(query, "since"), time_in(query, "until")};
}

} // namespace

void list_audit_lines(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"actor", "action", "subject", "since", "until", "limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto lines = storage::newest_audit_lines(db, filter_in(query), query.integer("after", 1, id_max, id_max), limit + 1);
    return json_response(page_json("lines", lines, limit, [](const auto& x) { return std::to_string(x.id); }));
  });
}

} // namespace ingot::routes

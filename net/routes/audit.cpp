#include "net/routes/audit.hpp"

#include "net/bridge.hpp"
#include "net/routes/audit_json.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/site_json.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <memory>
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

/// Gives the lines that fit a filter, from the oldest on, a page a piece. Only one of its pieces is ever asked for, so nothing of
/// it needs a lock.
class audit_source final : public http::body_source, public std::enable_shared_from_this<audit_source> {
public:
  audit_source(const services& what, storage::audit_filter filter, bool csv)
      : what_{what}, filter_{std::move(filter)}, csv_{csv}, head_{csv ? audit_csv_header() : std::string{}} {}

  void next(http::responder to) override {
    auto shared = std::make_shared<http::responder>(std::move(to));
    // Without an answer the connection is cut: a list that ends early must not look like a whole one.
    bridge::run_query(*what_.context, {[self = shared_from_this(), shared](storage::connection& db) {
                                         auto piece = http::response{};
                                         piece.body = self->read(db);
                                         (*shared)(std::move(piece));
                                       },
                                       [](const failure&) {}});
  }

private:
  static constexpr auto lines_max = 500u;

  std::string read(storage::connection& db) {
    auto out = std::exchange(head_, {});
    for (const auto& x : storage::oldest_audit_lines(db, filter_, after_, lines_max)) {
      out += csv_ ? to_csv(x) : to_json(x) + "\n";
      after_ = x.id;
    }
    return out;
  }

  const services& what_;
  storage::audit_filter filter_;
  bool csv_;
  std::string head_; ///< goes before the first line
  std::int64_t after_ = 0;
};

} // namespace

void export_audit_lines(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [&what](storage::connection&, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"format", "actor", "action", "subject", "since", "until"}};
    const auto csv = query.one_of("format", {"ndjson", "csv"}) == "csv";
    auto filter = filter_in(query);
    filter.until = filter.until.value_or(what.context->now()); // so that it ends
    auto out = http::response{};
    out.content_type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    out.fields = {{"content-disposition", csv ? "attachment; filename=audit.csv" : "attachment; filename=audit.ndjson"}};
    out.source = std::make_shared<audit_source>(what, std::move(filter), csv);
    out.source_bytes = http::unknown_length;
    return out;
  });
}

void list_audit_lines(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request& asked) {
    const auto query = query_parameters{asked.head.query, {"actor", "action", "subject", "since", "until", "limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto lines = storage::newest_audit_lines(db, filter_in(query), query.integer("after", 1, id_max, id_max), limit + 1);
    return json_response(page_json("lines", lines, limit, [](const auto& x) { return std::to_string(x.id); }));
  });
}

} // namespace ingot::routes

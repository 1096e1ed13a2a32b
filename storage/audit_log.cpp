#include "storage/audit_log.hpp"

#include "storage/binary_array.hpp"

#include <array>

namespace ingot::storage {

namespace {

// Lines of one moment, not sealed yet.
constexpr auto append_lines = R"sql(
  INSERT INTO audit_log (at, actor, action, subject, count, details, request_id, before, after)
  SELECT t.at, u.actor, u.action, u.subject, u.count, jsonb_build_object('reason', u.reason), NULLIF(u.request_id, ''),
         NULLIF(u.before, '')::jsonb, NULLIF(u.after, '')::jsonb
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[], $7::text[], $8::text[], $9::text[])
         AS u (actor, action, subject, reason, count, request_id, before, after),
       unnest($6::timestamptz[]) AS t (at)
)sql";

constexpr auto statements = std::to_array<named_statement>({{"append_audit_lines", append_lines}});

struct line_arrays {
  text_array actor, action, subject, reason, request_id, before, after;
  int8_array count;
  timestamptz_array when;

  line_arrays(const std::vector<std::pair<audit_line, std::uint64_t>>& lines, timestamp at) {
    when.add(at);
    for (const auto& [line, times] : lines) {
      actor.add(line.actor);
      action.add(line.action);
      subject.add(line.subject);
      reason.add(line.reason);
      count.add(static_cast<std::int64_t>(times));
      request_id.add(line.request_id);
      before.add(line.change.before);
      after.add(line.change.after);
    }
  }
};

} // namespace

std::span<const named_statement> audit_statements() {
  return statements;
}

void append_audit_lines(pqxx::transaction_base& tx, const std::vector<std::pair<audit_line, std::uint64_t>>& lines,
                        timestamp at) {
  auto x = line_arrays{lines, at};
  pgx::query(tx, append_lines, x.actor.parameter(), x.action.parameter(), x.subject.parameter(), x.reason.parameter(),
             x.count.parameter(), x.when.parameter(), x.request_id.parameter(), x.before.parameter(), x.after.parameter());
}

void append_audit_lines(pipeline& db, const std::vector<std::pair<audit_line, std::uint64_t>>& lines, timestamp at) {
  auto x = line_arrays{lines, at};
  db.add("append_audit_lines",
         {x.actor.parameter(), x.action.parameter(), x.subject.parameter(), x.reason.parameter(), x.count.parameter(),
          x.when.parameter(), x.request_id.parameter(), x.before.parameter(), x.after.parameter()});
}

void append_audit_line(pqxx::transaction_base& tx, const operator_action& by, std::string action, std::string subject,
                       std::string reason, audit_change change) {
  append_audit_lines(
      tx, {{audit_line{by.who, std::move(action), std::move(subject), std::move(reason), by.request_id, std::move(change)}, 1}},
      by.at);
}

} // namespace ingot::storage

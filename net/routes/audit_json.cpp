#include "net/routes/audit_json.hpp"

#include "model/json_object.hpp"

namespace ingot::routes {

namespace {

/// Texts come from outside; `=HYPERLINK(…)` must stay a text (OWASP, CSV injection).
std::string csv_field(std::string_view text) {
  auto out = std::string{"\""};
  if (!text.empty() && std::string_view{"=+-@\t\r"}.find(text.front()) != std::string_view::npos)
    out += '\'';
  for (const auto c : text) {
    if (c == '"')
      out += '"';
    out += c;
  }
  return out + '"';
}

} // namespace

std::string to_json(const storage::audit_record& x) {
  auto out = json_object{};
  out.add("id", x.id).add("at", to_rfc3339(x.at)).add("actor", x.actor).add("action", x.action).add("subject", x.subject);
  out.add("reason", x.reason).add("count", x.count);
  out.add_raw("before", x.before.empty() ? "null" : x.before).add_raw("after", x.after.empty() ? "null" : x.after);
  out.add_unless_empty("request_id", x.request_id);
  x.seq ? out.add("seq", *x.seq) : out.add_raw("seq", "null");
  return out.add_unless_empty("hash", x.hash).text();
}

std::string audit_csv_header() {
  return "id,at,actor,action,subject,reason,count,before,after,request_id,seq,hash\r\n";
}

std::string to_csv(const storage::audit_record& x) {
  auto out = std::to_string(x.id) + ',' + to_rfc3339(x.at);
  for (const auto* text : {&x.actor, &x.action, &x.subject, &x.reason})
    out += ',' + csv_field(*text);
  out += ',' + std::to_string(x.count);
  for (const auto* text : {&x.before, &x.after, &x.request_id})
    out += ',' + csv_field(*text);
  out += ',' + (x.seq ? std::to_string(*x.seq) : std::string{});
  return out + ',' + x.hash + "\r\n";
}

} // namespace ingot::routes

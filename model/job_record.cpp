#include "model/job_record.hpp"

#include "model/json_object.hpp"

namespace ingot {

namespace {

void add_time(json_object& to, std::string_view name, const std::optional<timestamp>& at) {
  at ? to.add(name, to_rfc3339(*at)) : to.add_raw(name, "null");
}

void add_text(json_object& to, std::string_view name, const std::string& text) {
  text.empty() ? to.add_raw(name, "null") : to.add(name, text);
}

} // namespace

std::string job_json(const job_record& x) {
  auto out = json_object{};
  out.add("id", x.id).add("kind", x.kind).add("key", x.key).add("state", x.state).add("priority", x.priority);
  out.add("attempts", x.attempts);
  add_text(out, "dedupe_key", x.dedupe_key);
  add_time(out, "created_at", x.created_at);
  add_time(out, "updated_at", x.updated_at);
  add_time(out, "run_at", x.run_at);
  add_time(out, "lease_until", x.lease_until);
  add_time(out, "finished_at", x.finished_at);
  add_text(out, "last_error", x.last_error);
  out.add_raw("history", x.history).add_raw("payload", x.payload).add("body_bytes", x.body_bytes);
  return out.add_raw("result", x.result.empty() ? "null" : x.result).text();
}

std::string page_json(const job_page& x) {
  auto items = std::vector<std::string>{};
  for (const auto& item : x.items)
    items.push_back(job_json(item));
  auto out = json_object{};
  out.add_raw("jobs", json_array(items));
  return out.add_raw("next", x.next ? std::to_string(*x.next) : "null").text();
}

} // namespace ingot

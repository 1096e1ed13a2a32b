#include "bench/templates.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <simdjson.h>

namespace ingot::bench {
namespace {

constexpr std::string_view owner = "Codertocat";
constexpr char mark = '\x01'; // JSON text holds no control characters

std::string slot_text(slot kind) {
  const auto index = static_cast<std::size_t>(kind);
  std::string out(slot_width[index], '\x02');
  out[0] = mark;
  out[1] = static_cast<char>('A' + index);
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Replaces `from` where it is no part of a longer number.
void replace(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty())
    return;
  const bool number = is_digit(from.back());
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    const auto end = at + from.size();
    if (number && ((end < text.size() && is_digit(text[end])) || (is_digit(from.front()) && at > 0 && is_digit(text[at - 1])))) {
      at = end;
      continue;
    }
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

/// The values of `"key":` that are times become slots.
void replace_times(std::string& text, std::string_view key) {
  const auto field = '"' + std::string{key} + "\":";
  for (std::size_t at = 0; (at = text.find(field, at)) != std::string::npos;) {
    at += field.size();
    const bool quoted = text[at] == '"';
    const auto begin = at + (quoted ? 1 : 0);
    if (!is_digit(text[begin]))
      continue;
    const auto end = quoted ? text.find('"', begin) : text.find_first_not_of("0123456789", begin);
    text.replace(begin, end - begin, slot_text(quoted ? slot::time : slot::epoch));
  }
}

std::string digits(simdjson::simdjson_result<simdjson::dom::element> x) {
  std::int64_t n = 0;
  return x.get(n) == simdjson::SUCCESS ? std::to_string(n) : std::string{};
}

std::string string_of(simdjson::simdjson_result<simdjson::dom::element> x) {
  std::string_view s;
  return x.get(s) == simdjson::SUCCESS ? std::string{s} : std::string{};
}

/// An entry of `pull_requests`, as GitHub writes it.
std::string pull_request_entry() {
  const auto id = slot_text(slot::repository), number = slot_text(slot::pull_number);
  const auto full = std::string{owner} + "/repo-" + id;
  const auto repository =
      R"({"id":)" + id + R"(,"url":"https://api.github.com/repos/)" + full + R"(","name":"repo-)" + id + R"("})";
  return R"({"url":"https://api.github.com/repos/)" + full + "/pulls/" + number + R"(","id":)" + slot_text(slot::pull_id) +
         R"(,"number":)" + number + R"(,"head":{"ref":"changes","sha":")" + slot_text(slot::head) + R"(","repo":)" + repository +
         R"(},"base":{"ref":"master","sha":"f95f852bd8fca8fcc58a9a2d6c842781e32a215e","repo":)" + repository + "}}";
}

void replace_repository(std::string& text, simdjson::dom::element root, const std::string& event) {
  std::vector<simdjson::simdjson_result<simdjson::dom::element>> all{root["repository"], root[event]["repository"],
                                                                     root[event]["head_repository"]};
  for (auto& repository : all) {
    const auto full = string_of(repository["full_name"]), name = string_of(repository["name"]);
    if (full.empty())
      continue;
    const auto id = slot_text(slot::repository);
    replace(text, full, std::string{owner} + "/repo-" + id);
    replace(text, "\"name\":\"" + name + '"', "\"name\":\"repo-" + id + '"');
    replace(text, digits(repository["id"]), id);
    replace(text, '"' + full.substr(0, full.find('/')) + '"', '"' + std::string{owner} + '"');
  }
}

void replace_pull_request(std::string& text, simdjson::simdjson_result<simdjson::dom::element> pull, std::string& head) {
  const auto number = digits(pull["number"]);
  if (number.empty())
    return;
  const auto slot_number = slot_text(slot::pull_number);
  replace(text, "\"number\":" + number, "\"number\":" + slot_number);
  for (const auto* path : {"/pulls/", "/pull/", "/issues/"})
    replace(text, path + number, path + slot_number);
  replace(text, digits(pull["id"]), slot_text(slot::pull_id));
  head = string_of(pull["head"]["sha"]);
  if (const auto title = string_of(pull["title"]); !title.empty())
    replace(text, "\"title\":\"" + title + '"', "\"title\":\"" + title + " #" + slot_text(slot::serial) + '"');
}

/// Status and conclusion as a run of that action has them.
void agree(std::string& text, simdjson::dom::element run, std::string_view status, std::string_view conclusion) {
  const auto was = string_of(run["conclusion"]);
  replace(text, "\"conclusion\":" + (was.empty() ? "null" : '"' + was + '"'),
          "\"conclusion\":" + (conclusion.empty() ? "null" : '"' + std::string{conclusion} + '"'));
  replace(text, "\"status\":\"" + string_of(run["status"]) + '"', "\"status\":\"" + std::string{status} + '"');
}

std::string build_of(std::string_view status, std::string_view conclusion) {
  if (status != "completed")
    return "building";
  return conclusion == "success" || conclusion == "neutral" || conclusion == "skipped" ? "buildPassed" : "buildFailed";
}

std::string request_head(const example& from, std::string_view host, std::size_t body_bytes) {
  return "POST /webhook HTTP/1.1\r\nHost: " + std::string{host} +
         "\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\nContent-Type: application/json\r\nX-GitHub-Event: " +
         from.event +
         "\r\nX-GitHub-Hook-ID: 292430182\r\nX-GitHub-Hook-Installation-Target-ID: 79929171"
         "\r\nX-GitHub-Hook-Installation-Target-Type: repository\r\nContent-Length: " +
         std::to_string(body_bytes) + "\r\nX-GitHub-Delivery: ";
}

std::string body_with_slots(const example& from, std::string_view conclusion, request_template& out) {
  simdjson::dom::parser parser;
  auto root = parser.parse(from.body).value();
  auto text = from.body;
  std::string head;
  replace_repository(text, root, from.event);
  if (from.event == "pull_request") {
    out.is_pull_request = true;
    out.moves_head = from.action == "synchronize";
    replace_pull_request(text, root["pull_request"], head);
  } else if (from.event == "workflow_run" || from.event == "check_run") {
    auto run = root[from.event].value();
    replace_pull_request(text, run["pull_requests"].at(0), head);
    head = string_of(run["head_sha"]);
    replace(text, digits(run["id"]), slot_text(slot::serial));
    replace(text, "\"pull_requests\":[]", "\"pull_requests\":[" + pull_request_entry() + ']');
    auto status = string_of(run["status"]), verdict = string_of(run["conclusion"]);
    if (from.event == "workflow_run") {
      const bool completed = from.action == "completed";
      status = completed ? "completed" : from.action == "in_progress" ? "in_progress" : "queued";
      verdict = completed ? conclusion : std::string_view{};
      agree(text, run, status, verdict);
    }
    out.build = build_of(status, verdict);
  }
  replace(text, head, slot_text(slot::head));
  for (const auto* key :
       {"updated_at", "started_at", "run_started_at", "completed_at", "closed_at", "merged_at", "pushed_at", "timestamp"})
    replace_times(text, key);
  return text;
}

} // namespace

void request_template::patch(const slot_values& values, char* out) const noexcept {
  std::memcpy(out, text.data(), text.size());
  for (std::size_t kind = 0; kind != slot_kinds; ++kind)
    for (auto at : slots[kind])
      std::memcpy(out + at, values.text[kind].data(), slot_width[kind]);
}

request_template make_template(const example& from, std::string_view host, std::string_view conclusion) {
  request_template out;
  out.event = from.event;
  out.action = from.action;
  const auto body = body_with_slots(from, conclusion, out);
  out.text = request_head(from, host, body.size());
  out.id_offset = out.text.size();
  out.text += std::string(36, '0') + "\r\nX-Hub-Signature-256: sha256=";
  out.sign_offset = out.text.size();
  out.text += std::string(64, '0') + "\r\n\r\n";
  out.body_offset = out.text.size();
  out.text += body;
  for (std::size_t at = 0; (at = out.text.find(mark, at)) != std::string::npos; ++at)
    out.slots.at(static_cast<std::size_t>(out.text[at + 1] - 'A')).push_back(static_cast<std::uint32_t>(at));
  if (out.slots[static_cast<std::size_t>(slot::repository)].empty())
    throw std::runtime_error("an example of " + from.event + " names no repository");
  return out;
}

std::vector<request_template> make_templates(const std::vector<example>& examples, std::string_view host) {
  std::vector<request_template> out;
  for (const auto& x : examples) {
    // These name no repository of the set, or end what a later event would contradict.
    if (x.event == "push" && x.body.find("\"repository\":{") == std::string::npos)
      continue;
    out.push_back(make_template(x, host));
    if (x.event == "workflow_run" && x.action == "completed")
      out.push_back(make_template(x, host, "failure"));
  }
  return out;
}

} // namespace ingot::bench

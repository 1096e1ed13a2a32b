#include "model/nightly/run.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <array>

namespace ingot::nightly {

namespace {

constexpr auto all_parts = std::array<std::string_view, 4>{"content", "metadata", "manifest", "readme"};

std::vector<std::string_view> words(std::string_view text) {
  auto out = std::vector<std::string_view>{};
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0)
      out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string json_texts(const std::vector<std::string>& of) {
  auto out = std::vector<std::string>{};
  for (const auto& x : of)
    append_json_string(out.emplace_back(), x);
  return json_array(out);
}

bool is_pattern(std::string_view x) {
  const auto slash = x.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < x.size() &&
         x.find('/', slash + 1) == std::string_view::npos && x.size() <= 200;
}

} // namespace

bool run_order::has(std::string_view part) const {
  const auto of = words(parts);
  return std::find(of.begin(), of.end(), part) != of.end();
}

bool are_parts(std::string_view text) {
  auto of = words(text);
  std::sort(of.begin(), of.end());
  return !of.empty() && std::adjacent_find(of.begin(), of.end()) == of.end() && std::all_of(of.begin(), of.end(), [](auto x) {
    return std::find(all_parts.begin(), all_parts.end(), x) != all_parts.end();
  });
}

std::variant<run_order, failure> parse_run_order(std::string_view body, const run_order& usual) {
  auto out = usual;
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return out;
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto faults = json_faults{};
  const auto members = json_members<"depth", "parts", "repositories">{json_child{document.root(), json_place{}, &faults}};
  const auto depth = members.text<"depth">();
  if (depth && *depth != "incremental" && *depth != "full")
    members.lacks<"depth">("incremental or full");
  if (depth)
    out.full = *depth == "full";
  if (const auto parts = members.text<"parts">()) {
    if (!are_parts(*parts))
      members.lacks<"parts">("content, metadata, manifest and readme, those that are wanted, with blanks between");
    out.parts = *parts;
  }
  if (const auto list = members.array<"repositories">()) {
    out.repositories.clear();
    for (const auto x : *list) {
      auto text = std::string_view{};
      if (x.get_string().get(text) != simdjson::SUCCESS || !is_pattern(text) ||
          out.repositories.size() == order_repositories_max) {
        members.lacks<"repositories">("an array of at most 100 texts: owner/name or owner/*");
        break;
      }
      out.repositories.emplace_back(text);
    }
  }
  if (faults.any())
    return faults.take("the order of a nightly run");
  return out;
}

std::string run_json(const run& x) {
  return json_object{}
      .add("id", x.id)
      .add("state", x.state)
      .add("depth", x.depth)
      .add("parts", x.parts)
      .add("scheduled_for", x.scheduled_for)
      .add("cancel_requested", x.cancel_requested)
      .add("repositories", x.repositories)
      .add("checked", x.unchanged + x.changed + x.failed)
      .add("unchanged", x.unchanged)
      .add("changed", x.changed)
      .add("failed", x.failed)
      .add_raw("drift", x.drift)
      .add("requests", x.requests)
      .add("not_modified", x.not_modified)
      .add("points", x.points)
      .add_raw("alerts", json_texts(x.alerts))
      .add_unless_empty("error", x.error)
      .add("job_id", x.job_id)
      .add("created_at", x.created_at)
      .add("progress_at", x.progress_at)
      .add("finished_at", x.finished_at)
      .text();
}

std::string item_json(const item& x) {
  return json_object{}
      .add("repository_id", x.repository_id)
      .add("repository", x.name)
      .add("state", x.state)
      .add_raw("job_id", x.job_id == 0 ? "null" : std::to_string(x.job_id))
      .add_raw("drift", json_texts(x.drift))
      .add_unless_empty("reason", x.reason)
      .text();
}

std::vector<std::string> drift_between(const state_of_repository& known, const state_of_repository& found) {
  auto out = std::vector<std::string>{};
  if (known.owner != found.owner || known.name != found.name)
    out.emplace_back("renamed");
  if (known.is_private != found.is_private)
    out.emplace_back("visibility");
  if (known.archived != found.archived)
    out.emplace_back("archived");
  if (!found.default_branch.empty() && known.default_branch != found.default_branch) // a repository without a commit has none
    out.emplace_back("default_branch");
  return out;
}

std::vector<std::string> broken_rules(const run& x, const alert_rules& rules, timestamp now) {
  auto out = std::vector<std::string>{};
  if (x.over() && x.failed > 0 && x.failed * 100 > x.repositories * static_cast<std::int64_t>(rules.failed_percent_max))
    out.emplace_back("failed_share");
  const auto until = x.finished_at.value_or(now);
  if (x.created_at && until - *x.created_at > rules.run_time_max)
    out.emplace_back("too_long");
  return out;
}

new_job alert_job(const run& x, std::string_view rule) {
  auto out = new_job{};
  out.kind = alert_kind;
  out.key = "nightly/alert/" + std::to_string(x.id);
  out.dedupe_key = std::string{alert_kind} + ':' + std::to_string(x.id) + ':' + std::string{rule};
  out.payload = json_object{}
                    .add("type", "nightly.alert")
                    .add_raw("data", json_object{}.add("rule", rule).add_raw("run", run_json(x)).text())
                    .text();
  return out;
}

} // namespace ingot::nightly

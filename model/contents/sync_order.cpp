#include "model/contents/sync_order.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"

#include <array>

namespace ingot::contents {

namespace {

constexpr auto all_urgencies = std::array{urgency::webhook, urgency::manual, urgency::fallback, urgency::nightly};

object_id id_or_none(std::optional<std::string_view> hex) {
  return hex ? object_id::parse(*hex).value_or(object_id{}) : object_id{};
}

} // namespace

std::string job_key_of(std::int64_t repository_id) {
  return "contents/" + std::to_string(repository_id);
}

new_job job_of(const sync_order& x, std::string dedupe_key) {
  auto out = new_job{};
  out.kind = content_sync_kind;
  out.key = job_key_of(x.repository_id);
  out.dedupe_key = std::move(dedupe_key);
  out.priority = static_cast<int>(x.how);
  auto text = json_object{};
  text.add("repository", x.repository_id).add("trigger", to_string(x.how)).add("full", x.full);
  if (x.push)
    text.add("branch", x.push->branch)
        .add("before", x.push->before.hex())
        .add("after", x.push->after.hex())
        .add("tree", x.push->tree.hex())
        .add("at", x.push->at);
  out.payload = text.text();
  return out;
}

new_job check_job_of(std::span<const std::int64_t> repositories) {
  auto out = new_job{};
  out.kind = content_check_kind;
  out.key = "contents/check/" + (repositories.empty() ? std::string{} : std::to_string(repositories.front()));
  out.priority = static_cast<int>(urgency::fallback);
  auto ids = std::vector<std::string>{};
  for (const auto id : repositories)
    ids.push_back(std::to_string(id));
  out.payload = json_object{}.add_raw("repositories", json_array(ids)).text();
  return out;
}

std::variant<std::vector<std::int64_t>, failure> parse_check_order(std::string_view payload) {
  auto document = json_document{};
  if (auto why = document.parse(payload))
    return std::move(*why);
  auto faults = json_faults{};
  const auto members = json_members<"repositories">{json_child{document.root(), json_place{}, &faults}};
  const auto list = members.array<"repositories">();
  if (!list)
    members.lacks<"repositories">("an array of numbers");
  auto out = std::vector<std::int64_t>{};
  if (list)
    for (const auto x : *list)
      if (auto id = std::int64_t{0}; x.get_int64().get(id) == simdjson::SUCCESS)
        out.push_back(id);
  if (faults.any())
    return faults.take("the order of a check");
  return out;
}

std::variant<sync_order, failure> parse_sync_order(std::string_view payload) {
  auto document = json_document{};
  if (auto why = document.parse(payload))
    return std::move(*why);
  auto faults = json_faults{};
  const auto members = json_members<"repository", "trigger", "full", "branch", "before", "after", "tree", "at">{
      json_child{document.root(), json_place{}, &faults}};
  auto out = sync_order{};
  out.repository_id = members.need_positive<"repository">();
  const auto trigger = members.need_text<"trigger">();
  for (const auto x : all_urgencies)
    if (to_string(x) == trigger)
      out.how = x;
  out.full = members.flag<"full">().value_or(false);
  if (const auto branch = members.text<"branch">())
    out.push = push_news{std::string{*branch}, id_or_none(members.text<"before">()), id_or_none(members.text<"after">()),
                         id_or_none(members.text<"tree">()), members.time<"at">()};
  if (faults.any())
    return faults.take("the order of a sync");
  return out;
}

} // namespace ingot::contents

#include "model/mcp/check_order.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"

namespace ingot::mcp {

new_job job_of(const check_order& x, std::string dedupe_key) {
  auto out = new_job{};
  out.kind = manifest_check_kind;
  out.key = "manifests/" + std::to_string(x.repository_id);
  out.dedupe_key = std::move(dedupe_key);
  out.priority = static_cast<int>(x.how);
  out.payload =
      json_object{}.add("repository", x.repository_id).add("trigger", contents::to_string(x.how)).add("full", x.full).text();
  return out;
}

std::variant<check_order, failure> parse_check_order(std::string_view payload) {
  auto document = json_document{};
  if (auto why = document.parse(payload))
    return std::move(*why);
  auto faults = json_faults{};
  const auto members = json_members<"repository", "trigger", "full">{json_child{document.root(), json_place{}, &faults}};
  auto out = check_order{};
  out.repository_id = members.need_positive<"repository">();
  const auto trigger = members.need_text<"trigger">();
  for (auto x = std::size_t{0}; x < contents::urgencies; ++x)
    if (contents::to_string(static_cast<contents::urgency>(x)) == trigger)
      out.how = static_cast<contents::urgency>(x);
  out.full = members.flag<"full">().value_or(false);
  if (faults.any())
    return faults.take("the order of a look at manifests");
  return out;
}

} // namespace ingot::mcp

#include "model/github/installation_order.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"

namespace ingot::github {

new_job job_of(const installation_event& x, std::string_view delivery_id) {
  auto added = std::vector<std::string>{};
  for (const auto& repository : x.added)
    if (repository.id > 0 && added.size() < added_repositories_max)
      added.push_back(std::to_string(repository.id));
  auto out = new_job{};
  out.kind = installation_sync_kind;
  out.key = "github/installation/" + std::to_string(x.id);
  out.dedupe_key = std::string{installation_sync_kind} + ':' + std::string{delivery_id};
  out.payload = json_object{}.add("installation", x.id).add_raw("added", json_array(added)).text();
  return out;
}

std::variant<installation_order, failure> parse_installation_order(std::string_view payload) {
  auto document = json_document{};
  if (auto why = document.parse(payload))
    return std::move(*why);
  auto faults = json_faults{};
  const auto x = json_members<"installation", "added">{json_child{document.root(), json_place{}, &faults}};
  auto out = installation_order{};
  out.installation_id = x.need_positive<"installation">();
  const auto added = x.array<"added">();
  if (!added)
    x.lacks<"added">("an array of ids");
  else
    for (const auto item : *added) {
      auto id = std::int64_t{0};
      if (item.get(id) == simdjson::SUCCESS)
        out.added.push_back(id);
    }
  if (faults.any())
    return faults.take("an order that follows an installation");
  return out;
}

} // namespace ingot::github

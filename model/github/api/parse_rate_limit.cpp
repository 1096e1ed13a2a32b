#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

parsed<std::vector<rate>> parse_rate_limit(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto top = json_members<"resources">{document.root()};
  const auto resources = top.child<"resources">();
  auto out = std::vector<rate>{};
  if (!resources.object)
    top.lacks<"resources">("an object");
  else
    for (const auto [name, value] : *resources.object) {
      auto child = json_child{std::nullopt, {&resources.place, name, std::nullopt}, resources.faults};
      auto object = simdjson::dom::object{};
      if (value.get_object().get(object) == simdjson::SUCCESS)
        child.object = object;
      const auto x = json_members<"limit", "remaining", "used", "reset">{child};
      out.push_back(
          {std::string{name}, count_of<"limit">(x), count_of<"remaining">(x), count_of<"used">(x), x.need_time<"reset">()});
    }
  return result_of(document, std::move(out), "the rate limits");
}

} // namespace ingot::github::api

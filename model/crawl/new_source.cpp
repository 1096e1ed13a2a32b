#include "model/crawl/new_source.hpp"

#include "model/crawl/items.hpp"
#include "model/json_document.hpp"

namespace ingot::crawl {

namespace {

failure wrong(std::string_view name, const char* expected) {
  return {fault::missing_field, "this body cannot be meant", {{"/" + std::string{name}, expected}}};
}

} // namespace

std::variant<new_source, failure> parse_new_source(std::string_view body) {
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto out = new_source{};
  for (const auto& [name, value] : document.root()) {
    if (name != "id" && name != "name")
      return wrong(name, "there is no such member here");
    auto text = std::string_view{};
    if (value.get(text) != simdjson::SUCCESS)
      return wrong(name, "expected: a text");
    (name == "id" ? out.id : out.name) = text;
  }
  if (!is_source_id(out.id))
    return wrong("id", "expected: letters, digits, `.`, `_` and `-`, 64 at most");
  return out;
}

} // namespace ingot::crawl

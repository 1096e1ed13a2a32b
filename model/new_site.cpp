#include "model/new_site.hpp"

#include "model/json_document.hpp"

namespace ingot {

namespace {

failure wrong(std::string_view name, const char* expected) {
  return {fault::missing_field, "this body cannot be meant", {{"/" + std::string{name}, expected}}};
}

} // namespace

std::variant<new_site, failure> parse_new_site(std::string_view body) {
  auto out = new_site{};
  if (body.empty())
    return out;
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  for (const auto& [name, value] : document.root()) {
    auto text = std::string_view{};
    auto number = std::int64_t{};
    if (name == "name") {
      if (value.get(text) != simdjson::SUCCESS)
        return wrong(name, "expected: a text");
      out.name = text;
    } else if (name == "id") {
      if (value.get(number) != simdjson::SUCCESS)
        return wrong(name, "expected: a whole number");
      out.id = number;
    } else {
      return wrong(name, "there is no such member here");
    }
  }
  return out;
}

} // namespace ingot

#include "model/reviewer.hpp"

#include "model/json_document.hpp"

#include <algorithm>

namespace ingot {

namespace {

bool part_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

failure wrong(std::string pointer, const char* expected) {
  return {fault::missing_field, "this is no sign-in", {{std::move(pointer), expected}}};
}

} // namespace

std::string_view to_string(person_role x) noexcept {
  return x == person_role::admin ? "admin" : "reviewer";
}

std::optional<person_role> parse_person_role(std::string_view text) noexcept {
  for (const auto x : {person_role::reviewer, person_role::admin})
    if (text == to_string(x))
      return x;
  return std::nullopt;
}

std::optional<std::string> judge_reviewer_name(std::string_view name) {
  if (!name.empty() && name.size() <= reviewer_name_bytes_max && std::all_of(name.begin(), name.end(), part_of_name))
    return std::nullopt;
  return "a name has 1 to " + std::to_string(reviewer_name_bytes_max) +
         " characters: lower-case letters, digits and `.`, `_`, `-`";
}

std::optional<std::string> judge_email(std::string_view address) {
  const auto at = address.rfind('@');
  const auto plain = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '<' && c != '>' && c != ','; };
  if (address.size() <= email_bytes_max && at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
      std::all_of(address.begin(), address.end(), plain))
    return std::nullopt;
  return "an e-mail address is name@domain, without blanks, of at most " + std::to_string(email_bytes_max) + " bytes";
}

std::string actor_of(person_role role, std::string_view name) {
  return std::string{to_string(role)} + " " + std::string{name};
}

std::variant<sign_in, failure> parse_sign_in(std::string_view body) {
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto out = sign_in{};
  for (const auto& [name, value] : document.root()) {
    auto* to = name == "token" ? &out.token : name == "name" ? &out.name : name == "password" ? &out.password : nullptr;
    if (to == nullptr)
      return wrong("/" + std::string{name}, "there is no such member here");
    auto text = std::string_view{};
    if (value.get(text) != simdjson::SUCCESS || text.empty())
      return wrong("/" + std::string{name}, "expected: a text that is not empty");
    *to = text;
  }
  const auto by_name = !out.name.empty() && !out.password.empty();
  if (out.token.empty() != by_name || (!out.token.empty() && !(out.name.empty() && out.password.empty())))
    return wrong("", "expected: token, or name and password");
  return out;
}

} // namespace ingot

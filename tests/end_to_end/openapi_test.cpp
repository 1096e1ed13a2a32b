#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"

#include <set>

using namespace ingot::testing;

namespace {

/// Every `$ref` in `x`.
void gather_references(const json::value& x, std::set<std::string>& to) {
  if (const auto* list = x.if_array())
    for (const auto& one : *list)
      gather_references(one, to);
  if (const auto* object = x.if_object())
    for (const auto& [name, value] : *object) {
      if (name == "$ref")
        to.emplace(value.as_string());
      else
        gather_references(value, to);
    }
}

/// Does `#/components/a/b` lead to something in `document`?
bool leads_somewhere(const json::value& document, const std::string& reference) {
  auto ignored = boost::json::error_code{};
  return reference.starts_with("#/") && document.find_pointer(reference.substr(1), ignored) != nullptr;
}

/// Does a path need a secret, a key or a session? What is open lies at the node's root, or is listed here.
bool is_guarded(const std::string& path, std::string_view method) {
  for (const auto* open : {"/api/v1/servers", "/api/v1/manifests/validate", "/api/v1/submissions"})
    if (path.starts_with(open))
      return false; // a submission is known by its secret link as well as by a key
  for (const auto* guarded : {"/api/v1/", "/ingest/", "/cron/", "/webhook"})
    if (path.starts_with(guarded))
      return true;
  return path.starts_with("/console/api/") && !(path == "/console/api/session" && method == "post"); // signing in
}

} // namespace

TEST_CASE("the API's description names every part that it refers to, every open part of a path, and what each door needs") {
  node running;
  const auto document = json::parse(running.client().get("/openapi.json").body);
  auto references = std::set<std::string>{};
  gather_references(document, references);
  CHECK(references.size() > 20);
  for (const auto& x : references) {
    INFO(x);
    CHECK(leads_somewhere(document, x));
  }
  CHECK_FALSE(leads_somewhere(document, "#/components/schemas/Nothing"));
  for (const auto& [path, operations] : document.at("paths").as_object())
    for (const auto& [method, operation] : operations.as_object()) {
      INFO(method << " " << path);
      CHECK_FALSE(operation.at("summary").as_string().empty());
      CHECK(operation.at("responses").as_object().size() >= 2);
      const auto name = std::string{path};
      auto open = std::size_t{0};
      for (const auto c : name)
        open += c == '{' ? 1 : 0;
      auto in_path = std::size_t{0};
      if (const auto* parameters = operation.as_object().if_contains("parameters"))
        for (const auto& x : parameters->as_array())
          in_path += document.at_pointer(std::string{x.at("$ref").as_string()}.substr(1)).at("in").as_string() == "path" ? 1 : 0;
      CHECK(in_path == open);
      CHECK(operation.as_object().contains("security") == is_guarded(name, method));
    }
}

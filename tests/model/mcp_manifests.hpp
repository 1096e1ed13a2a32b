#pragma once

#include "model/mcp/manifest_validator.hpp"
#include "tests/model/recorded.hpp"

#include <simdjson.h>

namespace ingot::testing {

/// A manifest that is valid, as text; `more` stands behind its members: `, "title": "x"`.
inline std::string good_manifest(const std::string& more = {}, const std::string& name = "io.github.octo-org/weather") {
  return R"({"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json", "name": ")" + name +
         R"(", "description": "Tells the weather.", "version": "1.0.2")" + more + "}";
}

inline const mcp::manifest_problem* find_problem(const mcp::manifest_report& report, std::string_view pointer) {
  for (const auto& each : report.problems)
    if (each.pointer == pointer)
      return &each;
  return nullptr;
}

/// A JSON text, parsed; it lives as long as this.
struct parsed_json {
  explicit parsed_json(const std::string& text) : bytes(text) {
    if (parser.parse(bytes).get(root) != simdjson::SUCCESS)
      throw std::runtime_error("no JSON: " + text.substr(0, 80));
  }
  simdjson::padded_string bytes;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
};

inline std::string text_at(simdjson::dom::element x, std::string_view name) {
  auto out = std::string_view{};
  return x[name].get(out) == simdjson::SUCCESS ? std::string{out} : std::string{};
}

} // namespace ingot::testing

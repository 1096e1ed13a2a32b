#include "model/mcp/manifest_guide.hpp"

#include "model/mcp/manifest_report.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/mcp/published_schemas.hpp"

#include <algorithm>
#include <simdjson.h>
#include <vector>

namespace ingot::mcp {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr auto beginning = R"md(# What a manifest of an MCP server must be

A manifest is a file `server.json` in the repository of the server. `POST /api/v1/manifests/validate` and `ingot manifest validate FILE` judge one as
the node does when it finds it. This page is made of the schemas (`ingot manifest guide`); a test holds it to them.

    {
      "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
      "name": "io.github.octo-org/weather",
      "description": "Tells the weather of a place.",
      "version": "1.0.2",
      "repository": {"url": "https://github.com/octo-org/weather", "source": "github"},
      "packages": [
        {"registryType": "npm", "identifier": "@octo-org/weather", "version": "1.0.2", "transport": {"type": "stdio"}}
      ]
    }
)md";

constexpr auto rules = R"md(
## Rules that the schema cannot say

- **Name.** The namespace is a domain in reverse. Below `io.github` it is the owner of the repository where the manifest was found, spelled as GitHub
  spells it, and `io.github` is in lower case. Who owns another domain, a reviewer looks at.
- **Versions** are exact: no range (`^1.2`, `1.x`, `>=1.0`, `~=1.4`, `[1.0,2.0)`, `1.0 || 2.0`), and not `latest`. A version is published once: another text
  needs another version.
- **Repository.** An address of a repository at github.com or gitlab.com, with its `source`; the one where the manifest was found. `subfolder` is a
  relative path without `.`, `..` or empty parts.
- **Packages.** `registryType` is npm, pypi, oci, nuget or mcpb, and `identifier` a name that such a registry takes. A package of the type mcpb is an
  https address and has `fileSha256`.
- **Addresses** that others are to call (`remotes`, `websiteUrl`, `registryBaseUrl`) are https and of the open internet: no private address, no
  `localhost`, no name without a domain, no user name, no host with letters beyond ASCII.
- **Variables** in an address (`{tenant}`) are described: of a remote in its `variables`; of a package also by an argument, its hint, or an environment
  variable. An address names 100 of them at most.
- **Arguments**: a flag is one word without signs of a shell. The same flag with the same value stands once, unless it `isRepeated`; so does a header. A
  variable of the environment has one value.
- **The file** is UTF-8, has 256 KiB and 64 levels at most, no member twice in an object, no NUL and no half of a surrogate pair.

## The answer

`{"valid", "schema_valid", "schema", "errors": [{"source", "pointer", "message", "hint", "line", "column"}]}`: `source` is `schema` or `rule`, `pointer` a JSON
pointer (RFC 6901) of the value, or of the object that lacks a member; lines and columns count from 1, columns in characters. At most 50 errors are
told. What is no JSON is answered 400. `schema` is the version that the manifest was held against: the one that `$schema` names, else that of the setting
`mcp.default_schema`.
)md";

std::string text_of(object x, const char* name) {
  auto out = std::string_view{};
  return x[name].get(out) == simdjson::SUCCESS ? std::string{out} : std::string{};
}

/// The name of the definition that is referred to.
std::string target_of(element x) {
  auto target = std::string_view{};
  return x["$ref"].get(target) == simdjson::SUCCESS ? std::string{target.substr(target.rfind('/') + 1)} : std::string{};
}

std::string link_to(const std::string& definition) {
  return "[" + definition + "](#" + definition + ")";
}

std::string values_of(object x) {
  auto out = std::string{};
  auto list = simdjson::dom::array{};
  if (x["enum"].get(list) == simdjson::SUCCESS)
    for (const auto each : list)
      (out += out.empty() ? "`" : ", `").append(each.get_string().value_unsafe()) += '`';
  return out;
}

/// What may stand there, in few words.
std::string kind_of(element x) {
  if (const auto target = target_of(x); !target.empty())
    return link_to(target);
  auto it = object{};
  if (x.get(it) != simdjson::SUCCESS)
    return "anything";
  auto items = element{};
  if (it["items"].get(items) == simdjson::SUCCESS)
    return "array of " + kind_of(items);
  if (it["additionalProperties"].get(items) == simdjson::SUCCESS && items.is_object())
    return "object of " + kind_of(items);
  if (const auto values = values_of(it); !values.empty())
    return values;
  auto out = text_of(it, "type");
  auto number = std::uint64_t{0};
  if (it["minLength"].get(number) == simdjson::SUCCESS)
    out += ", at least " + std::to_string(number) + (number == 1 ? " character" : " characters");
  if (it["maxLength"].get(number) == simdjson::SUCCESS)
    out += ", at most " + std::to_string(number) + " characters";
  if (const auto format = text_of(it, "format"); !format.empty())
    out += ", an absolute URI";
  if (const auto pattern = text_of(it, "pattern"); !pattern.empty())
    out += ", matches `" + pattern + "`";
  return out;
}

std::string cell_of(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.replace(at, 1, "\\|");
  return text;
}

bool is_required(object of, std::string_view name) {
  auto list = simdjson::dom::array{};
  if (of["required"].get(list) == simdjson::SUCCESS)
    for (const auto each : list)
      if (each.get_string().value_unsafe() == name)
        return true;
  return false;
}

void describe(std::string& out, object schema, object definitions) {
  out += text_of(schema, "description") + "\n";
  auto alternatives = simdjson::dom::array{};
  auto list = std::string{};
  if (schema["anyOf"].get(alternatives) == simdjson::SUCCESS)
    for (const auto each : alternatives)
      if (const auto target = target_of(each); !target.empty())
        list += (list.empty() ? "" : ", ") + link_to(target);
  if (!list.empty())
    out += "\nOne of: " + list + ".\n";
  auto properties = object{};
  if (schema["properties"].get(properties) != simdjson::SUCCESS)
    return;
  out += "\n| member | | what it is | |\n|---|---|---|---|\n";
  for (const auto member : properties) {
    auto description = std::string{};
    const auto target = target_of(member.value);
    auto it = object{};
    if ((target.empty() ? member.value.get(it) : definitions[target].get(it)) == simdjson::SUCCESS)
      description = text_of(it, "description");
    out += "| `" + std::string{member.key} + "` | " + (is_required(schema, member.key) ? "required" : "") + " | " +
           cell_of(kind_of(member.value)) + " | " + cell_of(description) + " |\n";
  }
}

} // namespace

std::string manifest_guide() {
  auto parser = simdjson::dom::parser{};
  const auto& newest = published_schemas().back();
  const auto text = simdjson::padded_string{newest.text};
  const auto schema = parser.parse(text).get_object().value();
  const auto definitions = schema["definitions"].get_object().value();
  auto out = std::string{beginning};
  out += "\n## Members, by the schema of " + std::string{newest.version} + "\n\n";
  describe(out, schema, definitions);
  for (const auto definition : definitions) {
    out += "\n### " + std::string{definition.key} + "\n\n";
    describe(out, definition.value.get_object().value(), definitions);
  }
  out += "\n## Versions of the schema\n\n";
  for (const auto version : known_schema_versions())
    (out += "- `https://static.modelcontextprotocol.io/schemas/").append(version) += "/server.schema.json`\n";
  out += "\nBefore 2025-10-11 a package needs its `version` and takes no other members than those above, and there are neither "
         "`title` nor `icons`; "
         "before 2025-09-29\nthere is a `status`; that of 2025-07-09 writes names with underscores (`registry_type`).\n";
  return out + rules;
}

} // namespace ingot::mcp

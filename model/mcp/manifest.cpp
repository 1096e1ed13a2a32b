#include "model/mcp/manifest.hpp"

#include "model/json_locate.hpp"
#include "model/json_object.hpp"
#include "model/json_write.hpp"

#include <algorithm>

namespace ingot::mcp {

namespace {

using simdjson::dom::element;

/// A name of the first version: `registryType` was `registry_type`.
std::string with_underscores(std::string_view name) {
  auto out = std::string{};
  for (const char c : name)
    if (c >= 'A' && c <= 'Z')
      (out += '_') += static_cast<char>(c - 'A' + 'a');
    else
      out += c;
  return out;
}

/// Reads members, of wrong types nothing.
class members {
public:
  members(element x, bool underscored) : underscored_(underscored) {
    auto object = simdjson::dom::object{};
    if (x.get(object) == simdjson::SUCCESS)
      object_ = object;
  }

  std::optional<element> find(std::string_view name) const {
    auto out = element{};
    if (!object_ || object_->at_key(underscored_ ? with_underscores(name) : std::string{name}).get(out) != simdjson::SUCCESS)
      return std::nullopt;
    return out;
  }

  std::string text(std::string_view name) const {
    auto out = std::string_view{};
    const auto found = find(name);
    return found && found->get(out) == simdjson::SUCCESS ? std::string{out} : std::string{};
  }

  bool flag(std::string_view name) const {
    auto out = false;
    const auto found = find(name);
    return found && found->get(out) == simdjson::SUCCESS && out;
  }

  template <class Read>
  auto list(std::string_view name, const Read& read) const {
    auto out = std::vector<decltype(read(element{}, false))>{};
    auto array = simdjson::dom::array{};
    if (const auto found = find(name); found && found->get(array) == simdjson::SUCCESS)
      for (const auto each : array)
        out.push_back(read(each, underscored_));
    return out;
  }

  std::vector<std::string> names(std::string_view name) const {
    auto out = std::vector<std::string>{};
    auto object = simdjson::dom::object{};
    if (const auto found = find(name); found && found->get(object) == simdjson::SUCCESS)
      for (const auto each : object)
        out.emplace_back(each.key);
    return out;
  }

private:
  std::optional<simdjson::dom::object> object_;
  bool underscored_;
};

manifest_input read_input(element x, bool underscored) {
  const auto from = members{x, underscored};
  auto name = std::string_view{};
  const auto named = from.find("name");
  const auto value = from.text("value");
  return {from.text("type") != "positional",
          named && named->get(name) == simdjson::SUCCESS ? std::optional<std::string>{name} : std::nullopt,
          value.empty() ? from.text("default") : value, from.text("valueHint"), from.flag("isRepeated")};
}

manifest_transport read_transport(element x, bool underscored) {
  const auto from = members{x, underscored};
  return {from.text("type"), from.text("url"), from.list("headers", read_input), from.names("variables")};
}

manifest_package read_package(element x, bool underscored) {
  const auto from = members{x, underscored};
  auto out = manifest_package{};
  out.registry_type = from.text("registryType");
  out.registry_base_url = from.text("registryBaseUrl");
  out.identifier = from.text("identifier");
  out.version = from.text("version");
  out.file_sha256 = from.text("fileSha256");
  out.runtime_hint = from.text("runtimeHint");
  if (const auto transport = from.find("transport"))
    out.transport = read_transport(*transport, underscored);
  out.runtime_arguments = from.list("runtimeArguments", read_input);
  out.package_arguments = from.list("packageArguments", read_input);
  out.environment = from.list("environmentVariables", read_input);
  return out;
}

std::string quoted_list(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  auto out = std::vector<std::string>{};
  for (const auto& each : words) {
    append_json_string(out.emplace_back(), each);
  }
  return json_array(out);
}

} // namespace

std::string manifest::spelled(std::string_view member) const {
  return underscored ? with_underscores(member) : std::string{member};
}

manifest read_manifest(element document) {
  auto out = manifest{};
  const auto top = members{document, false};
  out.schema = top.text("$schema");
  out.underscored = out.schema.find("/2025-07-09/") != std::string::npos;
  out.name = top.text("name");
  out.title = top.text("title");
  out.description = top.text("description");
  out.version = top.text("version");
  out.deprecated =
      top.text("status") == "deprecated" && (out.underscored || out.schema.find("/2025-09-16/") != std::string::npos);
  const auto from = members{document, out.underscored};
  out.website_url = from.text("websiteUrl");
  if (const auto there = top.find("repository")) {
    const auto repository = members{*there, out.underscored};
    out.repository = manifest_repository{repository.text("url"), repository.text("source"), repository.text("id"),
                                         repository.text("subfolder")};
  }
  out.packages = from.list("packages", read_package);
  out.remotes = from.list("remotes", read_transport);
  return out;
}

std::optional<manifest> read_manifest(std::string_view text) {
  auto parser = simdjson::dom::parser{};
  auto document = element{};
  if (has_byte_order_mark(text) || parser.parse(text.data(), text.size(), true).get(document) != simdjson::SUCCESS ||
      !document.is_object())
    return std::nullopt;
  return read_manifest(document);
}

std::string search_text(const manifest& x) {
  auto out = x.description;
  const auto add = [&](std::string_view text) {
    if (!text.empty())
      (out += '\n') += text;
  };
  add(x.name);
  for (const auto& each : x.packages)
    add(each.identifier);
  for (const auto& each : x.remotes)
    add(each.url);
  if (x.repository)
    add(x.repository->url);
  return out;
}

std::string metadata_json(const manifest& x) {
  auto types = std::vector<std::string>{}, transports = std::vector<std::string>{};
  for (const auto& each : x.packages) {
    types.push_back(each.registry_type);
    transports.push_back(each.transport.type);
  }
  for (const auto& each : x.remotes)
    transports.push_back(each.type);
  return json_object{}
      .add_raw("registry_types", quoted_list(types))
      .add_raw("transports", quoted_list(transports))
      .add("packages", x.packages.size())
      .add("remotes", x.remotes.size())
      .text();
}

} // namespace ingot::mcp

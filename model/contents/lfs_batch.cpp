#include "model/contents/lfs_batch.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace ingot::contents {

namespace {

/// Of one object: git-lfs's servers send two or three.
constexpr std::size_t headers_max = 20;

/// A header that can be sent: it ends no line and names what no server may decide.
bool is_sendable(std::string_view name, std::string_view value) {
  const auto is_token = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  const auto is_plain = [](unsigned char c) { return c >= ' ' && c != 0x7F; };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token) && std::all_of(value.begin(), value.end(), is_plain) &&
         name != "host" && name != "content-length" && name != "transfer-encoding" && name != "connection";
}

void read_headers(const json_child& from, lfs_offer& into) {
  if (!from.object)
    return;
  for (const auto& field : *from.object) {
    auto value = std::string_view{};
    auto name = std::string{field.key};
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (field.value.get(value) == simdjson::SUCCESS && is_sendable(name, value) && into.headers.size() < headers_max)
      into.headers.emplace_back(std::move(name), value);
  }
}

void read_object(const simdjson::dom::object& object, const json_place& place, json_faults& faults, lfs_offer& into) {
  const auto members = json_members<"size", "error", "actions">{json_child{object, place, &faults}};
  const auto error = json_members<"message", "code">{members.child<"error">()};
  if (const auto message = error.text<"message">()) {
    into.problem = *message;
    return;
  }
  if (members.integer<"size">() != static_cast<std::int64_t>(into.of.size)) {
    into.problem = "it has another size than its pointer says";
    return;
  }
  const auto actions = json_members<"download">{members.child<"actions">()};
  const auto download = json_members<"href", "header">{actions.child<"download">()};
  into.url = download.text<"href">().value_or("");
  into.problem = into.url.empty() ? "the server offers no download of it" : "";
  read_headers(download.child<"header">(), into);
}

} // namespace

std::string lfs_question(std::span<const lfs_pointer> of) {
  auto objects = std::vector<std::string>{};
  for (const auto& x : of)
    objects.push_back(json_object{}.add("oid", x.oid).add("size", x.size).text());
  return json_object{}
      .add("operation", "download")
      .add_raw("transfers", R"(["basic"])")
      .add_raw("objects", json_array(objects))
      .add("hash_algo", "sha256")
      .text();
}

std::variant<std::vector<lfs_offer>, failure> parse_lfs_offers(std::string_view text, std::span<const lfs_pointer> of) {
  auto document = json_document{};
  if (auto why = document.parse(text))
    return std::move(*why);
  auto out = std::vector<lfs_offer>{};
  auto by_oid = std::unordered_map<std::string_view, std::size_t>{};
  for (const auto& x : of) {
    by_oid.emplace(x.oid, out.size());
    out.push_back({x, {}, {}, "the server says nothing of it"});
  }
  auto faults = json_faults{};
  const auto top = json_place{};
  const auto members = json_members<"objects">{json_child{document.root(), top, &faults}};
  const auto objects = members.array<"objects">();
  if (!objects)
    return failure{fault::missing_field, "an answer of the LFS batch API has no list `objects`", {{"/objects", "an array"}}};
  for (const auto& each : *objects) {
    auto object = simdjson::dom::object{};
    auto oid = std::string_view{};
    if (each.get(object) != simdjson::SUCCESS || object["oid"].get(oid) != simdjson::SUCCESS)
      continue;
    if (const auto at = by_oid.find(oid); at != by_oid.end())
      read_object(object, top, faults, out[at->second]);
  }
  return out;
}

} // namespace ingot::contents

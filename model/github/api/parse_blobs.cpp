#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"
#include "model/json_object.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

std::string alias_of(std::size_t i) {
  return "b" + std::to_string(i);
}

/// A blob, or what stands where it should: null when there is no such object, an empty object when it is no blob.
blob_text read_blob(const contents::object_id& id, const json_child& from) {
  auto out = blob_text{};
  out.id = id;
  const auto x = json_members<"oid", "text", "isBinary", "isTruncated", "byteSize">{from};
  if (!from.object || !x.text<"oid">())
    return out;
  if (need_id_of<"oid">(x) != id)
    x.lacks<"oid">(id.hex());
  out.found = true;
  // GitHub may leave isBinary null when it has not looked; there is no text then that could be wrong.
  out.is_binary = x.flag<"isBinary">().value_or(false);
  out.is_truncated = x.flag<"isTruncated">().value_or(true);
  out.size = static_cast<std::uint64_t>(count_of<"byteSize">(x));
  if (const auto text = x.text<"text">(); text && !out.is_binary && !out.is_truncated)
    out.text = *text;
  return out;
}

} // namespace

std::string graphql_blobs(std::string_view owner, std::string_view name, std::span<const contents::object_id> ids) {
  auto query = std::string{"query($owner:String!,$name:String!){rateLimit{cost} repository(owner:$owner,name:$name){"};
  for (std::size_t i = 0; i < ids.size(); ++i)
    query += alias_of(i) + ":object(oid:\"" + ids[i].hex() + "\"){...on Blob{oid text isBinary isTruncated byteSize}} ";
  query += "}}";
  return json_object{}
      .add("query", query)
      .add_raw("variables", json_object{}.add("owner", owner).add("name", name).text())
      .text();
}

parsed<blob_batch> parse_blobs(std::string_view body, std::span<const contents::object_id> ids) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto top = json_members<"data">{document.root()};
  const auto data = json_members<"rateLimit", "repository">{top.child<"data">()};
  auto out = blob_batch{};
  out.points = std::max<std::int64_t>(1, count_of<"cost">(json_members<"cost">{data.child<"rateLimit">()}));
  const auto repository = data.child<"repository">();
  if (!repository.object) {
    if (!data.is_null<"repository">())
      data.lacks<"repository">("an object or null");
    return result_of(document, std::move(out), "a batch of blobs");
  }
  out.repository_found = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto alias = alias_of(i);
    auto child = json_child{std::nullopt, {&repository.place, alias, std::nullopt}, repository.faults};
    auto object = simdjson::dom::object{};
    if ((*repository.object)[alias].get_object().get(object) == simdjson::SUCCESS)
      child.object = object;
    out.blobs.push_back(read_blob(ids[i], child));
  }
  return result_of(document, std::move(out), "a batch of blobs");
}

} // namespace ingot::github::api

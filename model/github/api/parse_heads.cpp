#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"
#include "model/json_object.hpp"
#include "model/json_write.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

std::string alias_of(std::size_t i) {
  return "r" + std::to_string(i);
}

std::string graphql_text(std::string_view text) {
  auto out = std::string{};
  append_json_string(out, text);
  return out;
}

/// What stands for one: null when there is none, or none that the caller may see.
std::optional<repository_head> read_head(const json_child& from) {
  if (!from.object)
    return std::nullopt;
  const auto x = json_members<"databaseId", "name", "owner", "isPrivate", "isArchived", "defaultBranchRef", "ref">{from};
  auto out = repository_head{};
  auto& of = out.of;
  of.id = x.need_positive<"databaseId">();
  of.name = need_text_of<"name">(x);
  of.owner = need_text_of<"login">(json_members<"login">{x.child<"owner">()});
  of.is_private = x.flag<"isPrivate">().value_or(true); // unsaid it is the safe one
  of.archived = x.flag<"isArchived">().value_or(false);
  const auto main = json_members<"name", "target">{x.child<"defaultBranchRef">()};
  const auto named = json_members<"target">{x.child<"ref">()};
  of.default_branch = text_of<"name">(main); // of an empty repository there is none
  const auto head = contents::object_id::parse(json_members<"oid">{main.child<"target">()}.text<"oid">().value_or(""));
  const auto branch = contents::object_id::parse(json_members<"oid">{named.child<"target">()}.text<"oid">().value_or(""));
  out.default_head = head.value_or(contents::object_id{});
  out.branch_head = branch.value_or(contents::object_id{});
  return out;
}

} // namespace

std::string graphql_heads(std::span<const repository_name> of) {
  auto query = std::string{"query{rateLimit{cost} "};
  for (std::size_t i = 0; i < of.size(); ++i) {
    query += alias_of(i) + ":repository(owner:" + graphql_text(of[i].owner) + ",name:" + graphql_text(of[i].name) +
             "){databaseId name owner{login} isPrivate isArchived defaultBranchRef{name target{oid}}";
    if (!of[i].branch.empty())
      query += " ref(qualifiedName:" + graphql_text("refs/heads/" + of[i].branch) + "){target{oid}}";
    query += "} ";
  }
  return json_object{}.add("query", query + "}").text();
}

parsed<head_batch> parse_heads(std::string_view body, std::size_t count) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto top = json_members<"data">{document.root()};
  const auto data = top.child<"data">();
  auto out = head_batch{};
  if (!data.object) {
    top.lacks<"data">("an object");
    return result_of(document, std::move(out), "a batch of repositories");
  }
  out.points =
      std::max<std::int64_t>(1, count_of<"cost">(json_members<"cost">{json_members<"rateLimit">{data}.child<"rateLimit">()}));
  for (std::size_t i = 0; i < count; ++i) {
    const auto alias = alias_of(i);
    auto child = json_child{std::nullopt, {&data.place, alias, std::nullopt}, data.faults};
    auto object = simdjson::dom::object{};
    if ((*data.object)[alias].get_object().get(object) == simdjson::SUCCESS)
      child.object = object;
    out.repositories.push_back(read_head(child));
  }
  return result_of(document, std::move(out), "a batch of repositories");
}

} // namespace ingot::github::api

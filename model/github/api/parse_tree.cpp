#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

tree_item read_item(const json_child& from) {
  const auto x = json_members<"path", "mode", "type", "sha", "size">{from};
  auto out = tree_item{};
  out.entry.path = need_path_of<"path">(x);
  out.entry.id = need_id_of<"sha">(x);
  const auto type = x.text<"type">().value_or("");
  if (type != "tree" && type != "blob" && type != "commit")
    x.lacks<"type">("tree, blob or commit");
  out.is_tree = type == "tree";
  if (out.is_tree)
    return out;
  const auto mode = contents::mode_of(x.text<"mode">().value_or(""));
  if (!mode || (*mode == contents::file_mode::submodule) != (type == "commit"))
    x.lacks<"mode">(type == "commit" ? "a submodule's mode" : "a file's mode");
  out.entry.mode = mode.value_or(contents::file_mode::regular);
  // A submodule has no size, and GitHub leaves it out.
  if (type == "blob" && x.integer<"size">().value_or(-1) < 0)
    x.lacks<"size">("a size in bytes");
  out.entry.size = static_cast<std::uint64_t>(count_of<"size">(x));
  return out;
}

} // namespace

parsed<tree> parse_tree(std::string_view body, std::size_t padding) {
  auto document = answer_document{};
  if (auto wrong = document.read(body, padding))
    return std::move(*wrong);
  const auto x = json_members<"sha", "tree", "truncated">{document.root()};
  auto out = tree{};
  out.id = need_id_of<"sha">(x);
  // Unsaid, nobody could tell whether it is whole.
  const auto truncated = x.flag<"truncated">();
  if (!truncated)
    x.lacks<"truncated">("true or false");
  out.truncated = truncated.value_or(true);
  out.items.reserve(x.array<"tree">() ? x.array<"tree">()->size() : 0);
  for_each_of<"tree">(x, [&](const json_child& each) { out.items.push_back(read_item(each)); });
  return result_of(document, std::move(out), "a tree");
}

} // namespace ingot::github::api

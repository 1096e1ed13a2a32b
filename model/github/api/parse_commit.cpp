#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

commit read_commit(const json_child& from) {
  const auto x = json_members<"sha", "commit">{from};
  const auto inner = json_members<"tree", "committer">{x.child<"commit">()};
  auto out = commit{};
  out.id = need_id_of<"sha">(x);
  out.tree = need_id_of<"sha">(json_members<"sha">{inner.child<"tree">()});
  out.committed_at = json_members<"date">{inner.child<"committer">()}.time<"date">();
  return out;
}

} // namespace

parsed<commit> parse_commit(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto top = json_members<"sha", "commit">{document.root()};
  const auto is_branch = !top.text<"sha">();
  return result_of(document, read_commit(is_branch ? top.child<"commit">() : document.root()), "a commit");
}

} // namespace ingot::github::api

#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

/// GitHub lists no more of one comparison, and does not say when there are more ("Compare two commits").
constexpr std::size_t compared_files_max = 300;

changed_file read_file(const json_child& from) {
  const auto x = json_members<"filename", "status", "sha", "previous_filename", "additions", "deletions", "changes">{from};
  auto out = changed_file{};
  out.path = need_path_of<"filename">(x);
  out.status = need_text_of<"status">(x);
  if (x.text<"previous_filename">())
    out.previous_path = need_path_of<"previous_filename">(x);
  if (const auto sha = x.text<"sha">(); sha && !sha->empty())
    out.id = need_id_of<"sha">(x);
  out.additions = count_of<"additions">(x);
  out.deletions = count_of<"deletions">(x);
  out.changes = count_of<"changes">(x);
  return out;
}

} // namespace

parsed<comparison> parse_comparison(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  const auto x = json_members<"status", "total_commits", "commits", "files">{document.root()};
  auto out = comparison{};
  out.status = need_text_of<"status">(x);
  const auto total = x.integer<"total_commits">();
  if (!total || *total < 0)
    x.lacks<"total_commits">("a count");
  out.total_commits = count_of<"total_commits">(x);
  auto listed = std::int64_t{0};
  for_each_of<"commits">(x, [&](const json_child& each) {
    const auto commit = json_members<"sha", "commit">{each};
    const auto inner = json_members<"tree">{commit.child<"commit">()};
    out.head_commit = need_id_of<"sha">(commit);
    out.head_tree = need_id_of<"sha">(json_members<"sha">{inner.child<"tree">()});
    ++listed;
  });
  const auto has_files = x.array<"files">().has_value(); // pages after the first have none
  if (has_files)
    for_each_of<"files">(x, [&](const json_child& each) { out.files.push_back(read_file(each)); });
  out.complete = has_files && out.files.size() < compared_files_max && listed == out.total_commits;
  return result_of(document, std::move(out), "a comparison");
}

parsed<std::vector<changed_file>> parse_changed_files(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read_list(body))
    return std::move(*wrong);
  auto out = std::vector<changed_file>{};
  for_each_of<"items">(json_members<"items">{document.root()}, [&](const json_child& each) {
    out.push_back(read_file(each));
    if (const auto patch = json_members<"patch">{each}.text<"patch">())
      out.back().patch = *patch;
  });
  return result_of(document, std::move(out), "a list of changed files");
}

} // namespace ingot::github::api

#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

repository read_repository(const json_child& from) {
  const auto x =
      json_members<"id", "name", "owner", "default_branch", "html_url", "private", "archived", "disabled", "fork", "size">{from};
  auto out = repository{};
  out.id = x.need_positive<"id">();
  out.name = need_text_of<"name">(x);
  out.owner = need_text_of<"login">(json_members<"login">{x.child<"owner">()});
  out.default_branch = text_of<"default_branch">(x);
  out.html_url = text_of<"html_url">(x);
  out.is_private = x.flag<"private">().value_or(true); // unsaid it is the safe one
  out.archived = x.flag<"archived">().value_or(false);
  out.disabled = x.flag<"disabled">().value_or(false);
  out.fork = x.flag<"fork">().value_or(false);
  out.size_kib = count_of<"size">(x);
  return out;
}

} // namespace

parsed<repository> parse_repository(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  return result_of(document, read_repository(document.root()), "a repository");
}

parsed<std::vector<repository>> parse_installation_repositories(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  auto out = std::vector<repository>{};
  for_each_of<"repositories">(json_members<"repositories">{document.root()},
                              [&](const json_child& each) { out.push_back(read_repository(each)); });
  return result_of(document, std::move(out), "a list of repositories");
}

} // namespace ingot::github::api

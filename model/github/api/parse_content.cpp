#include "model/github/api/parse.hpp"

#include "model/base64.hpp"
#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

/// GitHub breaks base64 into lines.
std::optional<std::string> decode(std::string_view content) {
  auto plain = std::string{content};
  std::erase_if(plain, [](char c) { return c == '\n' || c == '\r'; });
  return from_base64(plain);
}

content_item read_item(const json_child& from) {
  const auto x = json_members<"path", "type", "sha", "size", "encoding", "content">{from};
  auto out = content_item{};
  out.path = text_of<"path">(x); // a repository's root has an empty one
  out.type = need_text_of<"type">(x);
  out.id = need_id_of<"sha">(x);
  out.size = static_cast<std::uint64_t>(count_of<"size">(x));
  // Over 1 MB the encoding is `none`, and the content an empty text.
  if (x.text<"encoding">() == "base64") {
    out.text = decode(x.text<"content">().value_or("?"));
    if (!out.text)
      x.lacks<"content">("base64");
  }
  return out;
}

parsed<content_item> parse_list(std::string_view body) {
  auto document = answer_document{};
  if (auto wrong = document.read_list(body))
    return std::move(*wrong);
  auto out = content_item{};
  out.type = "dir";
  for_each_of<"items">(json_members<"items">{document.root()},
                       [&](const json_child& each) { out.items.push_back(read_item(each)); });
  return result_of(document, std::move(out), "a directory's content");
}

} // namespace

parsed<content_item> parse_content(std::string_view body) {
  if (first_of(body) == '[')
    return parse_list(body);
  auto document = answer_document{};
  if (auto wrong = document.read(body))
    return std::move(*wrong);
  auto out = read_item(document.root());
  const auto x = json_members<"entries">{document.root()};
  if (x.array<"entries">())
    for_each_of<"entries">(x, [&](const json_child& each) { out.items.push_back(read_item(each)); });
  return result_of(document, std::move(out), "a file's content");
}

} // namespace ingot::github::api

#include "model/github/api/answer_document.hpp"

namespace ingot::github::api {

std::optional<failure> answer_document::read(std::string_view body, std::size_t padding) {
  return document_.parse(body, padding, json_document::unstorable::left);
}

std::optional<failure> answer_document::read_list(std::string_view body) {
  wrapped_.reserve(body.size() + 16 + simdjson::SIMDJSON_PADDING);
  wrapped_.assign("{\"items\":").append(body).append("}");
  return document_.parse(wrapped_, simdjson::SIMDJSON_PADDING, json_document::unstorable::left);
}

char first_of(std::string_view body) noexcept {
  const auto at = body.find_first_not_of(" \t\r\n");
  return at == body.npos ? '\0' : body[at];
}

bool is_git_path(std::string_view path) noexcept {
  if (path.empty() || !is_storable(path))
    return false;
  for (auto rest = path;;) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..")
      return false;
    if (slash == rest.npos)
      return true;
    rest.remove_prefix(slash + 1);
  }
}

} // namespace ingot::github::api

#include "model/contents/content_kind.hpp"

#include "model/contents/file_types.hpp"

#include <algorithm>
#include <charconv>

namespace ingot::contents {

namespace {

constexpr auto pointer_bytes_max = std::size_t{1'024}; // "must be less than 1024 bytes in size" (the specification of LFS)

bool is_digits(std::string_view x, std::string_view digits) noexcept {
  return !x.empty() && x.find_first_not_of(digits) == std::string_view::npos;
}

/// Takes a line of a pointer: `key SP value LF`. Nothing when it is none.
std::optional<std::pair<std::string_view, std::string_view>> take_line(std::string_view& text) noexcept {
  const auto end = text.find('\n');
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto line = text.substr(0, end);
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space == 0 || line.find('\r') != std::string_view::npos)
    return std::nullopt;
  text.remove_prefix(end + 1);
  return std::pair{line.substr(0, space), line.substr(space + 1)};
}

/// Strict, as the specification asks for: `version` first, all other keys in alphabetical order, each once, LF at every end.
std::optional<lfs_pointer> read_pointer(std::string_view text, std::uint64_t size) {
  if (size >= pointer_bytes_max || text.size() != size || !text.starts_with("version "))
    return std::nullopt;
  const auto version = take_line(text);
  if (!version || version->second != "https://git-lfs.github.com/spec/v1")
    return std::nullopt;
  auto out = lfs_pointer{};
  auto has_size = false;
  auto before = std::string_view{};
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line || line->first <= before || line->first == "version" ||
        !is_digits(line->first, "abcdefghijklmnopqrstuvwxyz0123456789.-"))
      return std::nullopt;
    const auto [key, value] = *line;
    before = key;
    if (key == "oid") {
      if (!value.starts_with("sha256:") || value.size() != 7 + 64 || !is_digits(value.substr(7), "0123456789abcdef"))
        return std::nullopt;
      out.oid = value.substr(7);
    } else if (key == "size") {
      const auto* const end = value.data() + value.size();
      const auto [stop, problem] = std::from_chars(value.data(), end, out.size);
      if (!is_digits(value, "0123456789") || problem != std::errc{} || stop != end)
        return std::nullopt;
      has_size = true;
    }
  }
  return out.oid.empty() || !has_size ? std::nullopt : std::optional{out};
}

} // namespace

content_kind classify(std::string_view path, std::string_view first, std::uint64_t size) {
  first = first.substr(0, classified_bytes);
  auto out = content_kind{};
  out.is_binary = first.find('\0') != std::string_view::npos;
  out.lfs = out.is_binary ? std::nullopt : read_pointer(first, size);
  const auto* type = type_by_name(path);
  if (type == nullptr && !out.is_binary)
    type = type_by_interpreter(first);
  if (out.lfs) {
    out.mime_type = "text/plain"; // the pointer's; what it stands for lies elsewhere
    return out;
  }
  if (out.is_binary) {
    // A text's name upon bytes that are none tells nothing.
    const auto believable = type != nullptr && type->language.empty() && !type->mime_type.starts_with("text/");
    out.mime_type = believable ? type->mime_type : "application/octet-stream";
    return out;
  }
  out.mime_type = type != nullptr ? type->mime_type : "text/plain";
  if (type != nullptr && !type->language.empty())
    out.language = type->language;
  return out;
}

} // namespace ingot::contents

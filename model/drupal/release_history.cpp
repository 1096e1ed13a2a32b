#include "model/drupal/release_history.hpp"

#include "model/drupal/version.hpp"
#include "model/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <pugixml.hpp>
#include <unordered_set>
#include <utility>

namespace ingot::drupal {

namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t branches_max = 200;
constexpr std::size_t link_bytes_max = 2'048;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

/// The text of a child, or empty. A character reference may name what is no character (`&#xD800;`): that is no text.
std::string_view text_of(const pugi::xml_node& parent, const char* name) {
  const auto text = trimmed(parent.child_value(name));
  return find_bad_utf8(text) == std::string_view::npos ? text : std::string_view{};
}

/// From 1.
std::size_t line_of(std::string_view xml, std::ptrdiff_t offset) {
  const auto end = std::min(xml.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  return 1 + static_cast<std::size_t>(std::count(xml.begin(), xml.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
}

failure refusal(fault code, std::string message, std::string place = {}, std::string detail = {}) {
  auto out = failure{code, std::move(message), {}};
  if (!place.empty())
    out.details.push_back({std::move(place), std::move(detail)});
  return out;
}

bool is_short_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-';
  });
}

/// `8.x-1.,2.0.`
std::vector<std::string> read_list(std::string_view text) {
  auto out = std::vector<std::string>{};
  while (!text.empty() && out.size() < branches_max) {
    const auto comma = text.find(',');
    if (const auto item = trimmed(text.substr(0, comma)); !item.empty() && item.size() <= version_size_max)
      out.emplace_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

/// Length of the core that a legacy version begins with (`8.x-`), or 0. `3.x-dev` names none.
std::size_t core_prefix(std::string_view version) {
  const auto end = version.find(".x-");
  if (end == std::string_view::npos || end == 0 || end + 3 == version.size() || !is_digit(version[end + 3]))
    return 0;
  return std::all_of(version.begin(), version.begin() + static_cast<std::ptrdiff_t>(end), is_digit) ? end + 3 : 0;
}

/// The branch of a version that no supported branch fits.
std::string_view branch_by_name(std::string_view project, std::string_view version) {
  auto dot = version.find('.', core_prefix(version));
  if (project == "drupal" && dot != std::string_view::npos)
    if (const auto second = version.find('.', dot + 1); second != std::string_view::npos)
      dot = second;
  return dot == std::string_view::npos ? version : version.substr(0, dot + 1);
}

bool has_release_type(const pugi::xml_node& release, std::string_view type) {
  for (const auto& term : release.child("terms").children("term"))
    if (text_of(term, "name") == "Release type" && text_of(term, "value") == type)
      return true;
  return false;
}

class history_reader {
public:
  explicit history_reader(std::string_view xml) : xml_{xml} {}

  std::variant<release_history, failure> read(const pugi::xml_node& project) {
    const auto name = text_of(project, "short_name");
    if (!is_short_name(name))
      return refusal(fault::missing_field, "the release history names no project", "/project/short_name",
                     "expected letters, digits, `_` and `-`; got `" + cut_for_echo(name) + "`");
    out_.project = name;
    out_.title = cut_for_echo(text_of(project, "title"), name_bytes_max);
    out_.status = cut_for_echo(text_of(project, "project_status"), name_bytes_max);
    out_.supported_branches = read_list(text_of(project, "supported_branches"));
    supported_majors_ = read_list(text_of(project, "supported_majors"));
    for (const auto& x : project.child("releases").children("release")) {
      if (out_.releases.size() == releases_max)
        return refusal(fault::body_too_large, "a project has at most " + std::to_string(releases_max) + " releases");
      read_release(x);
    }
    if (warnings_ > release_warnings_max)
      out_.warnings.push_back("and " + std::to_string(warnings_ - release_warnings_max) + " more");
    return std::move(out_);
  }

private:
  void warn(const pugi::xml_node& at, const std::string& what) {
    if (++warnings_ <= release_warnings_max)
      out_.warnings.push_back("line " + std::to_string(line_of(xml_, at.offset_debug())) + ": " + what);
  }

  void read_release(const pugi::xml_node& x) {
    const auto text = text_of(x, "version");
    const auto found = parse_version(text);
    if (!found)
      return warn(x, "a release is left out: `" + cut_for_echo(text) + "` is no version");
    const auto status = text_of(x, "status");
    if (status != "published" && status != "unpublished")
      return warn(x, "release " + found->text + " is left out: its status is `" + cut_for_echo(status) +
                         "`, neither published nor unpublished");
    if (!known_.insert(found->text).second)
      return warn(x, "release " + found->text + " stands there twice; the first counts");
    auto& r = out_.releases.emplace_back();
    r.version = found->text;
    r.sort_key = found->sort_key;
    r.published = status == "published";
    r.security = has_release_type(x, "Security update");
    r.insecure = has_release_type(x, "Insecure");
    r.unsupported = has_release_type(x, "Unsupported") || is_project_unsupported() || !is_supported(x, r.version);
    r.branch = branch_of(r.version);
    read_date(x, r);
    if (const auto link = text_of(x, "release_link"); link.size() <= link_bytes_max)
      r.release_link = link;
  }

  void read_date(const pugi::xml_node& x, release& to) {
    const auto text = text_of(x, "date");
    auto seconds = std::int64_t{0};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size())
      to.released_at = from_epoch_seconds(seconds);
    if (!to.released_at && !text.empty())
      warn(x, "release " + to.version + " has no date: `" + cut_for_echo(text) + "` is no number of seconds since 1970");
  }

  bool is_project_unsupported() const {
    static constexpr auto statuses = std::to_array<std::string_view>({"unsupported", "insecure", "revoked", "unpublished"});
    return std::find(statuses.begin(), statuses.end(), out_.status) != statuses.end();
  }

  bool is_supported(const pugi::xml_node& x, std::string_view version) const {
    if (!out_.supported_branches.empty())
      return longest_supported(version) != nullptr;
    const auto major = text_of(x, "version_major");
    return supported_majors_.empty() || major.empty() ||
           std::find(supported_majors_.begin(), supported_majors_.end(), major) != supported_majors_.end();
  }

  const std::string* longest_supported(std::string_view version) const {
    const std::string* best = nullptr;
    for (const auto& x : out_.supported_branches)
      if (version.starts_with(x) && (best == nullptr || best->size() < x.size()))
        best = &x;
    return best;
  }

  std::string branch_of(std::string_view version) const {
    const auto* supported = longest_supported(version);
    return supported != nullptr ? *supported : std::string{branch_by_name(out_.project, version)};
  }

  std::string_view xml_;
  release_history out_;
  std::vector<std::string> supported_majors_;
  std::unordered_set<std::string> known_;
  std::size_t warnings_ = 0;
};

std::string place_of(std::string_view xml, std::size_t offset) {
  return "line " + std::to_string(line_of(xml, static_cast<std::ptrdiff_t>(offset))) + ", byte " + std::to_string(offset);
}

} // namespace

std::variant<release_history, failure> parse_release_history(std::string_view xml) {
  if (xml.size() > release_history_bytes_max)
    return refusal(fault::body_too_large,
                   "a release history may have " + std::to_string(release_history_bytes_max) + " bytes at most");
  const auto bad = std::min(find_bad_utf8(xml), xml.find('\0'));
  if (bad != std::string_view::npos)
    return refusal(fault::unstorable_text, "the release history is no UTF-8 text without NUL", place_of(xml, bad),
                   "a byte that belongs to no character");
  // pugixml reads no document type and expands no entity but XML's own five, so nothing grows.
  auto document = pugi::xml_document{};
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed)
    return refusal(fault::malformed_body, "the release history is no XML", place_of(xml, static_cast<std::size_t>(parsed.offset)),
                   parsed.description());
  if (const auto error = document.child("error"))
    return refusal(fault::not_found, "the server has no such release history: " + cut_for_echo(text_of(document, "error")));
  const auto project = document.child("project");
  if (!project)
    return refusal(fault::malformed_body, "the XML is no release history", "/project",
                   "expected it as the outermost element; got `" + cut_for_echo(document.document_element().name()) + "`");
  return history_reader{xml}.read(project);
}

} // namespace ingot::drupal

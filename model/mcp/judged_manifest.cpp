#include "model/mcp/judged_manifest.hpp"

#include "model/json_document.hpp"
#include "model/json_locate.hpp"
#include "model/mcp/manifest.hpp"
#include "model/mcp/manifest_validator.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ingot::mcp {

namespace {

constexpr std::size_t server_name_bytes_max = 200; // the published schema's limit

constexpr std::array<std::string_view, 4> origin_names = {"typed", "repository", "differs", "absent"};

/// The names of GitHub's users, which only their repositories may use.
constexpr auto github_namespace = std::string_view{"io.github."};

bool is_githubs(std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return name.size() >= github_namespace.size() && std::equal(github_namespace.begin(), github_namespace.end(), name.begin(),
                                                              [&](char a, char b) { return a == lower(b); });
}

/// Its blanks left out; empty when it is no JSON.
std::string minified(std::string_view text) {
  auto document = json_document{};
  return document.parse(text) ? std::string{} : std::string{simdjson::minify(document.root())};
}

bool can_be_kept(std::string_view text) {
  return text.size() <= submission_manifest_bytes_max && text.find('\0') == std::string_view::npos &&
         find_bad_utf8(text) == std::string_view::npos;
}

} // namespace

judged_manifest judge_submitted_manifest(const manifest_validator& by, std::string text,
                                         const std::optional<repository_page>& found_in) {
  const auto origin = found_in ? std::optional{manifest_origin{found_in->owner, found_in->name}} : std::nullopt;
  const auto report = by.validate(text, origin);
  auto out = judged_manifest{};
  out.report = to_json(report);
  out.valid = report.valid;
  if (!can_be_kept(text))
    return out;
  if (const auto what = report.is_json ? read_manifest(std::string_view{text}) : std::nullopt)
    if (what->name.size() <= server_name_bytes_max && what->name.find('\0') == std::string::npos)
      out.server_name = what->name;
  out.text = std::move(text);
  if (!found_in && is_githubs(out.server_name))
    add_problem(out, {problem_source::rule, "/name", "names under io.github. belong to the owners of repositories on GitHub",
                      "submit the repository besides, or use a name under a domain of yours"});
  return out;
}

void add_problem(judged_manifest& to, manifest_problem what) {
  auto report = manifest_report{};
  if (!from_json(to.report, report))
    report = manifest_report{};
  report.valid = false;
  if (report.problems.size() == manifest_report::problems_max)
    report.problems.pop_back();
  report.problems.insert(report.problems.begin(), std::move(what));
  to.report = to_json(report);
  to.valid = false;
}

bool is_same_manifest(std::string_view a, std::string_view b) {
  const auto left = minified(a);
  return !left.empty() && left == minified(b);
}

std::string_view to_string(manifest_origin_kind x) noexcept {
  return origin_names[static_cast<std::size_t>(x)];
}

manifest_origin_kind parse_manifest_origin(std::string_view text) noexcept {
  for (auto i = std::size_t{0}; i < origin_names.size(); ++i)
    if (origin_names[i] == text)
      return static_cast<manifest_origin_kind>(i);
  return manifest_origin_kind::typed;
}

} // namespace ingot::mcp

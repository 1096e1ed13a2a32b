#include "model/mcp/judged_manifest.hpp"

#include "model/json_locate.hpp"
#include "model/mcp/manifest.hpp"
#include "model/mcp/manifest_validator.hpp"

namespace ingot::mcp {

namespace {

constexpr std::size_t server_name_bytes_max = 200; // the published schema's limit

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
  return out;
}

} // namespace ingot::mcp

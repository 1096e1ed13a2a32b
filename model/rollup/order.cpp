#include "model/rollup/order.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace ingot {

namespace {

using std::chrono::sys_days;

std::optional<sys_days> day_of(std::string_view text) {
  if (text.size() != std::string_view{"2024-05-01"}.size())
    return std::nullopt;
  const auto at = parse_rfc3339(std::string{text}.append("T00:00:00Z"));
  return at ? std::optional{std::chrono::floor<std::chrono::days>(*at)} : std::nullopt;
}

/// Reads one member into `out`. @returns what was expected when it is something else; empty: nothing is wrong
std::string read(rollup_order& out, std::string_view name, const simdjson::dom::element& value, sys_days today) {
  if (name == "date") {
    auto text = std::string_view{};
    const auto day = value.get(text) == simdjson::SUCCESS ? day_of(text) : std::nullopt;
    if (!day)
      return "expected: a day such as 2024-05-01";
    if (*day > today)
      return "expected: no day after today (UTC), " + date_text(today);
    out.date = *day;
  } else if (name == "daysToProcess") {
    auto days = std::int64_t{0};
    if (value.get(days) != simdjson::SUCCESS || days < 1 || days > std::int64_t{rollup_days_max})
      return "expected: a whole number from 1 to " + std::to_string(rollup_days_max);
    out.days = static_cast<unsigned>(days);
  } else if (name == "dryRun" || name == "force") {
    if (value.get(name == "force" ? out.force : out.dry_run) != simdjson::SUCCESS)
      return "expected: true or false";
  } else {
    return "there is no such member here; there are date, dryRun, daysToProcess and force";
  }
  return {};
}

} // namespace

std::variant<rollup_order, failure> parse_rollup_order(std::string_view body, timestamp now, unsigned days) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  auto out = rollup_order{today, days};
  if (body.empty())
    return out;
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  const auto top = json_place{};
  auto wrong = std::vector<fault_detail>{};
  for (const auto& [name, value] : document.root()) {
    auto expected = read(out, name, value, today);
    if (!expected.empty() && wrong.size() < json_faults::details_max)
      wrong.push_back({json_place{&top, name, {}}.pointer(), std::move(expected)});
  }
  if (!wrong.empty())
    return failure{fault::invalid_fields, "this rollup cannot be meant", std::move(wrong)};
  return out;
}

std::string date_text(sys_days day) {
  return to_rfc3339(timestamp{day}).substr(0, 10);
}

} // namespace ingot

#include "model/nightly/cron.hpp"

#include "model/digest.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace ingot::nightly {

namespace {

/// February 29 comes back after eight years at most.
constexpr auto days_max = 9 * 366;

constexpr auto month_names =
    std::array<std::string_view, 12>{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr auto weekday_names = std::array<std::string_view, 7>{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct field_rule {
  std::string_view name;
  unsigned first, last;
  std::span<const std::string_view> names; ///< of `first` and what follows
};

constexpr auto rules = std::array<field_rule, 5>{{{"minute", 0, 59, {}},
                                                  {"hour", 0, 23, {}},
                                                  {"day of the month", 1, 31, {}},
                                                  {"month", 1, 12, month_names},
                                                  {"day of the week", 0, 7, weekday_names}}};

struct short_form {
  std::string_view name, expression;
};

constexpr auto short_forms = std::array<short_form, 8>{{{"@hourly", "0 * * * *"},
                                                        {"@daily", "0 0 * * *"},
                                                        {"@midnight", "0 0 * * *"},
                                                        {"@nightly", "0 3 * * *"},
                                                        {"@weekly", "0 0 * * 0"},
                                                        {"@monthly", "0 0 1 * *"},
                                                        {"@yearly", "0 0 1 1 *"},
                                                        {"@annually", "0 0 1 1 *"}}};

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
  auto out = std::vector<std::string_view>{};
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(at), text.size());
    out.push_back(text.substr(0, end));
    if (end == text.size())
      return out;
    text.remove_prefix(end + 1);
    if (text.empty())
      out.push_back(text);
  }
  return out;
}

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

std::optional<unsigned> number_of(std::string_view text) {
  auto out = 0U;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && text.size() <= 4 ? std::optional{out} : std::nullopt;
}

bool has(std::uint64_t bits, unsigned at) {
  return (bits >> at & 1) != 0;
}

timestamp to_timestamp(date::sys_seconds x) {
  return timestamp{std::chrono::duration_cast<timestamp::duration>(x.time_since_epoch())};
}

date::sys_seconds to_seconds(timestamp x) {
  return date::sys_seconds{std::chrono::floor<std::chrono::seconds>(x.time_since_epoch())};
}

} // namespace

/// Reads fields, and keeps the first thing that is wrong.
struct cron_parser {
  std::string wrong;

  void refuse(const field_rule& rule, std::string_view text) {
    if (wrong.empty())
      wrong = "the " + std::string{rule.name} + " `" + std::string{text.substr(0, 40)} + "` is none: expected `*`, " +
              std::to_string(rule.first) + " to " + std::to_string(rule.last) +
              (rule.names.empty() ? "" : ", a name like `" + std::string{rule.names[0]} + "`") +
              ", a range, a list of them, perhaps with a step";
  }

  std::optional<unsigned> value(const field_rule& rule, std::string_view text) {
    const auto name = std::find(rule.names.begin(), rule.names.end(), lower(text));
    const auto out =
        name != rule.names.end() ? std::optional{rule.first + static_cast<unsigned>(name - rule.names.begin())} : number_of(text);
    return out && *out >= rule.first && *out <= rule.last ? out : std::nullopt;
  }

  /// One item of a list: `*`, `a`, `a-b`, each with `/step`.
  std::uint64_t item(const field_rule& rule, std::string_view text) {
    const auto slash = text.find('/');
    const auto step = slash == std::string_view::npos ? std::optional{1U} : number_of(text.substr(slash + 1));
    const auto range = text.substr(0, slash);
    const auto dash = range.find('-');
    auto first = std::optional{rule.first}, last = std::optional{rule.last};
    if (range != "*") {
      first = value(rule, range.substr(0, dash));
      if (dash != std::string_view::npos)
        last = value(rule, range.substr(dash + 1));
      else if (slash == std::string_view::npos)
        last = first;
    }
    if (!first || !last || *first > *last || !step || *step == 0) {
      refuse(rule, text);
      return 0;
    }
    auto out = std::uint64_t{0};
    for (auto i = *first; i <= *last; i += *step)
      out |= std::uint64_t{1} << i;
    return out;
  }

  std::uint64_t field(const field_rule& rule, std::string_view text) {
    auto out = std::uint64_t{0};
    for (const auto x : split(text, ","))
      out |= item(rule, x);
    return out;
  }

  cron_schedule::fields read(const std::vector<std::string_view>& texts) {
    auto out = cron_schedule::fields{};
    const auto targets = std::array{&out.minutes, &out.hours, &out.days, &out.months, &out.weekdays};
    for (std::size_t i = 0; i < rules.size(); ++i)
      *targets[i] = field(rules[i], texts[i]);
    if (has(out.weekdays, 7))
      out.weekdays |= 1;
    out.any_day = texts[2].starts_with('*');
    out.any_weekday = texts[4].starts_with('*');
    out.by_the_clock = texts[0].starts_with('*') || texts[1].starts_with('*');
    return out;
  }
};

std::variant<cron_schedule, std::string> cron_schedule::parse(std::string_view expression, const std::string& zone) {
  const auto first = expression.find_first_not_of(" \t");
  expression.remove_prefix(std::min(first, expression.size()));
  expression = expression.substr(0, expression.find_last_not_of(" \t") + 1);
  for (const auto& x : short_forms)
    if (lower(expression) == x.name)
      expression = x.expression;
  auto texts = split(expression, " \t");
  std::erase(texts, std::string_view{});
  if (texts.size() != rules.size())
    return "expected five fields: minute, hour, day of the month, month, day of the week; or a short form such as @daily";
  auto parser = cron_parser{};
  auto out = cron_schedule{};
  out.fields_ = parser.read(texts);
  if (!parser.wrong.empty())
    return parser.wrong;
  try {
    out.zone_ = date::locate_zone(zone);
  } catch (const std::exception&) {
    return "there is no time zone `" + zone.substr(0, 60) +
           "`: expected a name of the IANA database, such as UTC or Europe/Berlin";
  }
  if (!out.next(timestamp{}))
    return "no day ever fits";
  return out;
}

/// The first time of that local day after `x`, or the last one that is not after it.
std::optional<timestamp> cron_schedule::within_day(int days_since_1970, timestamp x, bool after) const {
  const auto day = date::local_days{date::days{days_since_1970}};
  const auto named = date::year_month_day{day};
  if (!has(fields_.months, static_cast<unsigned>(named.month())))
    return std::nullopt;
  const auto fits_day = has(fields_.days, static_cast<unsigned>(named.day()));
  const auto fits_weekday = has(fields_.weekdays, date::weekday{day}.c_encoding());
  const auto either = !fields_.any_day && !fields_.any_weekday;
  if (either ? !(fits_day || fits_weekday) : !(fits_day && fits_weekday))
    return std::nullopt;
  auto best = std::optional<timestamp>{};
  const auto consider = [&](date::sys_seconds time) {
    const auto at = to_timestamp(time);
    if (after ? at > x && (!best || at < *best) : at <= x && (!best || at > *best))
      best = at;
  };
  for (auto hour = 0U; hour < 24; ++hour)
    for (auto minute = 0U; minute < 60; ++minute) {
      if (!has(fields_.hours, hour) || !has(fields_.minutes, minute))
        continue;
      const auto local = day + std::chrono::hours{hour} + std::chrono::minutes{minute};
      const auto found = zone_->get_info(date::local_seconds{local});
      if (found.result == date::local_info::nonexistent) {
        if (!fields_.by_the_clock)
          consider(found.second.begin);
        continue;
      }
      consider(date::sys_seconds{local.time_since_epoch() - found.first.offset});
      if (found.result == date::local_info::ambiguous && fields_.by_the_clock)
        consider(date::sys_seconds{local.time_since_epoch() - found.second.offset});
    }
  return best;
}

std::optional<timestamp> cron_schedule::next(timestamp x) const {
  const auto today = date::floor<date::days>(zone_->to_local(to_seconds(x))).time_since_epoch().count();
  // A gap's end may be on the day after the one that is skipped: all days that may hold the first time are looked at.
  auto best = std::optional<timestamp>{};
  for (auto i = today - 2, last = today + days_max; i <= last; ++i)
    if (const auto found = within_day(static_cast<int>(i), x, true); found && (!best || *found < *best)) {
      best = found;
      last = std::min(last, i + 2);
    }
  return best;
}

std::optional<timestamp> cron_schedule::latest(timestamp x) const {
  const auto today = date::floor<date::days>(zone_->to_local(to_seconds(x))).time_since_epoch().count();
  auto best = std::optional<timestamp>{};
  for (auto i = today + 2, last = today - days_max; i >= last; --i)
    if (const auto found = within_day(static_cast<int>(i), x, false); found && (!best || *found > *best)) {
      best = found;
      last = std::max(last, i - 2);
    }
  return best;
}

timestamp put_off(timestamp x, std::chrono::milliseconds jitter, std::uint64_t salt) noexcept {
  if (jitter.count() <= 0)
    return x;
  auto mixed = digest{};
  mixed << salt << static_cast<std::uint64_t>(x.time_since_epoch().count());
  return x + std::chrono::milliseconds{static_cast<std::int64_t>(mixed.value() % static_cast<std::uint64_t>(jitter.count()))};
}

} // namespace ingot::nightly

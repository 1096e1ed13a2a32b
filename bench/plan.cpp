#include "bench/plan.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace ingot::bench {
namespace {

/// splitmix64: a bijection, so that different numbers never make the same id.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

void hex(std::uint64_t x, std::size_t width, char* out) noexcept {
  for (auto i = width; i-- != 0; x >>= 4)
    out[i] = "0123456789abcdef"[x & 15];
}

void decimal(std::uint64_t x, std::size_t width, char* out) noexcept {
  for (auto i = width; i-- != 0; x /= 10)
    out[i] = static_cast<char>('0' + x % 10);
}

void rfc3339(std::int64_t seconds, char* out) noexcept {
  using namespace std::chrono;
  const sys_seconds at{std::chrono::seconds{seconds}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::memcpy(out, "0000-00-00T00:00:00Z", 20);
  decimal(static_cast<std::uint64_t>(int{date.year()}), 4, out);
  decimal(unsigned{date.month()}, 2, out + 5);
  decimal(unsigned{date.day()}, 2, out + 8);
  decimal(static_cast<std::uint64_t>(time.hours().count()), 2, out + 11);
  decimal(static_cast<std::uint64_t>(time.minutes().count()), 2, out + 14);
  decimal(static_cast<std::uint64_t>(time.seconds().count()), 2, out + 17);
}

/// How often an action comes up among those of its event: pushes to a pull request are the most frequent, a build ends as often
/// as it begins.
unsigned weight(const request_template& x) {
  if (x.action == "synchronize")
    return 30;
  return x.event == "pull_request" ? 10 : 1;
}

/// A share of `places` for each template: the event's share, split over its actions by weight, over an action's templates evenly.
std::vector<std::uint16_t> choices(const std::vector<request_template>& templates, const std::map<std::string, unsigned>& mix,
                                   unsigned places) {
  std::vector<std::uint16_t> out;
  for (const auto& [event, percent] : mix) {
    std::map<std::string, std::vector<std::uint16_t>> actions;
    for (std::size_t i = 0; i != templates.size(); ++i)
      if (templates[i].event == event)
        actions[templates[i].action].push_back(static_cast<std::uint16_t>(i));
    if (actions.empty())
      throw std::runtime_error("no template for " + event);
    std::vector<std::pair<std::uint16_t, double>> shares;
    double sum = 0;
    for (const auto& [action, all] : actions)
      for (auto i : all) {
        shares.emplace_back(i, static_cast<double>(weight(templates[i])) / static_cast<double>(all.size()));
        sum += shares.back().second;
      }
    const auto begin = out.size(), want = std::size_t{places} * percent / 100;
    double reached = 0;
    for (const auto& [i, share] : shares) {
      reached += share / sum * static_cast<double>(want);
      while (static_cast<double>(out.size() - begin) + 0.5 < reached)
        out.push_back(i);
    }
    while (out.size() - begin < want)
      out.push_back(shares.back().first);
  }
  return out;
}

} // namespace

std::map<std::string, unsigned> parse_mix(std::string_view text) {
  std::map<std::string, unsigned> out;
  unsigned sum = 0;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      throw std::runtime_error("--mix wants event=percent,…");
    const auto percent = static_cast<unsigned>(std::stoul(std::string{part.substr(equals + 1)}));
    if (percent != 0)
      out[std::string{part.substr(0, equals)}] = percent;
    sum += percent;
  }
  if (sum != 100)
    throw std::runtime_error("the shares of --mix sum to " + std::to_string(sum) + ", not to 100");
  return out;
}

plan::plan(const plan_settings& settings, std::vector<request_template> templates)
    : settings_{settings}, templates_{std::move(templates)}, choice_{choices(templates_, settings.mix, 10'000)},
      // Runs of different seeds touch different repositories, so that they do not meet in one database.
      first_repository_{static_cast<std::int64_t>(100'000'000 + settings.seed % 800 * 1'000'000)} {
  if (settings.repositories == 0 || settings.repositories > 1'000'000 || settings.pulls_per_repository == 0 ||
      settings.pulls_per_repository > pulls_max)
    throw std::runtime_error("repositories must be 1 to 1,000,000, pull requests of each 1 to 9,000");
  if (settings.pull_life > 0 && settings.repositories > 10'000)
    throw std::runtime_error("repositories whose pull requests come and go must be 1 to 10,000");
}

step plan::at(std::uint64_t n) const noexcept {
  const auto a = mixed(settings_.seed * 0x2545f4914f6cdd1dull + n), b = mixed(a);
  step out;
  out.what = &templates_[choice_[a % choice_.size()]];
  out.repository = static_cast<std::uint32_t>(settings_.sweep ? n % settings_.repositories : (b >> 32) % settings_.repositories);
  out.pull = static_cast<std::uint32_t>((b & 0xffffffffu) % settings_.pulls_per_repository);
  if (settings_.pull_life > 0)
    out.pull =
        static_cast<std::uint32_t>((n / (std::uint64_t{settings_.repositories} * settings_.pull_life) + out.pull) % pulls_max);
  return out;
}

void plan::delivery_id(std::uint64_t n, char* out) const noexcept {
  const auto spread = mixed(n ^ mixed(settings_.seed));
  std::memcpy(out, "00000000-0000-4000-8000-000000000000", 36);
  hex(spread >> 32, 8, out);
  hex(spread >> 16, 4, out + 9);
  hex(spread >> 4, 3, out + 15);
  hex(spread & 0xf, 1, out + 20);
  hex(mixed(settings_.seed + 7), 12, out + 24);
}

std::string plan::delivery_id(std::uint64_t n) const {
  std::string out(36, ' ');
  delivery_id(n, out.data());
  return out;
}

std::string plan::run_suffix() const {
  return delivery_id(0).substr(23);
}

void plan::head(std::size_t key, std::uint32_t version, char* out) const noexcept {
  auto x = mixed(settings_.seed ^ (std::uint64_t{key} << 32 | version));
  hex(x, 16, out);
  hex(x = mixed(x), 16, out + 16);
  hex(mixed(x), 8, out + 32);
}

void plan::values(std::uint64_t n, const step& x, std::uint32_t version, slot_values& out) const noexcept {
  const auto at = settings_.clock + static_cast<std::int64_t>(n);
  decimal(static_cast<std::uint64_t>(repository_id(x.repository)), 9, out[slot::repository]);
  decimal(pull_number(x.pull), 4, out[slot::pull_number]);
  decimal(100'000'000 + key(x) % 900'000'000, 9, out[slot::pull_id]);
  head(key(x), version, out[slot::head]);
  rfc3339(at, out[slot::time]);
  decimal(static_cast<std::uint64_t>(at), 10, out[slot::epoch]);
  decimal(serial(n), 9, out[slot::serial]);
}

std::size_t plan::body_bytes_max() const noexcept {
  std::size_t out = 0;
  for (const auto& x : templates_)
    out = std::max(out, x.size() - x.body_offset);
  return out;
}

double plan::body_bytes_mean() const noexcept {
  double sum = 0;
  for (auto i : choice_)
    sum += static_cast<double>(templates_[i].size() - templates_[i].body_offset);
  return sum / static_cast<double>(choice_.size());
}

std::unordered_map<std::size_t, expected_rows> expectations(const plan& p, const std::vector<bool>& acked) {
  std::unordered_map<std::size_t, expected_rows> out;
  heads current{p};
  std::unordered_map<std::size_t, std::uint32_t> build_version;
  for (std::uint64_t n = 0; n != acked.size(); ++n) {
    const auto x = p.at(n);
    if (!x.what->is_pull_request && x.what->build.empty())
      continue;
    const auto key = p.key(x);
    const auto version = current.advance(n, x, key);
    auto& row = out[key];
    if (!acked[n]) {
      row.certain = false;
      continue;
    }
    row.pipeline = true;
    if (x.what->is_pull_request) {
      row.pull_request = true;
      row.title = n;
    } else {
      row.build = &x.what->build;
      build_version[key] = version;
    }
    row.version = version;
  }
  for (auto& [key, row] : out)
    if (row.build && build_version[key] != row.version)
      row.build = nullptr;
  return out;
}

} // namespace ingot::bench

#include "config/quantity.hpp"

#include <charconv>
#include <limits>
#include <span>

namespace ingot {

namespace {

struct suffix {
  std::string_view text;
  std::int64_t factor; ///< bytes or milliseconds
  bool printed;        ///< used by print_quantity
};

constexpr suffix sizes[] = {
    {"TiB", 1ll << 40, true},     {"GiB", 1ll << 30, true}, {"MiB", 1ll << 20, true},
    {"KiB", 1ll << 10, true},     {"B", 1, true},           {"TB", 1'000'000'000'000, false},
    {"GB", 1'000'000'000, false}, {"MB", 1'000'000, false}, {"KB", 1'000, false},
    {"kB", 1'000, false},
};
constexpr suffix durations[] = {
    {"d", 86'400'000, true}, {"h", 3'600'000, true}, {"m", 60'000, true}, {"s", 1'000, true}, {"ms", 1, true},
};

std::span<const suffix> suffixes(setting_unit unit) {
  switch (unit) {
  case setting_unit::bytes:
    return sizes;
  case setting_unit::ms:
  case setting_unit::days:
    return durations;
  case setting_unit::none:
    break;
  }
  return {};
}

/// Bytes or milliseconds in one of `unit`.
std::int64_t factor_of(setting_unit unit) {
  return unit == setting_unit::days ? 86'400'000 : 1;
}

} // namespace

std::optional<std::int64_t> parse_quantity(std::string_view text, setting_unit unit) {
  std::int64_t amount = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || text.empty())
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  if (text.empty())
    return amount;
  for (const auto& x : suffixes(unit)) {
    if (x.text != text)
      continue;
    std::int64_t base = 0;
    if (__builtin_mul_overflow(amount, x.factor, &base) || base % factor_of(unit) != 0)
      return std::nullopt;
    return base / factor_of(unit);
  }
  return std::nullopt;
}

std::string print_quantity(std::int64_t amount, setting_unit unit) {
  auto number = std::to_string(amount);
  std::int64_t base = 0;
  if (unit == setting_unit::none || __builtin_mul_overflow(amount, factor_of(unit), &base))
    return number;
  if (base == 0)
    return unit == setting_unit::bytes ? "0B" : unit == setting_unit::days ? "0d" : "0ms";
  for (const auto& x : suffixes(unit)) {
    // Days stay days: "30d", not "720h".
    if (x.printed && base % x.factor == 0 && x.factor >= factor_of(unit))
      return std::to_string(base / x.factor) + std::string{x.text};
  }
  return number;
}

} // namespace ingot

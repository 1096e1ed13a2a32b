#include "model/time.hpp"

#include <array>

namespace ingot {

namespace {

using namespace std::chrono;

/// The `count` decimal digits at `text`, or -1.
constexpr int digits(const char* text, int count) noexcept {
  int value = 0;
  for (int i = 0; i < count; ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    if (digit > 9)
      return -1;
    value = value * 10 + static_cast<int>(digit);
  }
  return value;
}

/// Reads `.digits` at the start of `text` and removes it: its microseconds, further digits cut off. -1 when no digit follows the
/// point.
int take_fraction(std::string_view& text) noexcept {
  std::size_t i = 1;
  int micros = 0, unit = 100'000;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, unit /= 10)
    micros += (text[i] - '0') * unit;
  text.remove_prefix(i);
  return i > 1 ? micros : -1;
}

/// `Z` or `+hh:mm`, the whole of `text`.
std::optional<minutes> zone_offset(std::string_view text) noexcept {
  if (text == "Z" || text == "z")
    return minutes{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
    return std::nullopt;
  const int h = digits(text.data() + 1, 2), m = digits(text.data() + 4, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59)
    return std::nullopt;
  return text[0] == '-' ? -minutes{h * 60 + m} : minutes{h * 60 + m};
}

constexpr timestamp earliest{};
constexpr timestamp beyond = sys_days{year{10000} / 1 / 1};

void append_padded(std::string& out, unsigned value, int width) {
  std::array<char, 8> buffer{};
  for (int i = width - 1; i >= 0; --i, value /= 10)
    buffer[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  out.append(buffer.data(), static_cast<std::size_t>(width));
}

} // namespace

std::optional<timestamp> parse_rfc3339(std::string_view text) {
  constexpr std::size_t date_and_time = 19;
  if (text.size() <= date_and_time)
    return std::nullopt;
  const char* p = text.data();
  if (p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't') || p[13] != ':' || p[16] != ':')
    return std::nullopt;
  const int y = digits(p, 4), mon = digits(p + 5, 2), d = digits(p + 8, 2);
  const int h = digits(p + 11, 2), min = digits(p + 14, 2), s = digits(p + 17, 2);
  if (y < 0 || mon < 0 || d < 0 || h < 0 || h > 23 || min < 0 || min > 59 || s < 0 || s > 60)
    return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mon)}, day{static_cast<unsigned>(d)}};
  if (!date.ok())
    return std::nullopt;
  text.remove_prefix(date_and_time);
  int micros = 0;
  if (text.front() == '.' && (micros = take_fraction(text)) < 0)
    return std::nullopt;
  const auto offset = zone_offset(text);
  if (!offset)
    return std::nullopt;
  timestamp at = sys_days{date} + hours{h} + minutes{min} + seconds{s} + microseconds{micros};
  if (s == 60)
    at = sys_days{date} + hours{h} + minutes{min} + seconds{60} - microseconds{1};
  at -= *offset;
  if (at < earliest || at >= beyond)
    return std::nullopt;
  return at;
}

std::optional<timestamp> from_epoch_seconds(std::int64_t seconds_since_1970) {
  if (seconds_since_1970 < 0 || seconds_since_1970 >= duration_cast<seconds>(beyond.time_since_epoch()).count())
    return std::nullopt;
  return timestamp{seconds{seconds_since_1970}};
}

std::string to_rfc3339(timestamp at) {
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss time{at - midnight};
  std::string out;
  out.reserve(27);
  append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, static_cast<unsigned>(time.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(time.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(time.seconds().count()), 2);
  if (const auto micros = time.subseconds().count(); micros != 0) {
    out += '.';
    append_padded(out, static_cast<unsigned>(micros), 6);
  }
  out += 'Z';
  return out;
}

} // namespace ingot

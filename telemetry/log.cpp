#include "telemetry/log.hpp"

#include "model/json_locate.hpp"
#include "model/json_write.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <mutex>
#include <shared_mutex>

namespace ingot::log {

namespace {

constexpr std::size_t value_bytes_max = 2048;
constexpr std::string_view hidden = "[hidden]";
constexpr int off = 5;

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};

std::atomic<int> threshold{static_cast<int>(level::info)};
std::atomic<log_format> form{log_format::json};

std::shared_mutex secrets_guard;
std::vector<std::string> secrets;

/// Never destroyed: other statics may log while the process ends.
spdlog::logger& sink() {
  static auto* made = [] {
    auto stderr_sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto* out = new spdlog::logger{"ingot", std::move(stderr_sink)};
    out->set_pattern("%v");
    out->set_level(spdlog::level::trace);
    return out;
  }();
  return *made;
}

void append_padded(std::string& out, unsigned value, int digits) {
  char text[10];
  for (int i = digits - 1; i >= 0; --i, value /= 10)
    text[i] = static_cast<char>('0' + value % 10);
  out.append(text, static_cast<std::size_t>(digits));
}

/// RFC 3339 with milliseconds.
void append_now(std::string& out) {
  using namespace std::chrono;
  auto now = floor<milliseconds>(system_clock::now());
  auto day = floor<days>(now);
  year_month_day date{day};
  hh_mm_ss time{now - day};
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
  out += '.';
  append_padded(out, static_cast<unsigned>(time.subseconds().count()), 3);
  out += 'Z';
}

bool names_a_secret(std::string_view name) {
  static constexpr std::string_view words[] = {"secret", "token", "password", "authorization", "cookie", "signature"};
  return std::any_of(std::begin(words), std::end(words), [&](auto word) { return name.find(word) != std::string_view::npos; });
}

/// A JSON object must not hold a name twice.
std::string written_name(std::string_view name) {
  bool ours = name == "ts" || name == "level" || name == "event";
  return std::string{name} + (ours ? "_" : "");
}

void hide_secrets(std::string& text) {
  std::shared_lock lock{secrets_guard};
  for (const auto& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + hidden.size()))
      text.replace(at, secret.size(), hidden);
  }
}

/// Valid UTF-8 of bounded size without secrets.
std::string presentable(std::string_view raw) {
  // Secrets first: cutting or repairing could leave half of one.
  std::string text{raw.substr(0, 16 * value_bytes_max)};
  hide_secrets(text);
  for (auto bad = find_bad_utf8(text); bad != std::string_view::npos; bad = find_bad_utf8(text))
    text.replace(bad, 1, "\xEF\xBF\xBD");
  return text.size() > value_bytes_max ? cut_for_echo(text, value_bytes_max) : text;
}

/// For terminals: what could move the cursor or fake a line is shown as an escape (C0, DEL, C1).
void append_for_people(std::string& out, std::string_view text) {
  bool plain = !text.empty() && text.find_first_of(" \"=") == std::string_view::npos;
  std::string quoted;
  append_json_string(quoted, text);
  std::string safe;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    auto byte = static_cast<unsigned char>(quoted[i]);
    bool c1 = byte == 0xC2 && i + 1 < quoted.size() && static_cast<unsigned char>(quoted[i + 1]) < 0xA0;
    if (byte != 0x7F && !c1) {
      safe += quoted[i];
      continue;
    }
    if (c1)
      byte = static_cast<unsigned char>(quoted[++i]);
    safe += "\\u00";
    safe += "0123456789abcdef"[byte >> 4];
    safe += "0123456789abcdef"[byte & 15];
  }
  out += plain && safe.size() == text.size() + 2 ? safe.substr(1, safe.size() - 2) : safe;
}

void append_number(std::string& out, double x) {
  std::array<char, 32> buffer{};
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x);
  out.append(buffer.data(), error == std::errc{} ? end : buffer.data());
}

void append_value(std::string& out, const field& x, bool json) {
  if (names_a_secret(x.name)) {
    out += json ? "\"[hidden]\"" : hidden;
  } else if (const auto* text = std::get_if<std::string_view>(&x.value)) {
    if (json)
      append_json_string(out, presentable(*text));
    else
      append_for_people(out, presentable(*text));
  } else if (const auto* whole = std::get_if<std::int64_t>(&x.value)) {
    out += std::to_string(*whole);
  } else {
    append_number(out, std::get<double>(x.value));
  }
}

std::string json_line(level at, std::string_view event, std::initializer_list<field> fields) {
  std::string out = R"({"ts":")";
  append_now(out);
  out += R"(","level":")";
  out += level_names[static_cast<std::size_t>(at)];
  out += R"(","event":)";
  append_json_string(out, presentable(event));
  for (const auto& x : fields) {
    out += ',';
    append_json_string(out, written_name(x.name));
    out += ':';
    append_value(out, x, true);
  }
  return out + '}';
}

std::string text_line(level at, std::string_view event, std::initializer_list<field> fields) {
  std::string out;
  append_now(out);
  out += ' ';
  out += level_names[static_cast<std::size_t>(at)];
  out.append(7 - level_names[static_cast<std::size_t>(at)].size(), ' ');
  std::string safe;
  append_for_people(safe, presentable(event));
  out += safe.front() == '"' ? safe.substr(1, safe.size() - 2) : safe;
  for (const auto& x : fields) {
    out += ' ';
    out += x.name;
    out += '=';
    append_value(out, x, false);
  }
  return out;
}

} // namespace

void configure(const log_settings& settings) {
  auto at = std::find(level_names.begin(), level_names.end(), settings.level);
  auto found = static_cast<int>(at - level_names.begin()); // an unknown word means off, as "off" does
  threshold = std::min(found, off);
  form = settings.format;
}

void hide(std::vector<std::string> texts) {
  texts.erase(std::remove_if(texts.begin(), texts.end(), [](const auto& x) { return x.size() < 4; }), texts.end());
  // The longest first: one secret may begin with another.
  std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::unique_lock lock{secrets_guard};
  secrets = std::move(texts);
}

bool enabled(level at) noexcept {
  return static_cast<int>(at) >= threshold.load(std::memory_order_relaxed);
}

void write(level at, std::string_view event, std::initializer_list<field> fields) {
  if (!enabled(at))
    return;
  try {
    auto line =
        form.load(std::memory_order_relaxed) == log_format::json ? json_line(at, event, fields) : text_line(at, event, fields);
    sink().log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
  } catch (...) {
    // A line that cannot be written must not take its work with it.
  }
}

} // namespace ingot::log

#pragma once

#include "config/settings.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ingot::log {

enum class level : std::uint8_t { trace, debug, info, warn, error };

/// One named value of a log line: text (escaped) or a number.
struct field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};

/// Sets level and format. Lines go to standard error: one JSON object each
/// (`ts`, `level`, `event`, then the fields), or readable text. Thread-safe; never throws.
void configure(const log_settings& settings);

bool enabled(level at) noexcept;

/// Writes one line. `event` is a short constant sentence without values: `delivery stored`. Values go into `fields`
/// by their fixed names: request_id, delivery, repository, remote, reason, ms, … Never a secret, token or body (law 9).
void write(level at, std::string_view event, std::initializer_list<field> fields = {});

inline void debug(std::string_view event, std::initializer_list<field> fields = {}) { write(level::debug, event, fields); }
inline void info(std::string_view event, std::initializer_list<field> fields = {}) { write(level::info, event, fields); }
inline void warn(std::string_view event, std::initializer_list<field> fields = {}) { write(level::warn, event, fields); }
inline void error(std::string_view event, std::initializer_list<field> fields = {}) { write(level::error, event, fields); }

} // namespace ingot::log

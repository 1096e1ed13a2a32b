#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

/// Texts that must never be written (law 9): where one occurs inside a value, `[hidden]` stands instead. Replaces the list of the
/// call before; texts under 4 bytes are left out. It is the net below the rule, not the rule: do not log secrets. Thread-safe.
void hide(std::vector<std::string> secrets);

bool enabled(level at) noexcept;

/// Writes one line. `event` is a short constant sentence without values: `delivery stored`. Values go into `fields`
/// by their fixed names: request_id, delivery, repository, remote, reason, ms, … Never a secret, token or body (law 9).
/// Values may be hostile: bad UTF-8 becomes U+FFFD, control characters are escaped, texts are cut at 2 KiB, and a field whose
/// name says secret, token, password, authorization, cookie or signature is written as `[hidden]`. A field named ts, level or
/// event gets a `_`. Never throws.
void write(level at, std::string_view event, std::initializer_list<field> fields = {});

inline void debug(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::error, event, fields);
}

} // namespace ingot::log

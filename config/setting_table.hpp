#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace ingot {

/// Where a value of the table lives inside `settings`.
using setting_slot = std::variant<std::string*, std::filesystem::path*, std::uint16_t*, unsigned*, std::size_t*, milliseconds*,
                                  double*, bool*, log_format*>;

/// What the number of a setting counts.
enum class setting_unit : std::uint8_t { none, bytes, ms, days };

/// One setting. The loader, the environment's names, `check-config`, docs/operating.md and docs/ingot.example.toml all derive
/// from it; its default is what a fresh `settings` holds.
struct setting {
  std::string_view key;         ///< its place in the TOML file: `server.port`; with INGOT_ and in capitals its environment name
  std::string_view environment; ///< a further environment name that people expect (`PORT`), or empty
  setting_slot (*slot)(settings&);
  setting_unit unit = setting_unit::none;
  std::int64_t least = 0; ///< of a number, in `unit`
  std::int64_t most = 0;
  std::string_view choices = {}; ///< of a text: the words that it may be, separated by `|`; empty: any
  bool secret = false;           ///< never shown (law 9)
  std::string_view help;         ///< what it does, and why one would change it
};

/// All of them, in the order of the documentation.
std::span<const setting> all_settings();

/// The setting of that key, or null.
const setting* find_setting(std::string_view key);

/// `server.port` → `INGOT_SERVER_PORT`.
std::string environment_name(std::string_view key);

/// A word for its type: `text`, `path`, `whole number`, `number`, `size`, `duration`, `true or false`.
std::string_view type_name(const setting& x);

/// Its value in `from` as it could stand in a TOML file: `"127.0.0.1"`, `8787`, `"25MiB"`, `"10s"`, `true`.
std::string toml_value(const setting& x, const settings& from);

} // namespace ingot

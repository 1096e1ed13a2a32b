#pragma once

#include "config/settings.hpp"
#include "model/sealing.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace ingot {

/// Which secrets ensure_secrets() has just made, so that they can be shown once.
struct generated {
  bool webhook = false;
  bool admin = false;
};

/// Files under data_dir that keep what was generated; mode 0600, one line each.
inline constexpr std::string_view webhook_secret_file = "webhook.secret";
inline constexpr std::string_view admin_token_file = "admin.token";
inline constexpr std::string_view master_key_file = "master.key";

/// Fills what the configuration leaves open from the files of an earlier start; makes nothing. Configured values win.
/// Throws std::runtime_error when a file is there and cannot be read.
void read_kept_secrets(settings& to, const std::filesystem::path& data_dir);

/// read_kept_secrets(); then makes and keeps what is still missing: the admin token and the master key always, the webhook secret
/// only when `generate_webhook_secret` is set and no endpoint has one. Makes data_dir if need be. Two nodes starting at once end
/// with one secret. Throws std::runtime_error that says what is wrong and what to do.
generated ensure_secrets(settings& to, const std::filesystem::path& data_dir);

/// 256 random bits from getrandom(2). Throws std::runtime_error when the kernel gives none.
std::array<unsigned char, 32> random_bytes();

/// `prefix` and 64 hexadecimal digits of random_bytes().
std::string random_token(std::string_view prefix);

/// What seals the secrets in rows, by the settings' master key. Throws std::runtime_error when there is none, or a kept one is no
/// key.
sealing sealing_of(const settings& from);

/// All secret texts of the settings: what the log must hide (law 9).
std::vector<std::string> secret_texts(const settings& from);

/// A connection string without its password: `postgresql://u:***@host/db`, `host=… password=***`.
std::string mask_password(std::string_view url);

} // namespace ingot

#pragma once

#include "config/settings.hpp"

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

/// The secret in a file below data_dir; empty when there is none. Throws std::runtime_error when it cannot be read.
std::string read_kept_secret(const std::filesystem::path& data_dir, std::string_view file);

/// Makes that file whole or not at all. @returns false when it is there already. Throws std::runtime_error.
bool keep_secret_once(const std::filesystem::path& data_dir, std::string_view file, const std::string& secret);

/// Puts another secret into that file: whoever reads it sees the old one or the new one. Throws std::runtime_error.
void replace_kept_secret(const std::filesystem::path& data_dir, std::string_view file, const std::string& secret);

/// All secret texts of the settings: what the log must hide (law 9).
std::vector<std::string> secret_texts(const settings& from);

/// A connection string without its password: `postgresql://u:***@host/db`, `host=… password=***`.
std::string mask_password(std::string_view url);

} // namespace ingot

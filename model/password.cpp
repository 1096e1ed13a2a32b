#include "model/password.hpp"

#include <argon2.h>

#include <stdexcept>

namespace ingot {

namespace {

constexpr auto lanes = std::uint32_t{1}; // more would want threads of their own
constexpr auto hash_bytes = std::size_t{32};
constexpr auto encoded_bytes_max = std::size_t{256};

} // namespace

std::optional<std::string> judge_password(std::string_view password) {
  if (password.size() >= password_bytes_min && password.size() <= password_bytes_max)
    return std::nullopt;
  return "a password has " + std::to_string(password_bytes_min) + " to " + std::to_string(password_bytes_max) + " bytes, not " +
         std::to_string(password.size());
}

std::string hash_password(std::string_view password, const std::array<unsigned char, 32>& salt, const password_cost& cost) {
  auto out = std::string(encoded_bytes_max, '\0');
  const auto error = argon2id_hash_encoded(cost.passes, cost.memory_kib, lanes, password.data(), password.size(), salt.data(),
                                           salt.size(), hash_bytes, out.data(), out.size());
  if (error != ARGON2_OK)
    throw std::runtime_error{std::string{"a password could not be hashed: "} + argon2_error_message(error)};
  out.resize(out.find('\0'));
  return out;
}

bool is_password(std::string_view password, const std::string& hash) {
  return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

} // namespace ingot

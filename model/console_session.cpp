#include "model/console_session.hpp"

#include "model/api_key.hpp"
#include "model/sha256.hpp"
#include "model/signature.hpp"

#include <algorithm>
#include <utility>

namespace ingot {

namespace {

constexpr auto key_prefix = std::string_view{"ingot_"};
constexpr auto secret_characters = std::size_t{43};
constexpr auto signature_digits = std::size_t{64};

std::string signed_by(std::string_view key, std::string_view text) {
  const auto bytes = hmac_sha256{key}(text);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string signature_of(std::string_view master_key, std::string_view secret) {
  return to_hex(signed_by(signed_by(master_key, "ingot console sessions 1"), secret));
}

std::string_view without_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

} // namespace

std::string make_session_secret(const std::array<unsigned char, 32>& random) {
  return make_api_key(random).substr(key_prefix.size());
}

std::string make_session_token(std::string_view master_key, const std::array<unsigned char, 32>& random) {
  auto secret = make_session_secret(random);
  const auto signature = signature_of(master_key, secret);
  return std::move(secret) + '.' + signature;
}

bool is_session_token(std::string_view token, std::string_view master_key) {
  const auto dot = token.find('.');
  if (master_key.empty() || dot != secret_characters || token.size() != secret_characters + 1 + signature_digits)
    return false;
  return equal_in_constant_time(token.substr(dot + 1), signature_of(master_key, token.substr(0, dot)));
}

std::string session_token_hash(std::string_view token) {
  return sha256(token);
}

std::string csrf_token_of(std::string_view session_token) {
  return to_hex(signed_by(session_token, "csrf"));
}

std::string admin_proof(std::string_view session_token, std::string_view admin_token) {
  return signed_by(admin_token, session_token);
}

std::string_view cookie_in(std::string_view header, std::string_view name) noexcept {
  while (!header.empty()) {
    const auto part = without_blanks(header.substr(0, header.find(';')));
    header.remove_prefix(std::min(header.find(';'), header.size() - 1) + 1);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name)
      return part.substr(equals + 1);
  }
  return {};
}

std::string_view session_token_in(std::string_view header) noexcept {
  const auto secure = cookie_in(header, secure_session_cookie);
  return secure.empty() ? cookie_in(header, session_cookie) : secure;
}

} // namespace ingot

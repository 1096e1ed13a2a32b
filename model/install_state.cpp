#include "model/install_state.hpp"

#include "model/sha256.hpp"
#include "model/signature.hpp"

#include <charconv>

namespace ingot {

namespace {

/// `<64 digits>.<seconds since 1970>.<64 digits>`
constexpr std::size_t token_bytes_max = 64 + 1 + 20 + 1 + 64;
constexpr std::size_t digest_digits = 64;

std::string_view view_of(const std::array<unsigned char, 32>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Signs the part before the signature, for one purpose and user. A NUL is in none of them.
std::string signature_of(std::string_view signed_part, std::string_view master_key, install_purpose what,
                         std::string_view user_id) {
  const auto derived = hmac_sha256{master_key}("ingot install flow 1");
  auto text = std::string{to_string(what)};
  (text += '\0') += user_id;
  (text += '\0') += signed_part;
  return to_hex(view_of(hmac_sha256{view_of(derived)}(text)));
}

} // namespace

std::string_view to_string(install_purpose x) noexcept {
  return x == install_purpose::link ? "link" : "state";
}

std::string make_install_token(std::string_view master_key, install_purpose what, std::string_view user_id, timestamp expires_at,
                               const std::array<unsigned char, 32>& random) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(expires_at).time_since_epoch().count();
  const auto part = to_hex(view_of(random)) + '.' + std::to_string(seconds);
  return part + '.' + signature_of(part, master_key, what, user_id);
}

std::optional<timestamp> install_token_end(std::string_view token) {
  const auto first = token.find('.'), last = token.rfind('.');
  if (token.size() > token_bytes_max || first != digest_digits || last == first || token.size() - last - 1 != digest_digits)
    return std::nullopt;
  auto seconds = std::int64_t{0};
  const auto text = token.substr(first + 1, last - first - 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0)
    return std::nullopt;
  return from_epoch_seconds(seconds);
}

bool is_signed_for(std::string_view token, std::string_view master_key, install_purpose what, std::string_view user_id) {
  const auto last = token.rfind('.');
  if (last == token.npos || master_key.empty())
    return false;
  return equal_in_constant_time(token.substr(last + 1), signature_of(token.substr(0, last), master_key, what, user_id));
}

std::string install_token_hash(std::string_view token) {
  return sha256(token);
}

} // namespace ingot

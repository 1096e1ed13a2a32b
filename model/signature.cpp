#include "model/signature.hpp"

#include <new>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdexcept>

namespace ingot {

namespace {

constexpr std::string_view prefix = "sha256=";
constexpr std::size_t hex_digits = 64;

struct free_mac {
  void operator()(EVP_MAC* x) const noexcept { EVP_MAC_free(x); }
  void operator()(EVP_MAC_CTX* x) const noexcept { EVP_MAC_CTX_free(x); }
};

using mac_context = std::unique_ptr<EVP_MAC_CTX, free_mac>;

mac_context make_context(std::string_view key) {
  const std::unique_ptr<EVP_MAC, free_mac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (!mac)
    throw std::runtime_error("OpenSSL has no HMAC");
  mac_context context(EVP_MAC_CTX_new(mac.get()));
  if (!context)
    throw std::bad_alloc();
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  // A null key would mean "the one of before", so an empty one must not be null.
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  if (EVP_MAC_init(context.get(), bytes, key.size(), parameters) != 1)
    throw std::runtime_error("OpenSSL refuses the HMAC key");
  return context;
}

/// The 32 bytes that 64 lower-case hexadecimal digits say; false for anything else.
bool from_hex(std::string_view text, std::array<unsigned char, 32>& out) noexcept {
  if (text.size() != hex_digits)
    return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    out[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

} // namespace

struct hmac_sha256::impl {
  mac_context context;
  bool keyed;
};

hmac_sha256::hmac_sha256(std::string_view key) : impl_(new impl{make_context(key), !key.empty()}) {}
hmac_sha256::hmac_sha256(hmac_sha256&&) noexcept = default;
hmac_sha256& hmac_sha256::operator=(hmac_sha256&&) noexcept = default;
hmac_sha256::~hmac_sha256() = default;

hmac_sha256 hmac_sha256::copy() const {
  mac_context context(EVP_MAC_CTX_dup(impl_->context.get()));
  if (!context)
    throw std::bad_alloc();
  return hmac_sha256(std::unique_ptr<impl>(new impl{std::move(context), impl_->keyed}));
}

hmac_sha256::hmac_sha256(std::unique_ptr<impl> state) noexcept : impl_(std::move(state)) {}

bool hmac_sha256::keyed() const noexcept {
  return impl_->keyed;
}

std::array<unsigned char, 32> hmac_sha256::operator()(std::string_view bytes) const {
  std::array<unsigned char, 32> out;
  std::size_t size = 0;
  auto* context = impl_->context.get();
  // A null key starts anew with the prepared one: fetching and keying costs more than hashing a small body.
  if (EVP_MAC_init(context, nullptr, 0, nullptr) != 1 ||
      EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1 ||
      EVP_MAC_final(context, out.data(), &size, out.size()) != 1 || size != out.size())
    throw std::runtime_error("OpenSSL failed to compute an HMAC");
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string github_signature(std::string_view secret, std::string_view body) {
  const auto mac = hmac_sha256(secret)(body);
  return std::string(prefix) + to_hex({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

fault verify_github_signature(const std::vector<hmac_sha256>& keys, std::string_view header, std::string_view body) {
  if (header.empty())
    return fault::missing_signature;
  std::array<unsigned char, 32> sent;
  if (!header.starts_with(prefix) || !from_hex(header.substr(prefix.size()), sent))
    return fault::bad_signature;
  unsigned matches = 0;
  for (const auto& key : keys) {
    const auto expected = key(body);
    // No `||`: which of the keys matched must not show in the time taken.
    matches |=
        static_cast<unsigned>(CRYPTO_memcmp(expected.data(), sent.data(), sent.size()) == 0) & static_cast<unsigned>(key.keyed());
  }
  return matches != 0 ? fault::none : fault::bad_signature;
}

} // namespace ingot

#include "model/sealing.hpp"

#include "model/sha256.hpp"
#include "model/signature.hpp"

#include <algorithm>
#include <memory>
#include <openssl/evp.h>

namespace ingot {

namespace {

constexpr char version = 1;
constexpr std::size_t key_id_bytes = 8;
constexpr std::size_t tag_bytes = 16;

struct free_context {
  void operator()(EVP_CIPHER_CTX* x) const noexcept { EVP_CIPHER_CTX_free(x); }
};
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, free_context>;

const unsigned char* bytes_of(std::string_view x) {
  return reinterpret_cast<const unsigned char*>(x.data());
}

void check(int result) {
  if (result != 1)
    throw std::runtime_error{"OpenSSL fails at AES-256-GCM"};
}

/// A context that has taken key, nonce and what is authenticated beside the secret.
cipher_context begin(bool encrypting, std::string_view key, std::string_view nonce, std::string_view header,
                     std::string_view place) {
  auto context = cipher_context{EVP_CIPHER_CTX_new()};
  if (!context)
    throw std::bad_alloc{};
  check(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce), encrypting ? 1 : 0));
  for (const auto part : {header, place}) {
    auto taken = 0;
    check(EVP_CipherUpdate(context.get(), nullptr, &taken, bytes_of(part), static_cast<int>(part.size())));
  }
  return context;
}

} // namespace

sealing::sealing(std::string_view key) : key_{key} {
  if (key.size() != key_bytes)
    throw std::invalid_argument{"the master key must have 32 bytes"};
  header_ = version + sha256("ingot key id " + key_).substr(0, key_id_bytes);
}

std::string sealing::seal(std::string_view secret, std::string_view place, const nonce& fresh) const {
  const auto nonce_text = std::string_view{reinterpret_cast<const char*>(fresh.data()), fresh.size()};
  const auto context = begin(true, key_, nonce_text, header_, place);
  auto text = std::string(secret.size(), '\0'), tag = std::string(tag_bytes, '\0');
  auto written = 0;
  check(EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(text.data()), &written, bytes_of(secret),
                         static_cast<int>(secret.size())));
  check(EVP_CipherFinal_ex(context.get(), reinterpret_cast<unsigned char*>(text.data()) + written, &written));
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, tag.data()));
  return header_ + std::string{nonce_text} + text + tag;
}

std::string sealing::open(std::string_view sealed, std::string_view place) const {
  constexpr auto nonce_bytes = std::tuple_size_v<nonce>;
  if (sealed.size() < header_.size() + nonce_bytes + tag_bytes || sealed.front() != version)
    throw unsealable{seal_trouble::damaged, "a sealed secret is damaged, or of a newer version: set it anew"};
  if (!sealed.starts_with(header_))
    throw unsealable{seal_trouble::other_key, "a secret was sealed with another master key (id " + key_id_of(sealed) +
                                                  "): give this node that key (INGOT_MASTER_KEY, or INGOT_MASTER_KEY_PREVIOUS "
                                                  "after a rotation), or set the secret anew"};
  sealed.remove_prefix(header_.size());
  const auto context = begin(false, key_, sealed.substr(0, nonce_bytes), header_, place);
  auto tag = std::string{sealed.substr(sealed.size() - tag_bytes)};
  const auto text = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
  auto secret = std::string(text.size(), '\0');
  auto written = 0;
  check(EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(secret.data()), &written, bytes_of(text),
                         static_cast<int>(text.size())));
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()));
  if (EVP_CipherFinal_ex(context.get(), reinterpret_cast<unsigned char*>(secret.data()) + written, &written) != 1)
    throw unsealable{seal_trouble::changed, "a sealed secret was changed, or belongs to another row: set it anew"};
  return secret;
}

std::string sealing::key_id() const {
  return to_hex(std::string_view{header_}.substr(1));
}

std::string sealing::key_id_of(std::string_view sealed) {
  if (sealed.size() < 1 + key_id_bytes || sealed.front() != version)
    return {};
  return to_hex(sealed.substr(1, key_id_bytes));
}

} // namespace ingot

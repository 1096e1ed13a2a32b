#include "model/sha256.hpp"

#include <stdexcept>

#include <openssl/evp.h>

namespace ingot {

std::string sha256(std::string_view bytes) {
  std::string out(32, '\0');
  auto size = 0U;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, EVP_sha256(), nullptr) != 1 ||
      size != out.size())
    throw std::runtime_error("OpenSSL failed to compute a SHA-256");
  return out;
}

struct sha256_stream::state {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

sha256_stream::sha256_stream() : state_{std::make_unique<state>()} {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1)
    throw std::runtime_error{"OpenSSL has no SHA-256"};
}

sha256_stream::~sha256_stream() = default;

void sha256_stream::add(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1)
    throw std::runtime_error{"OpenSSL cannot hash"};
}

std::string sha256_stream::finish() {
  std::string out(32, '\0');
  if (EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) != 1)
    throw std::runtime_error{"OpenSSL cannot hash"};
  return out;
}

} // namespace ingot

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

} // namespace ingot

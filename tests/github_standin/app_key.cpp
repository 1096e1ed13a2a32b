#include "tests/github_standin/app_key.hpp"

#include "model/base64.hpp"

#include <algorithm>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdexcept>

namespace ingot::testing {

namespace {

std::string text_of(BIO* from) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(from, &data);
  auto out = std::string(data, static_cast<std::size_t>(size));
  BIO_free(from);
  return out;
}

std::string base64url(std::string_view bytes) {
  auto out = to_base64(bytes);
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  while (out.ends_with('='))
    out.pop_back();
  return out;
}

} // namespace

app_key::app_key() {
  auto* key = EVP_RSA_gen(2048);
  auto* of_private = BIO_new(BIO_s_mem());
  auto* of_public = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(of_private, key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_PUBKEY(of_public, key);
  EVP_PKEY_free(key);
  private_pem = text_of(of_private);
  public_pem = text_of(of_public);
}

std::string app_key::jwt(std::int64_t app_id, std::int64_t now) const {
  const auto text = base64url(R"({"alg":"RS256","typ":"JWT"})") + '.' +
                    base64url(R"({"iat":)" + std::to_string(now - 60) + R"(,"exp":)" + std::to_string(now + 540) + R"(,"iss":)" +
                              std::to_string(app_id) + '}');
  auto* bio = BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size()));
  auto* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  auto* context = EVP_MD_CTX_new();
  auto size = std::size_t{512};
  auto signature = std::string(size, '\0');
  const auto good = EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                                   reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  if (!good)
    throw std::runtime_error{"a JWT could not be signed"};
  signature.resize(size);
  return text + '.' + base64url(signature);
}

} // namespace ingot::testing

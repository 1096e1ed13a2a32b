#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

namespace ingot::testing {

/// A key as an App has it.
class app_key {
public:
  app_key() : key_{EVP_RSA_gen(2048), EVP_PKEY_free} {
    const auto write = [&](const auto& how) {
      const auto out = std::unique_ptr<BIO, decltype(&BIO_free)>{BIO_new(BIO_s_mem()), BIO_free};
      how(out.get());
      char* text = nullptr;
      const auto size = BIO_get_mem_data(out.get(), &text);
      return std::string(text, static_cast<std::size_t>(size));
    };
    pem_ = write([&](BIO* to) { PEM_write_bio_PrivateKey(to, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    public_pem_ = write([&](BIO* to) { PEM_write_bio_PUBKEY(to, key_.get()); });
  }
  const std::string& pem() const { return pem_; }
  const std::string& public_pem() const { return public_pem_; }

  /// Is it this key's signature (RS256) of `text`?
  bool signed_by_it(const std::string& text, const std::string& signature) const {
    const auto with = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    return EVP_DigestVerifyInit(with.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(with.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  }

private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::string pem_, public_pem_;
};

} // namespace ingot::testing

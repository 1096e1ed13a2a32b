#include "commands/doctor.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace ingot::commands {

namespace {

using context = std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)>;

std::string openssl_reason() {
  auto code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return text == nullptr ? "unknown reason" : text;
}

/// Days from `now` until the certificate ends; negative when it has.
int days_left(const X509* certificate, timestamp now) {
  auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::unique_ptr<ASN1_TIME, decltype(&::ASN1_TIME_free)> from{::ASN1_TIME_set(nullptr, static_cast<time_t>(second)),
                                                               &::ASN1_TIME_free};
  int days = 0;
  int rest = 0;
  ::ASN1_TIME_diff(&days, &rest, from.get(), ::X509_get0_notAfter(certificate));
  return rest < 0 && days == 0 ? -1 : days;
}

/// `example.org` of `https://example.org:8443`; empty when there is none.
std::string host_of(const std::string& url) {
  const auto from = url.find("://");
  if (from == std::string::npos)
    return {};
  return url.substr(from + 3, url.find_first_of(":/", from + 3) - from - 3);
}

} // namespace

findings examine_tls(const settings& of, timestamp now) {
  const auto& certificate = of.server.tls_certificate;
  const auto& key = of.server.tls_private_key;
  if (certificate.empty() && key.empty())
    return {{"TLS", verdict::ok, "off", ""}};
  context c{::SSL_CTX_new(::TLS_server_method()), &::SSL_CTX_free};
  if (::SSL_CTX_use_certificate_chain_file(c.get(), certificate.c_str()) != 1)
    return {{"TLS", verdict::fail, "the certificate " + certificate + " cannot be read: " + openssl_reason(),
             "server.tls_certificate must name a PEM file that this user may read"}};
  if (::SSL_CTX_use_PrivateKey_file(c.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 || ::SSL_CTX_check_private_key(c.get()) != 1)
    return {{"TLS", verdict::fail, "the private key " + key + " cannot be used: " + openssl_reason(),
             "server.tls_private_key must name the certificate's key, a PEM file without a passphrase that this user may read"}};
  auto days = days_left(::SSL_CTX_get0_certificate(c.get()), now);
  if (days < 0)
    return {{"TLS", verdict::fail, "the certificate has ended", "renew it, then send the node SIGHUP"}};
  if (const auto host = host_of(of.submissions.public_url);
      !host.empty() && ::X509_check_host(::SSL_CTX_get0_certificate(c.get()), host.data(), host.size(), 0, nullptr) != 1)
    return {{"TLS", verdict::fail, "the certificate is not for " + host + ", by which people come (submissions.public_url)",
             "get one for that name, or correct the address"}};
  auto found = "the certificate ends in " + std::to_string(days) + " days";
  return {{"TLS", days < 14 ? verdict::warn : verdict::ok, found, days < 14 ? "renew it, then send the node SIGHUP" : ""}};
}

} // namespace ingot::commands

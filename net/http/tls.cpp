#include "net/http/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <stdexcept>
#include <string>

namespace ingot::http {

namespace {

namespace ssl = boost::asio::ssl;

/// RFC 7301 section 3.2: a client that knows other protocols only is told so, instead of being answered in the wrong one.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size, void*) {
  static constexpr unsigned char served[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, served, sizeof served - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void require(const boost::system::error_code& ec, const char* what, const std::string& path) {
  if (ec)
    throw std::runtime_error(std::string(what) + " " + path + ": " + ec.message());
}

} // namespace

std::shared_ptr<ssl::context> load_tls(const server_settings& settings) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS); // 34 KB less for each idle connection
  SSL_CTX_set_alpn_select_cb(native, select_protocol, nullptr);

  boost::system::error_code ec;
  context->use_certificate_chain_file(settings.tls_certificate, ec);
  require(ec, "TLS certificate", settings.tls_certificate);
  context->use_private_key_file(settings.tls_private_key, ssl::context::pem, ec);
  require(ec, "TLS private key", settings.tls_private_key);
  if (SSL_CTX_check_private_key(native) != 1)
    throw std::runtime_error("TLS private key " + settings.tls_private_key + " does not belong to " + settings.tls_certificate);
  return context;
}

std::optional<timestamp> end_of_certificate(ssl::context& of) {
  const auto* certificate = SSL_CTX_get0_certificate(of.native_handle());
  auto fields = std::tm{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &fields) != 1)
    return std::nullopt;
  return timestamp{std::chrono::seconds{::timegm(&fields)}};
}

} // namespace ingot::http

#include "net/client/client.hpp"
#include "tests/support/catch.hpp"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace ingot::client;

namespace {

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed<SSL_CTX_free>>;
using session_ptr = std::unique_ptr<SSL, freed<SSL_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed<std::fclose>>;

/// Answers https with a self-signed certificate on a free port of 127.0.0.1.
class tls_server {
public:
  tls_server() : key_{EVP_EC_gen("P-256")}, certificate_{X509_new()}, context_{SSL_CTX_new(TLS_server_method())} {
    std::signal(SIGPIPE, SIG_IGN); // a client that does not trust goes without a word
    make_certificate();
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    auto at = sockaddr_in{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto size = socklen_t{sizeof at};
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error{"nothing listens"};
    port_ = ntohs(at.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }

  ~tls_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    std::filesystem::remove(file_);
  }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
  const std::filesystem::path& certificate() const { return file_; }
  unsigned requests() const { return requests_; }

private:
  void make_certificate() {
    X509_set_version(certificate_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3600);
    X509_set_pubkey(certificate_.get(), key_.get());
    auto* subject = X509_get_subject_name(certificate_.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("a test"), -1, -1, 0);
    X509_set_issuer_name(certificate_.get(), subject);
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    auto name = (std::filesystem::temp_directory_path() / "ingot-certificate-XXXXXX").string();
    const auto descriptor = ::mkstemp(name.data());
    if (descriptor < 0)
      throw std::runtime_error{"no temporary file"};
    file_ = name;
    PEM_write_X509(file_ptr{::fdopen(descriptor, "w")}.get(), certificate_.get());
  }

  void serve() {
    for (;;) {
      const auto connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0)
        return;
      answer(connection);
      ::close(connection);
    }
  }

  void answer(int connection) {
    const auto session = session_ptr{SSL_new(context_.get())};
    SSL_set_fd(session.get(), connection);
    auto request = std::string{};
    char byte = 0;
    if (SSL_accept(session.get()) != 1)
      return;
    while (!request.ends_with("\r\n\r\n") && SSL_read(session.get(), &byte, 1) == 1)
      request += byte;
    if (request.empty())
      return;
    ++requests_;
    const auto text = std::string{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"};
    SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
    SSL_shutdown(session.get());
  }

  key_ptr key_;
  certificate_ptr certificate_;
  context_ptr context_;
  std::filesystem::path file_;
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unsigned port_ = 0;
  std::atomic<unsigned> requests_ = 0;
  std::thread thread_;
};

request get(const tls_server& server) {
  auto x = request{};
  x.url = server.url();
  x.private_addresses = true;
  x.timeout = std::chrono::seconds{20};
  return x;
}

trouble trouble_with(const request& x) {
  try {
    perform(x);
  } catch (const no_response& e) {
    UNSCOPED_INFO(e.what());
    return e.kind();
  }
  FAIL("there was an answer");
  return {};
}

} // namespace

TEST_CASE("a server with a certificate that is trusted answers over https") {
  tls_server server;
  auto x = get(server);
  x.trusted_certificate = server.certificate();
  const auto got = perform(x);
  CHECK(got.status == 200);
  CHECK(got.body == "secret");
}

TEST_CASE("law 9: nothing is sent to a server whose certificate nobody trusts") {
  tls_server server, other;
  CHECK(trouble_with(get(server)) == trouble::no_answer);
  auto x = get(server);
  x.trusted_certificate = other.certificate();
  CHECK(trouble_with(x) == trouble::no_answer);
  CHECK(server.requests() == 0);
}

TEST_CASE("an address that is not of the open internet is refused over https as well") {
  tls_server server;
  auto x = get(server);
  x.private_addresses = false;
  CHECK(trouble_with(x) == trouble::address_refused);
}

#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

using namespace ingot;
using namespace ingot::testing;

namespace {

constexpr std::string_view get = "GET /get HTTP/1.1\r\nHost: x\r\n\r\n";

/// A folder that goes with the test.
struct temporary_folder {
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ingot-tls-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no temporary folder");
    path = name;
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed<std::fclose>>;

/// Writes a self-signed certificate for `name` and its key.
void write_certificate(const server_settings& to, const char* name) {
  const key_ptr key(EVP_EC_gen("P-256"));
  const certificate_ptr certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  PEM_write_X509(file_ptr(std::fopen(to.tls_certificate.c_str(), "w")).get(), certificate.get());
  PEM_write_PrivateKey(file_ptr(std::fopen(to.tls_private_key.c_str(), "w")).get(), key.get(), nullptr, nullptr, 0, nullptr,
                       nullptr);
}

struct session_options {
  int version_max = 0;
  std::string protocols; ///< ALPN, in wire form
};

/// A TLS client on a raw one's socket.
class tls_client {
public:
  explicit tls_client(std::uint16_t port, const session_options& options = {})
      : context_(SSL_CTX_new(TLS_client_method())), socket_(port), ssl_(SSL_new(context_.get())) {
    SSL_set_max_proto_version(ssl_.get(), options.version_max);
    SSL_set_security_level(ssl_.get(), 0);
    if (!options.protocols.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    SSL_set_fd(ssl_.get(), socket_.fd());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const noexcept { return connected_; }
  std::string certificate_name() const {
    const certificate_ptr certificate(SSL_get1_peer_certificate(ssl_.get()));
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
    return name;
  }
  void send(std::string_view text) { SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }
  raw_answer read_answer() {
    for (;;) {
      try {
        return take_answer(buffer_);
      } catch (const connection_ended&) {
        if (!fill())
          throw;
      }
    }
  }
  /// Whether the server said goodbye properly (close_notify).
  bool ends() {
    while (fill()) {
    }
    return buffer_.empty() && (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

private:
  bool fill() {
    char block[20'000];
    const int size = SSL_read(ssl_.get(), block, sizeof block);
    if (size > 0)
      buffer_.append(block, static_cast<std::size_t>(size));
    return size > 0;
  }

  std::unique_ptr<SSL_CTX, freed<SSL_CTX_free>> context_;
  raw_client socket_;
  std::unique_ptr<SSL, freed<SSL_free>> ssl_;
  bool connected_ = false;
  std::string buffer_;
};

struct tls_serving {
  tls_serving() : settings(make_settings()), serve(settings) {}
  server_settings make_settings() const {
    auto s = test_settings();
    s.tls_certificate = (folder.path / "certificate.pem").string();
    s.tls_private_key = (folder.path / "key.pem").string();
    s.head_timeout = milliseconds(1000);
    write_certificate(s, "first");
    return s;
  }
  temporary_folder folder;
  server_settings settings;
  serving serve;
  test_application& app = serve.app;
  refusal_log& refusals = serve.refusals;
  http::server& server = serve.server;
};

} // namespace

TEST_CASE("requests and answers of any size pass through TLS") {
  tls_serving s;
  tls_client client(s.server.port());
  REQUIRE(client.connected());
  client.send(std::string(get) + std::string(get));
  CHECK(client.read_answer().status == 200);
  CHECK(client.read_answer().status == 200);
  client.send("POST /thread HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3'000'000, 'x'));
  CHECK(client.read_answer().body == "3000000");
  client.send("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.read_answer().body.size() == 32'000'000);
  CHECK(client.ends());
}

TEST_CASE("a framing refusal reaches a TLS client") {
  tls_serving s;
  tls_client client(s.server.port());
  client.send("GET /get HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" +
              std::string(50'000, 'x'));
  CHECK(client.read_answer().status == 400);
  CHECK(client.ends());
}

TEST_CASE("a reload serves the new certificate to new connections only") {
  tls_serving s;
  tls_client old(s.server.port());
  CHECK(old.certificate_name() == "first");
  write_certificate(s.settings, "second");
  CHECK(s.server.reload_tls().empty());
  tls_client fresh(s.server.port());
  CHECK(fresh.certificate_name() == "second");
  for (auto* client : {&old, &fresh}) {
    client->send(get);
    CHECK(client->read_answer().status == 200);
  }
}

TEST_CASE("the server tells when its certificate ends, and has none to tell of without TLS") {
  tls_serving s;
  const auto end = s.server.certificate_end();
  REQUIRE(end);
  const auto left = *end - std::chrono::system_clock::now(); // an hour, as write_certificate() makes it
  CHECK(left > std::chrono::minutes{50});
  CHECK(left <= std::chrono::minutes{61});
  serving plain(test_settings());
  CHECK_FALSE(plain.server.certificate_end());
}

TEST_CASE("a reload that fails says why and keeps the old certificate") {
  tls_serving s;
  std::ofstream(s.settings.tls_certificate) << "nonsense";
  CHECK(s.server.reload_tls().find(s.settings.tls_certificate) != std::string::npos);
  CHECK(tls_client(s.server.port()).certificate_name() == "first");
}

TEST_CASE("a certificate that is none, or not the key's, is refused at the start") {
  tls_serving s;
  auto other = s.settings;
  other.port = 0;
  other.tls_private_key += ".other";
  auto unused = other;
  unused.tls_certificate += ".other";
  write_certificate(unused, "unused");
  CHECK_THROWS_AS(http::server(other, s.app), std::runtime_error);
  other.tls_certificate = "/nowhere";
  CHECK_THROWS_AS(http::server(other, s.app), std::runtime_error);
}

TEST_CASE("TLS before 1.2 and clients of other protocols are refused") {
  tls_serving s;
  CHECK_FALSE(tls_client(s.server.port(), {TLS1_1_VERSION, {}}).connected());
  CHECK(tls_client(s.server.port(), {TLS1_2_VERSION, {}}).connected());
  CHECK_FALSE(tls_client(s.server.port(), {0, std::string("\x02h2", 3)}).connected());
  CHECK(tls_client(s.server.port(), {0, std::string("\x02h2\x08http/1.1", 12)}).connected());
}

TEST_CASE("plain bytes, and silence, at a TLS port end without an answer") {
  tls_serving s;
  raw_client plain(s.server.port());
  plain.send(get);
  CHECK(plain.read_rest().find("HTTP") == std::string::npos);
  raw_client silent(s.server.port());
  CHECK(silent.ends());
  CHECK(s.refusals.wait_for(fault::request_timeout));
}

TEST_CASE("a drain ends idle TLS connections and finishes busy ones") {
  tls_serving s;
  tls_client idle(s.server.port());
  tls_client busy(s.server.port());
  busy.send("POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  auto held = s.app.take_held(1);
  std::thread draining([&] { s.server.drain(); });
  idle.ends();
  held.at(0)(ok("done"));
  CHECK(busy.read_answer().body == "done");
  CHECK(busy.ends());
  draining.join();
}

#include "tests/net/github/scripted_server.hpp"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

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
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed<X509_EXTENSION_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed<std::fclose>>;

} // namespace

test_certificate::test_certificate(const char* names) {
  auto name = (std::filesystem::temp_directory_path() / "ingot-certificate-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error{"no temporary folder"};
  folder_ = name;
  const auto key = key_ptr{EVP_EC_gen("P-256")};
  const auto made = certificate_ptr{X509_new()};
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  auto* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("a test"), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  const auto extension = extension_ptr{X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names)};
  X509_add_ext(made.get(), extension.get(), -1);
  X509_sign(made.get(), key.get(), EVP_sha256());
  PEM_write_X509(file_ptr{std::fopen(certificate().c_str(), "w")}.get(), made.get());
  PEM_write_PrivateKey(file_ptr{std::fopen(this->key().c_str(), "w")}.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

test_certificate::~test_certificate() {
  std::filesystem::remove_all(folder_);
}

struct scripted_server::peer {
  int socket = -1;
  std::unique_ptr<SSL, freed<SSL_free>> tls;
  std::thread thread;

  ~peer() {
    if (thread.joinable())
      thread.join();
    tls.reset();
    ::close(socket);
  }
  long read(char* to, std::size_t size) {
    return tls ? SSL_read(tls.get(), to, static_cast<int>(size)) : ::recv(socket, to, size, 0);
  }
  bool write(const char* from, std::size_t size) {
    while (size > 0) {
      const auto sent = tls ? static_cast<long>(SSL_write(tls.get(), from, static_cast<int>(size)))
                            : static_cast<long>(::send(socket, from, size, MSG_NOSIGNAL));
      if (sent <= 0)
        return false;
      from += sent;
      size -= static_cast<std::size_t>(sent);
    }
    return true;
  }
};

scripted_server::scripted_server(script answer, const test_certificate* tls)
    : answer_{std::move(answer)}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  std::signal(SIGPIPE, SIG_IGN); // a client may go at any time
  if (tls != nullptr) {
    auto context = std::shared_ptr<SSL_CTX>{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
    SSL_CTX_use_certificate_file(context.get(), tls->certificate().c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), tls->key().c_str(), SSL_FILETYPE_PEM);
    tls_ = context;
  }
  auto at = sockaddr_in{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto size = socklen_t{sizeof at};
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error{"no local port"};
  port_ = ntohs(at.sin_port);
  accepting_ = std::thread{[this] { accept_all(); }};
}

scripted_server::~scripted_server() {
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  ::close(listener_);
  for (const auto& x : peers_)
    ::shutdown(x->socket, SHUT_RDWR);
}

std::string scripted_server::url(const std::string& host) const {
  return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_);
}

std::vector<scripted_request> scripted_server::requests() const {
  const auto lock = std::lock_guard{mutex_};
  return requests_;
}

void scripted_server::accept_all() {
  for (;;) {
    const auto socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0)
      return;
    auto next = std::make_shared<peer>();
    next->socket = socket;
    const auto number = ++connections_;
    peers_.push_back(next);
    next->thread = std::thread{[this, &at = *next, number] { serve(at, number); }};
  }
}

void scripted_server::serve(peer& at, unsigned number) {
  if (tls_) {
    at.tls.reset(SSL_new(static_cast<SSL_CTX*>(tls_.get())));
    SSL_set_fd(at.tls.get(), at.socket);
    if (SSL_accept(at.tls.get()) != 1) {
      ::shutdown(at.socket, SHUT_RDWR);
      return;
    }
  }
  auto got = std::string{};
  char buffer[16'384];
  for (;;) {
    const auto end = got.find("\r\n\r\n");
    if (end == std::string::npos) {
      const auto count = at.read(buffer, sizeof buffer);
      if (count <= 0)
        return;
      got.append(buffer, static_cast<std::size_t>(count));
      continue;
    }
    const auto length_at = got.find("Content-Length: ");
    const auto length = length_at < end ? std::strtoul(got.c_str() + length_at + 16, nullptr, 10) : 0;
    while (got.size() < end + 4 + length) {
      const auto count = at.read(buffer, sizeof buffer);
      if (count <= 0)
        return;
      got.append(buffer, static_cast<std::size_t>(count));
    }
    const auto request = scripted_request{got.substr(0, end + 2), got.substr(end + 4, length), number};
    got.erase(0, end + 4 + length);
    if (!answer(at, request)) {
      ::shutdown(at.socket, SHUT_RDWR);
      return;
    }
  }
}

bool scripted_server::answer(peer& at, const scripted_request& request) {
  {
    const auto lock = std::lock_guard{mutex_};
    requests_.push_back(request);
  }
  const auto x = answer_(request);
  if (!at.write(x.bytes.data(), x.bytes.size()))
    return false;
  sent_ += x.bytes.size();
  const auto block = std::string(64 * 1024, 'x');
  for (auto left = x.filler; left > 0;) {
    const auto size = std::min<std::uint64_t>(left, block.size());
    if (!at.write(block.data(), size))
      return false;
    sent_ += size;
    left -= size;
  }
  if (x.stall) {
    auto byte = char{};
    return at.read(&byte, 1) > 0 && false;
  }
  return !x.close;
}

scripted_answer plain_answer(int status, const std::string& body, const std::string& headers) {
  return {"HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body,
          0, false, false};
}

std::string gzipped(const std::string& text) {
  auto z = z_stream{};
  constexpr auto gzip = 16 + MAX_WBITS;
  if (deflateInit2(&z, 6, Z_DEFLATED, gzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc{};
  auto out = std::string(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

#include "net/github/connection.hpp"

#include "net/client/address.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>

#include <sys/socket.h>

namespace ingot::github {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;

struct tls_trust::context {
  asio::ssl::context value{asio::ssl::context::tls_client};
};

namespace {

using reason = connection_failure::reason;

/// A name that has more is dialled at its first ones.
constexpr std::size_t addresses_max = 8;
/// So that one address that swallows everything does not use up the whole timeout.
constexpr auto dial_timeout_max = milliseconds{10'000};
/// Answers 1xx before the one that counts.
constexpr unsigned interim_answers_max = 8;
/// Read ahead at most: what is read is handed on before more is.
constexpr std::size_t piece_bytes = 64 * 1024;

std::vector<tcp::endpoint> look_up(const origin& at) {
  auto io = asio::io_context{1};
  auto ec = boost::system::error_code{};
  const auto found = tcp::resolver{io}.resolve(at.host, std::to_string(at.port), tcp::resolver::numeric_service, ec);
  if (ec)
    throw connection_failure{at.authority() + ": its name does not resolve: " + ec.message(), reason::other};
  auto out = std::vector<tcp::endpoint>{};
  for (const auto& x : found)
    if (out.size() < addresses_max)
      out.push_back(x.endpoint());
  return out;
}

bool is_public(const tcp::endpoint& x) {
  const auto ip = client::ip_of(*x.data());
  return ip && client::is_public(*ip);
}

template <class Stream>
class connection_on final : public connection {
public:
  template <class... Args>
  connection_on(const origin& to, const dialling& how, Args&... args)
      : at_{to}, timeout_{how.timeout}, stream_{io_, args...}, buffer_{head_bytes_max} {
    dial(how);
    if constexpr (is_tls)
      shake_hands();
  }

  void send(const outgoing& x, milliseconds timeout) override {
    timeout_ = timeout;
    auto request = http::request<http::span_body<const char>>{};
    request.method_string(x.method);
    request.target(x.target);
    request.version(11);
    request.set(http::field::host, at_.authority());
    for (const auto& [name, value] : x.headers)
      request.insert(name, value);
    request.body() = {x.body.data(), x.body.size()};
    if (!x.body.empty() || x.method == "POST")
      request.content_length(x.body.size());
    await("sends to", [&](auto done) { http::async_write(stream_, request, std::move(done)); });
  }

  answer_head read_head(bool of_head_request) override {
    for (auto i = 0u;; ++i) {
      parser_.emplace();
      parser_->header_limit(head_bytes_max);
      parser_->body_limit(boost::none); // whoever takes the body counts
      parser_->skip(of_head_request);
      bytes_read_ += await("waits for", [&](auto done) { http::async_read_header(stream_, buffer_, *parser_, std::move(done)); });
      const auto status = parser_->get().result_int();
      if (status >= 200)
        return head();
      if (status == 101 || i == interim_answers_max)
        throw connection_failure{at_.authority() + " answers " + std::to_string(status) + ", which nobody asked for",
                                 reason::other};
    }
  }

  std::string_view read_some() override {
    while (!parser_->is_done()) {
      auto& body = parser_->get().body();
      body.data = piece_.data();
      body.size = piece_.size();
      bytes_read_ += await("reads from", [&](auto done) { http::async_read_some(stream_, buffer_, *parser_, std::move(done)); });
      if (const auto got = piece_.size() - body.size; got > 0)
        return {piece_.data(), got};
    }
    return {};
  }

  bool is_reusable() const noexcept override {
    return parser_ && parser_->is_done() && parser_->get().keep_alive() && !parser_->get().need_eof() && buffer_.size() == 0;
  }

  bool is_quiet() noexcept override {
    auto byte = char{};
    const auto got = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK;
    return is_tls && got > 0; // a session ticket, or a goodbye, which the next use finds out
  }

  std::uint64_t bytes_read() const noexcept override { return bytes_read_; }

private:
  static constexpr bool is_tls = !std::is_same_v<Stream, beast::tcp_stream>;

  auto& lowest() noexcept { return beast::get_lowest_layer(stream_); }
  tcp::socket& socket() noexcept { return lowest().socket(); }

  /// Starts an operation and runs the loop until it is over. @returns the bytes that it moved
  template <class Start>
  std::size_t await(const char* doing, const Start& start) {
    auto result = boost::system::error_code{};
    auto moved = std::size_t{0};
    lowest().expires_after(timeout_);
    start([&](boost::system::error_code ec, auto... rest) {
      result = ec;
      if constexpr (sizeof...(rest) == 1 && (std::is_integral_v<decltype(rest)> && ...))
        moved = (rest + ...);
    });
    io_.restart();
    io_.run();
    if (!result || result == http::error::need_buffer)
      return moved;
    if (result == beast::error::timeout)
      throw connection_failure{at_.authority() + " said nothing for " + std::to_string(timeout_.count()) + " ms", reason::other};
    throw connection_failure{std::string{"what "} + doing + " " + at_.authority() + " has failed: " + result.message(),
                             is_end(result) ? reason::closed : reason::other};
  }

  static bool is_end(const boost::system::error_code& ec) {
    return ec == http::error::end_of_stream || ec == asio::error::eof || ec == asio::error::connection_reset ||
           ec == asio::error::broken_pipe || ec == asio::ssl::error::stream_truncated;
  }

  void dial(const dialling& how) {
    const auto wanted = timeout_;
    timeout_ = std::min(wanted, dial_timeout_max);
    auto last = at_.authority() + " has no address of the open internet, and may lead to no other";
    auto may_be_dialled = false;
    for (const auto& x : look_up(at_)) {
      if (how.public_only && !is_public(x))
        continue;
      may_be_dialled = true;
      try {
        await("dials", [&](auto done) { lowest().async_connect(x, std::move(done)); });
        timeout_ = wanted;
        auto ignored = boost::system::error_code{};
        socket().set_option(tcp::no_delay{true}, ignored);
        return;
      } catch (const connection_failure& failed) {
        last = failed.what();
        lowest().close();
      }
    }
    throw connection_failure{last, may_be_dialled ? reason::other : reason::address_refused};
  }

  void shake_hands() {
    auto ec = boost::system::error_code{};
    stream_.set_verify_mode(asio::ssl::verify_peer, ec);
    stream_.set_verify_callback(asio::ssl::host_name_verification{at_.host}, ec);
    static_cast<void>(asio::ip::make_address(at_.host, ec));
    if (ec) // RFC 6066, section 3: an address is no server name
      SSL_set_tlsext_host_name(stream_.native_handle(), at_.host.c_str());
    await("greets", [&](auto done) { stream_.async_handshake(asio::ssl::stream_base::client, std::move(done)); });
  }

  answer_head head() const {
    auto out = answer_head{parser_->get().result_int(), {}};
    for (const auto& x : parser_->get()) {
      auto name = std::string{x.name_string()};
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
      out.headers.emplace_back(std::move(name), std::string{x.value()});
    }
    return out;
  }

  origin at_;
  milliseconds timeout_;
  asio::io_context io_{1};
  Stream stream_;
  beast::flat_buffer buffer_;
  std::array<char, piece_bytes> piece_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  std::uint64_t bytes_read_ = 0;
};

} // namespace

tls_trust::tls_trust(const github_api_settings& settings) : context_{std::make_unique<context>()} {
  auto& x = context_->value;
  SSL_CTX_set_min_proto_version(x.native_handle(), TLS1_2_VERSION);
  auto ec = boost::system::error_code{};
  x.set_default_verify_paths(ec);
  if (settings.trusted_certificate.empty())
    return;
  x.load_verify_file(settings.trusted_certificate, ec);
  if (ec)
    throw std::runtime_error{"github_api.trusted_certificate " + settings.trusted_certificate + ": " + ec.message()};
}

tls_trust::~tls_trust() = default;

std::unique_ptr<connection> connection::open(const origin& to, const tls_trust& trust, const dialling& how) {
  if (!to.tls)
    return std::make_unique<connection_on<beast::tcp_stream>>(to, how);
  return std::make_unique<connection_on<beast::ssl_stream<beast::tcp_stream>>>(to, how, trust.of().value);
}

bool leads_to_private(const origin& at) {
  const auto found = look_up(at);
  return std::any_of(found.begin(), found.end(), [](const auto& x) { return !is_public(x); });
}

} // namespace ingot::github

#include "commands/http_call.hpp"

#include "config/secrets.hpp"
#include "net/client/client.hpp"

#include <stdexcept>

namespace ingot::commands {

namespace {

constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;

} // namespace

http_answer perform(const http_call& call) {
  const auto fail = [&](const std::string& reason) -> std::runtime_error {
    return std::runtime_error{"no answer from " + mask_password(call.url) + ": " + reason +
                              ". Is the node running? (ingot doctor)"};
  };
  try {
    auto got = client::perform({.method = call.method,
                                .url = call.url,
                                .headers = call.headers,
                                .body = call.body,
                                .timeout = call.timeout,
                                .answer_bytes_max = answer_bytes_max,
                                .private_addresses = true,
                                .compressed = false,
                                .trusted_certificate = call.trusted_certificate});
    if (got.cut)
      throw fail("it has more than 16 MiB");
    return {got.status, std::move(got.body)};
  } catch (const client::no_response& e) {
    throw fail(e.what());
  }
}

std::string node_url(const settings& of) {
  auto host = of.server.listen == "0.0.0.0" ? "127.0.0.1" : of.server.listen == "::" ? "::1" : of.server.listen;
  if (host.find(':') != std::string::npos)
    host = "[" + host + "]";
  return (of.server.tls_certificate.empty() ? "http://" : "https://") + host + ":" + std::to_string(of.server.port);
}

http_call call_of_node(const settings& of, std::string method, const std::string& path) {
  http_call out;
  out.method = std::move(method);
  out.url = node_url(of) + path;
  out.trusted_certificate = of.server.tls_certificate;
  return out;
}

std::string path_segment(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                      c == '_' || c == '~';
    auto byte = static_cast<unsigned char>(c);
    if (unreserved)
      out += c;
    else
      out.append("%").append(1, "0123456789ABCDEF"[byte >> 4]).append(1, "0123456789ABCDEF"[byte & 15]);
  }
  return out;
}

} // namespace ingot::commands

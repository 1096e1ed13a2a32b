#include "commands/http_call.hpp"

#include "config/secrets.hpp"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace ingot::commands {

namespace {

constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > answer_bytes_max)
    return 0;
  body.append(bytes, size * count);
  return size * count;
}

using handle = std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)>;
using header_list = std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)>;

header_list headers_of(const http_call& call) {
  curl_slist* out = nullptr;
  for (const auto& [name, value] : call.headers)
    out = ::curl_slist_append(out, (name + ": " + value).c_str());
  // curl would wait for 100 Continue before a body of over 1 MB.
  out = ::curl_slist_append(out, "Expect:");
  return {out, &::curl_slist_free_all};
}

} // namespace

http_answer perform(const http_call& call) {
  static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  handle h{ready ? ::curl_easy_init() : nullptr, &::curl_easy_cleanup};
  if (!h)
    throw std::runtime_error{"libcurl cannot be started"};
  http_answer out;
  std::array<char, CURL_ERROR_SIZE> reason{};
  auto headers = headers_of(call);
  auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(h.get(), option, value); };
  set(CURLOPT_URL, call.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_PROXY, "");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  set(CURLOPT_WRITEFUNCTION, &take);
  set(CURLOPT_WRITEDATA, &out.body);
  set(CURLOPT_ERRORBUFFER, reason.data());
  if (call.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.data());
  } else {
    set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  if (!call.trusted_certificate.empty()) {
    set(CURLOPT_CAINFO, call.trusted_certificate.c_str());
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (auto code = ::curl_easy_perform(h.get()); code != CURLE_OK)
    throw std::runtime_error{"no answer from " + mask_password(call.url) + ": " +
                             (reason[0] != '\0' ? reason.data() : ::curl_easy_strerror(code)) +
                             ". Is the node running? (ingot doctor)"};
  long status = 0;
  ::curl_easy_getinfo(h.get(), CURLINFO_RESPONSE_CODE, &status);
  out.status = static_cast<unsigned>(status);
  return out;
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

#include "net/client/client.hpp"

#include "net/client/address.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <curl/curl.h>
#include <sys/socket.h>

namespace ingot::client {

namespace {

constexpr std::size_t header_bytes_max = 64 * 1024;

using handle = std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)>;
using header_list = std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)>;
using parsed_url = std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)>;

/// One exchange, as curl's callbacks see it.
struct exchange {
  const request& asked;
  response got{};
  std::size_t header_bytes = 0;
  bool dialled = false; ///< an address was allowed
  bool refused = false; ///< an address was not
};

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  return from == std::string_view::npos ? std::string_view{} : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

curl_socket_t dial(void* to, curlsocktype, curl_sockaddr* where) {
  auto& x = *static_cast<exchange*>(to);
  const auto address = ip_of(where->addr);
  if (!address || (!x.asked.private_addresses && !is_public(*address))) {
    x.refused = true;
    return CURL_SOCKET_BAD;
  }
  x.dialled = true;
  return ::socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& x = *static_cast<exchange*>(to);
  const auto line = trimmed({bytes, size * count});
  x.header_bytes += line.size();
  if (x.header_bytes > header_bytes_max)
    return 0;
  const auto colon = line.find(':');
  if (line.starts_with("HTTP/"))
    x.got.headers.clear(); // those before were of an interim answer
  else if (colon != std::string_view::npos)
    x.got.headers.emplace_back(lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return size * count;
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& x = *static_cast<exchange*>(to);
  const auto room = x.asked.answer_bytes_max - x.got.body.size();
  x.got.body.append(bytes, std::min(size * count, room));
  x.got.cut = size * count > room;
  return x.got.cut ? 0 : size * count;
}

header_list headers_of(const request& x) {
  curl_slist* out = nullptr;
  for (const auto& [name, value] : x.headers)
    out = ::curl_slist_append(out, (name + ": " + value).c_str());
  // curl would wait for 100 Continue before a body of over 1 MB.
  out = ::curl_slist_append(out, "Expect:");
  return {out, &::curl_slist_free_all};
}

void describe(CURL* to, exchange& x, const header_list& headers) {
  const auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(to, option, value); };
  const auto& asked = x.asked;
  set(CURLOPT_URL, asked.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_PROXY, "");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(asked.timeout.count()));
  set(CURLOPT_OPENSOCKETFUNCTION, &dial);
  set(CURLOPT_OPENSOCKETDATA, &x);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &x);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &x);
  if (asked.compressed)
    set(CURLOPT_ACCEPT_ENCODING, "gzip");
  if (asked.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(asked.body.size()));
    set(CURLOPT_POSTFIELDS, asked.body.data());
  } else {
    set(CURLOPT_CUSTOMREQUEST, asked.method.c_str());
  }
  if (!asked.trusted_certificate.empty()) {
    set(CURLOPT_CAINFO, asked.trusted_certificate.c_str());
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

[[noreturn]] void fail(const exchange& x, CURLcode code, const char* reason) {
  if (x.refused && !x.dialled)
    throw no_response{trouble::address_refused, "its address is private, loopback or reserved: such are not called"};
  const auto is_url = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  throw no_response{is_url ? trouble::bad_url : trouble::no_answer, *reason != '\0' ? reason : ::curl_easy_strerror(code)};
}

} // namespace

std::string_view response::operator[](std::string_view name) const {
  const auto at = std::find_if(headers.begin(), headers.end(), [&](const auto& x) { return x.first == name; });
  return at == headers.end() ? std::string_view{} : std::string_view{at->second};
}

response perform(const request& x) {
  static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const auto h = handle{ready ? ::curl_easy_init() : nullptr, &::curl_easy_cleanup};
  if (!h)
    throw std::runtime_error{"libcurl cannot be started"};
  auto reason = std::array<char, CURL_ERROR_SIZE>{};
  auto under_way = exchange{x};
  const auto headers = headers_of(x);
  describe(h.get(), under_way, headers);
  ::curl_easy_setopt(h.get(), CURLOPT_ERRORBUFFER, reason.data());
  const auto code = ::curl_easy_perform(h.get());
  if (code != CURLE_OK && !under_way.got.cut)
    fail(under_way, code, reason.data());
  auto status = 0l;
  ::curl_easy_getinfo(h.get(), CURLINFO_RESPONSE_CODE, &status);
  under_way.got.status = static_cast<unsigned>(status);
  return std::move(under_way.got);
}

std::string judge_url(const std::string& url) {
  const auto u = parsed_url{::curl_url(), &::curl_url_cleanup};
  if (!u || ::curl_url_set(u.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return "it is no URL such as https://example.org/path";
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (::curl_url_get(u.get(), which, &text, 0) != CURLUE_OK)
      return std::string{};
    const auto out = std::string{text};
    ::curl_free(text);
    return out;
  };
  const auto scheme = part(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return "it begins neither with https:// nor with http://";
  if (part(CURLUPART_HOST).empty())
    return "it names no host";
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return "it holds a user name or password, which would be kept and shown";
  return {};
}

} // namespace ingot::client

#include "net/git/http_exchange.hpp"

#include "net/client/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <curl/curl.h>
#include <sys/socket.h>

namespace ingot::git {

namespace {

using contents::provider_error;
using contents::trouble;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t ahead_bytes_max = 256 * 1024; ///< taken from the network before it is asked for
constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;
constexpr long redirects_max = 5;
constexpr auto poll_time = milliseconds{1'000};

std::string host_of(const std::string& url) {
  const auto from = url.find("://");
  const auto host = from == std::string::npos ? url : url.substr(from + 3);
  return host.substr(0, host.find_first_of("/?#"));
}

/// Seconds of a Retry-After; a date is not looked at.
std::optional<timestamp> retry_at(const std::string& text) {
  auto seconds = std::int64_t{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end == text.data() || seconds < 0 || seconds > 86'400)
    return std::nullopt;
  return std::chrono::time_point_cast<timestamp::duration>(std::chrono::system_clock::now()) + std::chrono::seconds{seconds};
}

} // namespace

struct http_exchange::impl {
  http_traffic& traffic;
  std::string url, type, host;
  std::string body, ahead, retry_after;
  std::size_t taken = 0; ///< of `ahead`
  std::uint64_t received = 0;
  bool begun = false, done = false, paused = false, refused = false, dialled = false, judged = false;
  CURLcode result = CURLE_OK;
  std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)> easy{::curl_easy_init(), &::curl_easy_cleanup};
  std::unique_ptr<CURLM, decltype(&::curl_multi_cleanup)> multi{::curl_multi_init(), &::curl_multi_cleanup};
  std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)> headers{nullptr, &::curl_slist_free_all};

  impl(http_traffic& of, std::string&& where, std::string&& expected)
      : traffic{of}, url{std::move(where)}, type{std::move(expected)}, host{host_of(url)} {}
  ~impl() {
    if (!begun)
      return;
    auto came = curl_off_t{0};
    auto head = 0L;
    ::curl_easy_getinfo(easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &came);
    ::curl_easy_getinfo(easy.get(), CURLINFO_HEADER_SIZE, &head);
    traffic.bytes += static_cast<std::uint64_t>(came) + static_cast<std::uint64_t>(head);
    ::curl_multi_remove_handle(multi.get(), easy.get());
  }

  void begin();
  void set_body();
  void wait_for_bytes();
  void step();
  void judge();
  std::uint64_t bytes_max() const {
    return body.empty() ? traffic.rules().advertisement_bytes_max : traffic.rules().pack_bytes_max;
  }

  /// Judges an address at the moment it is dialled.
  static curl_socket_t dial(void* self, curlsocktype, curl_sockaddr* where) {
    auto& x = *static_cast<impl*>(self);
    const auto address = client::ip_of(where->addr);
    if (!address || (!x.traffic.rules().private_addresses && !client::is_public(*address))) {
      x.refused = true;
      return CURL_SOCKET_BAD;
    }
    x.dialled = true;
    return ::socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
  }

  static std::size_t take(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& x = *static_cast<impl*>(self);
    if (x.ahead.size() - x.taken > ahead_bytes_max) {
      x.paused = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    x.received += size * count;
    if (x.received > x.bytes_max())
      return 0;
    x.ahead.append(bytes, size * count);
    return size * count;
  }

  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& x = *static_cast<impl*>(self);
    const auto line = std::string_view{bytes, size * count};
    constexpr std::string_view name = "retry-after:";
    if (line.size() > name.size() && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      const auto from = line.find_first_not_of(' ', name.size());
      x.retry_after = from == std::string_view::npos ? "" : line.substr(from);
    }
    return size * count;
  }
};

void http_exchange::impl::begin() {
  begun = true;
  auto* handle = easy.get();
  const auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(handle, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, body.empty() ? 1L : 0L); // only the first request is redirected, as git has it
  set(CURLOPT_MAXREDIRS, redirects_max);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(traffic.rules().connect_timeout.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_USERAGENT, "git/2.0 (ingot " INGOT_VERSION ")"); // some servers answer only what begins so
  set(CURLOPT_OPENSOCKETFUNCTION, &impl::dial);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_WRITEFUNCTION, &impl::take);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &impl::take_header);
  set(CURLOPT_HEADERDATA, this);
  set_body();
  ::curl_multi_add_handle(multi.get(), handle);
}

void http_exchange::impl::set_body() {
  if (body.empty())
    return;
  curl_slist* list = nullptr;
  for (const auto* x :
       {"Content-Type: application/x-git-upload-pack-request", "Accept: application/x-git-upload-pack-result", "Expect:"})
    list = ::curl_slist_append(list, x);
  headers.reset(list);
  ::curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  ::curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.data());
  ::curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
}

/// Lets curl do what it can now.
void http_exchange::impl::step() {
  auto running = 0;
  ::curl_multi_perform(multi.get(), &running);
  auto left = 0;
  while (const auto* message = ::curl_multi_info_read(multi.get(), &left))
    if (message->msg == CURLMSG_DONE) {
      done = true;
      result = message->data.result;
    }
}

/// What the answer's head says, as soon as there is a body or an end.
void http_exchange::impl::judge() {
  if (refused && !dialled)
    throw provider_error{trouble::permanent, host + " is no address of the open internet"};
  if (done && received > bytes_max())
    throw provider_error{trouble::permanent, host + " sends more than " + std::to_string(bytes_max()) + " bytes"};
  if (done && result == CURLE_TOO_MANY_REDIRECTS)
    throw provider_error{trouble::permanent, host + " redirects without an end"};
  if (done && result != CURLE_OK)
    throw provider_error{trouble::transient, host + ": " + ::curl_easy_strerror(result)};
  if (judged)
    return;
  judged = true;
  auto status = 0L;
  ::curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  const auto said = host + " answers " + std::to_string(status);
  if (status == 401 || status == 403)
    throw provider_error{trouble::forbidden, said};
  if (status == 404 || status == 410 || status == 451)
    throw provider_error{trouble::gone, said};
  if (status == 429)
    throw provider_error{trouble::rate_limited, said, retry_at(retry_after)};
  if (status == 408 || status >= 500)
    throw provider_error{trouble::transient, said};
  if (status != 200)
    throw provider_error{trouble::permanent, said};
  const char* came = nullptr;
  ::curl_easy_getinfo(easy.get(), CURLINFO_CONTENT_TYPE, &came);
  if (came == nullptr || !std::string_view{came}.starts_with(type))
    throw provider_error{trouble::permanent, host + " has no git repository there: it answers no " + type};
}

void http_exchange::impl::wait_for_bytes() {
  const auto silent_since = steady_clock::now();
  for (;;) {
    if (paused) {
      paused = false;
      ::curl_easy_pause(easy.get(), CURLPAUSE_CONT);
    }
    step();
    if (done || ahead.size() > taken)
      return judge();
    const auto now = steady_clock::now();
    if (now - silent_since > traffic.rules().silence_max)
      throw provider_error{trouble::transient, host + " is silent"};
    if (now > traffic.rules().end)
      throw provider_error{trouble::transient, host + " takes too long"};
    ::curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(poll_time.count()), nullptr);
  }
}

http_exchange::http_exchange(http_traffic& traffic, std::string url, std::string type)
    : impl_{std::make_unique<impl>(traffic, std::move(url), std::move(type))} {
  if (!impl_->easy || !impl_->multi)
    throw std::bad_alloc{};
}

http_exchange::~http_exchange() = default;

void http_exchange::add_body(std::string_view bytes) {
  if (impl_->body.size() + bytes.size() > body_bytes_max)
    throw provider_error{trouble::permanent, "the negotiation with " + impl_->host + " does not end"};
  impl_->body += bytes;
}

std::size_t http_exchange::read(char* into, std::size_t size) {
  auto& x = *impl_;
  if (!x.begun)
    x.begin();
  if (x.ahead.size() == x.taken) {
    x.ahead.clear();
    x.taken = 0;
    if (!x.done)
      x.wait_for_bytes();
  }
  const auto given = std::min(size, x.ahead.size() - x.taken);
  std::memcpy(into, x.ahead.data() + x.taken, given);
  x.taken += given;
  return given;
}

std::string http_exchange::final_url() const {
  const char* out = nullptr;
  ::curl_easy_getinfo(impl_->easy.get(), CURLINFO_EFFECTIVE_URL, &out);
  return out != nullptr ? out : impl_->url;
}

} // namespace ingot::git

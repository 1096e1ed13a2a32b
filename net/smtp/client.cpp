#include "net/smtp/client.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>

#include <curl/curl.h>

namespace ingot::smtp {

namespace {

constexpr std::size_t answer_bytes_max = 512;                      // RFC 5321 4.5.3.1.5
constexpr auto last_word_max = std::chrono::milliseconds{600'000}; // RFC 5321 4.5.3.2.6: less makes a letter arrive twice

using handle = std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)>;
using list = std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)>;
using parsed_url = std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)>;

/// One exchange, as curl's callbacks see it.
struct exchange {
  std::string_view left; ///< of the message
  std::string refusal;   ///< the last line with which the server refused something
  std::string command;   ///< the verb of the last command: what the refusal is an answer to
  const std::function<bool()>* is_over = nullptr;
};

std::size_t give_text(char* into, std::size_t size, std::size_t count, void* from) {
  auto& x = *static_cast<exchange*>(from);
  const auto bytes = std::min(size * count, x.left.size());
  std::memcpy(into, x.left.data(), bytes);
  x.left.remove_prefix(bytes);
  return bytes;
}

std::size_t take_answer(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& x = *static_cast<exchange*>(to);
  const auto line = std::string_view{bytes, std::min(size * count, answer_bytes_max)};
  if (line.starts_with('4') || line.starts_with('5'))
    x.refusal = line.substr(0, line.find_first_of("\r\n"));
  return size * count;
}

/// curl tells what it sends to whoever traces it. Of a command only the verb is kept, never a password (law 9).
int take_trace(CURL*, curl_infotype kind, char* bytes, std::size_t size, void* to) {
  constexpr std::size_t verb_bytes = 4;
  const auto verb = std::string_view{bytes, std::min(size, verb_bytes)};
  if (kind == CURLINFO_HEADER_OUT && verb != "QUIT") // with which curl takes its leave after a refusal
    static_cast<exchange*>(to)->command = verb;
  return 0;
}

int look_whether_over(void* from, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* is_over = static_cast<exchange*>(from)->is_over;
  return is_over != nullptr && *is_over && (*is_over)() ? 1 : 0;
}

/// The recipient or the text was refused, and not for want of a login.
bool is_for_good(long status, std::string_view command) {
  constexpr auto login_needed = 530l; // RFC 4954 6
  return status >= 500 && status < 600 && status != login_needed && (command == "RCPT" || command == "DATA");
}

void describe(CURL* h, const smtp_settings& to, const letter& x, const list& recipients, exchange& under_way) {
  const auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(h, option, value); };
  set(CURLOPT_URL, to.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(to.timeout.count()));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(last_word_max.count() / 1000));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>((to.timeout + last_word_max).count()));
  set(CURLOPT_USE_SSL, static_cast<long>(to.tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!to.trusted_certificate.empty())
    set(CURLOPT_CAINFO, to.trusted_certificate.c_str());
  if (!to.user.empty()) {
    set(CURLOPT_USERNAME, to.user.c_str());
    set(CURLOPT_PASSWORD, to.password.c_str());
  }
  set(CURLOPT_MAIL_FROM, x.from.c_str());
  set(CURLOPT_MAIL_RCPT, recipients.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &give_text);
  set(CURLOPT_READDATA, &under_way);
  set(CURLOPT_HEADERFUNCTION, &take_answer);
  set(CURLOPT_HEADERDATA, &under_way);
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGFUNCTION, &take_trace);
  set(CURLOPT_DEBUGDATA, &under_way);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &look_whether_over);
  set(CURLOPT_XFERINFODATA, &under_way);
}

} // namespace

void send(const smtp_settings& to, const letter& x, const std::function<bool()>& is_over) {
  static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const auto h = handle{ready ? ::curl_easy_init() : nullptr, &::curl_easy_cleanup};
  if (!h)
    throw std::runtime_error{"libcurl cannot be started"};
  auto reason = std::array<char, CURL_ERROR_SIZE>{};
  auto under_way = exchange{x.message, {}, {}, &is_over};
  const auto recipients = list{::curl_slist_append(nullptr, x.to.c_str()), &::curl_slist_free_all};
  describe(h.get(), to, x, recipients, under_way);
  ::curl_easy_setopt(h.get(), CURLOPT_ERRORBUFFER, reason.data());
  const auto code = ::curl_easy_perform(h.get());
  if (code == CURLE_OK)
    return;
  auto status = 0l;
  ::curl_easy_getinfo(h.get(), CURLINFO_RESPONSE_CODE, &status);
  auto why = std::string{reason.front() != '\0' ? reason.data() : ::curl_easy_strerror(code)};
  if (!under_way.refusal.empty())
    why += " (" + under_way.refusal + ")";
  throw not_sent{is_for_good(status, under_way.command) && code != CURLE_ABORTED_BY_CALLBACK, why};
}

std::string judge_url(const std::string& url) {
  const auto u = parsed_url{::curl_url(), &::curl_url_cleanup};
  if (::curl_url_set(u.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return "it is no URL";
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    ::curl_url_get(u.get(), which, &text, 0);
    auto out = std::string{text != nullptr ? text : ""};
    ::curl_free(text);
    return out;
  };
  if (const auto scheme = part(CURLUPART_SCHEME); scheme != "smtp" && scheme != "smtps")
    return "it begins with neither smtp:// nor smtps://";
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return "it holds a user name or a password: these are settings of their own";
  if (const auto path = part(CURLUPART_PATH); !path.empty() && path != "/")
    return "it has a path";
  return {};
}

} // namespace ingot::smtp

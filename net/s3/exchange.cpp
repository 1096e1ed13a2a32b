#include "net/s3/exchange.hpp"

#include "model/contents/blob_store.hpp"

#include <algorithm>
#include <chrono>
#include <new>

namespace ingot::s3 {

namespace {

constexpr auto lines_kept_max = std::size_t{8};
constexpr auto arrived_bytes_max = std::size_t{256} * 1024; // of an answer, before it is made to wait
constexpr auto attempts_max = 3;
constexpr auto first_pause_ms = 200;
constexpr auto expect_pause_ms = 200L; // for a store that does not say 100 Continue
constexpr auto connect_timeout_max = std::chrono::milliseconds{10'000};

contents::blob_store_error no_answer(std::string_view why) {
  return contents::blob_store_error{"the S3 store was not reached: " + std::string{why}};
}

/// Blocks, as the store's callers expect.
void pause(endpoint& of, int ms) {
  auto idle = of.take();
  ::curl_multi_poll(idle->multi, nullptr, 0, ms, nullptr);
  of.give_back(std::move(idle));
}

/// Worth another attempt.
bool may_pass(unsigned status) noexcept {
  return status == 429 || status >= 500;
}

} // namespace

curl_line::curl_line() : easy{::curl_easy_init()}, multi{::curl_multi_init()} {
  if (easy != nullptr && multi != nullptr)
    return;
  ::curl_easy_cleanup(easy);
  ::curl_multi_cleanup(multi);
  throw std::bad_alloc{};
}

curl_line::~curl_line() {
  ::curl_easy_cleanup(easy);
  ::curl_multi_cleanup(multi);
}

endpoint::endpoint(const blob_settings& x) : settings_{x} {
  static const auto ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!ready)
    throw contents::blob_store_error{"libcurl cannot be started"};
  free_.reserve(lines_kept_max);
}

std::unique_ptr<curl_line> endpoint::take() {
  const auto lock = std::lock_guard{mutex_};
  if (free_.empty())
    return std::make_unique<curl_line>();
  auto out = std::move(free_.back());
  free_.pop_back();
  return out;
}

void endpoint::give_back(std::unique_ptr<curl_line> x) noexcept {
  const auto lock = std::lock_guard{mutex_};
  if (free_.size() < lines_kept_max)
    free_.push_back(std::move(x)); // there is room for it since the beginning
}

exchange::exchange(endpoint& of, const request& asked) : of_{of}, line_{of.take()}, body_{asked.body} {
  prepare(asked);
  ::curl_multi_add_handle(line_->multi, line_->easy);
}

exchange::~exchange() {
  ::curl_multi_remove_handle(line_->multi, line_->easy);
  ::curl_easy_reset(line_->easy);
  ::curl_slist_free_all(headers_);
  of_.give_back(std::move(line_));
}

void exchange::prepare(const request& asked) {
  const auto& x = of_.settings();
  const auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(line_->easy, option, value); };
  url_ = x.s3_url + asked.target + (asked.query.empty() ? "" : "?" + asked.query);
  user_ = x.s3_access_key + ":" + x.s3_secret_key;
  signature_ = "aws:amz:" + x.s3_region + ":s3";
  // The bytes themselves have zstd's checksum, and TLS in a network that is not one's own.
  headers_ = ::curl_slist_append(headers_, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_USERPWD, user_.c_str());
  set(CURLOPT_AWS_SIGV4, signature_.c_str());
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(x.s3_timeout, connect_timeout_max).count()));
  // Taking the field Expect away would sign its empty value (libcurl 7.88), which no store then gets.
  set(CURLOPT_EXPECT_100_TIMEOUT_MS, expect_pause_ms);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(std::max<std::int64_t>(x.s3_timeout.count() / 1000, 1)));
  set(CURLOPT_WRITEFUNCTION, &take_bytes);
  set(CURLOPT_WRITEDATA, this);
  if (body_ != nullptr) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_->size()));
    set(CURLOPT_READFUNCTION, &give_bytes);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_SEEKFUNCTION, &seek);
    set(CURLOPT_SEEKDATA, this);
  }
  if (asked.method == "DELETE")
    set(CURLOPT_CUSTOMREQUEST, "DELETE");
}

std::size_t exchange::take_bytes(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& x = *static_cast<exchange*>(to);
  if (x.arrived_.size() >= arrived_bytes_max) {
    x.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  x.arrived_.append(bytes, size * count);
  return size * count;
}

std::size_t exchange::give_bytes(char* into, std::size_t size, std::size_t count, void* from) {
  auto& x = *static_cast<exchange*>(from);
  try {
    const auto given = x.body_->read(x.sent_, into, size * count);
    x.sent_ += given;
    return given;
  } catch (const std::exception& e) {
    x.failure_ = e.what();
    return CURL_READFUNC_ABORT;
  }
}

int exchange::seek(void* from, curl_off_t offset, int origin) {
  if (origin != SEEK_SET)
    return CURL_SEEKFUNC_CANTSEEK;
  static_cast<exchange*>(from)->sent_ = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

/// Waits until something has come, or all is over.
void exchange::advance() {
  if (paused_) {
    paused_ = false;
    ::curl_easy_pause(line_->easy, CURLPAUSE_CONT);
  }
  auto running = 0;
  if (::curl_multi_perform(line_->multi, &running) != CURLM_OK)
    throw no_answer("libcurl failed");
  auto left = 0;
  while (const auto* message = ::curl_multi_info_read(line_->multi, &left))
    if (message->msg == CURLMSG_DONE)
      finish(message->data.result);
  if (!over_ && arrived_.empty())
    ::curl_multi_poll(line_->multi, nullptr, 0, 1'000, nullptr);
}

void exchange::finish(CURLcode code) {
  over_ = true;
  if (!failure_.empty())
    throw contents::blob_store_error{failure_};
  if (code != CURLE_OK)
    throw no_answer(::curl_easy_strerror(code));
}

unsigned exchange::status() {
  while (!over_ && arrived_.empty())
    advance();
  auto out = 0l;
  ::curl_easy_getinfo(line_->easy, CURLINFO_RESPONSE_CODE, &out);
  return static_cast<unsigned>(out);
}

std::string_view exchange::next() {
  while (!over_ && arrived_.empty())
    advance();
  given_.clear();
  given_.swap(arrived_);
  return given_;
}

std::string ask(endpoint& of, const request& asked, std::size_t bytes_max, unsigned& status) {
  for (auto attempt = 1;; ++attempt) {
    try {
      auto under_way = exchange{of, asked};
      status = under_way.status();
      auto out = std::string{};
      for (auto piece = under_way.next(); !piece.empty() && out.size() < bytes_max; piece = under_way.next())
        out += piece.substr(0, bytes_max - out.size());
      if (!may_pass(status) || attempt == attempts_max)
        return out;
    } catch (const contents::blob_store_error&) {
      if (attempt == attempts_max)
        throw;
    }
    pause(of, first_pause_ms << (attempt - 1));
  }
}

void refuse(std::string_view doing, unsigned status, std::string_view body) {
  auto code = std::string_view{};
  if (const auto begin = body.find("<Code>"); begin != std::string_view::npos)
    code = body.substr(begin + 6, std::min(body.find('<', begin + 6), begin + 6 + 64) - begin - 6);
  throw contents::blob_store_error{"the S3 store refuses to " + std::string{doing} + ": " + std::to_string(status) +
                                   (code.empty() ? "" : " " + std::string{code})};
}

} // namespace ingot::s3

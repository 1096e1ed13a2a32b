#pragma once

#include "config/settings.hpp"
#include "net/s3/packed_blob.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

namespace ingot::s3 {

/// What is asked of the store.
struct request {
  std::string method;                ///< GET, PUT, DELETE
  std::string target;                ///< path behind the store's URL, encoded; begins with `/`
  std::string query;                 ///< encoded, in the order of its names, as the signature wants it
  const packed_blob* body = nullptr; ///< of PUT
};

/// A request's handle, and the loop that drives it and keeps its connection for the next one.
struct curl_line {
  curl_line();
  curl_line(const curl_line&) = delete;
  curl_line& operator=(const curl_line&) = delete;
  ~curl_line();

  CURL* easy;
  CURLM* multi;
};

/// Where requests go, and the connections that are kept. Thread-safe.
class endpoint {
public:
  explicit endpoint(const blob_settings& x);

  const blob_settings& settings() const noexcept { return settings_; }

  std::unique_ptr<curl_line> take();
  void give_back(std::unique_ptr<curl_line> x) noexcept;

private:
  blob_settings settings_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<curl_line>> free_;
};

/// One request under way: its answer's body is taken piece by piece, and no more of it comes than is taken. Throws
/// contents::blob_store_error. One thread at a time.
class exchange {
public:
  /// @param of and the request's body outlive it
  exchange(endpoint& of, const request& asked);
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// The answer's status; waits for it.
  unsigned status();

  /// What has come of the body since the last call; waits for some. Empty at the end. Valid until the next call.
  std::string_view next();

private:
  void prepare(const request& asked);
  void advance();
  void finish(CURLcode code);

  static std::size_t take_bytes(char* bytes, std::size_t size, std::size_t count, void* to);
  static std::size_t give_bytes(char* into, std::size_t size, std::size_t count, void* from);
  static int seek(void* from, curl_off_t offset, int origin);

  endpoint& of_;
  std::unique_ptr<curl_line> line_;
  curl_slist* headers_ = nullptr;
  std::string url_, user_, signature_;
  const packed_blob* body_;
  std::uint64_t sent_ = 0;
  std::string arrived_, given_;
  std::string failure_; ///< of the body that is sent
  bool paused_ = false, over_ = false;
};

/// Asks up to three times, with growing pauses, until the answer is neither 429 nor of the 500s and no transport error. @returns
/// the answer's body, at most `bytes_max` of it. `status` becomes the last one. Throws contents::blob_store_error after transport
/// errors.
std::string ask(endpoint& of, const request& asked, std::size_t bytes_max, unsigned& status);

/// The error for an answer that was not expected: with its status and S3's code.
[[noreturn]] void refuse(std::string_view doing, unsigned status, std::string_view body);

} // namespace ingot::s3

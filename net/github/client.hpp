#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::github {

/// One request to GitHub, or to where GitHub redirects.
struct http_call {
  std::string method = "GET";
  std::string url;                                          ///< absolute, or a path below the settings' base URL
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string token; ///< sent as `authorization: Bearer` to the base URL's host, and to no other
  std::string body;
  std::chrono::milliseconds timeout{0};          ///< of silence: without a byte for so long it fails; 0: the settings'
  std::size_t body_bytes_max = 64 * 1024 * 1024; ///< of an answer that is gathered, decompressed; past it the call fails

  /// Of a 200: gets the body piece by piece, decompressed, and nothing more is read before it returns; empty: it is gathered.
  std::function<void(std::string_view)> into;
};

struct http_answer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;
  std::string url; ///< that answered, after redirects
  unsigned redirects = 0;
  std::uint64_t bytes = 0; ///< that came over the network: heads and bodies, compressed, of redirects too
  std::string_view operator[](std::string_view name) const noexcept; ///< the first of that lower-case name, or empty
};

/// HTTP/1.1 over TLS with a pool of keep-alive connections for each host. Follows up to five redirects (301, 302, 307, 308; of
/// GET only). Thread-safe; calls block. Throws contents::provider_error(transient) when no whole answer came.
class client {
public:
  explicit client(const github_api_settings& settings);
  ~client();

  http_answer perform(const http_call& x);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::github

#pragma once

#include "net/git/http_transport.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ingot::git {

/// One HTTP exchange that is read piece by piece: no more than is asked for, and a little ahead of it, is taken from the network.
/// Throws contents::provider_error; its texts name the host at most (law 9).
class http_exchange {
public:
  /// @param type of the answer's content; another one is no git server's
  http_exchange(http_traffic& traffic, std::string url, std::string type);
  ~http_exchange();
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;

  /// Of a POST; without any it is a GET. @pre read() was not called
  void add_body(std::string_view bytes);

  /// Up to `size` bytes of the answer's body; 0 at its end. The first call sends the request.
  std::size_t read(char* into, std::size_t size);

  /// Where it ended after redirects. @pre read() was called
  std::string final_url() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::git

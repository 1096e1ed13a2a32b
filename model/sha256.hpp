#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ingot {

/// SHA-256 of `bytes` as 32 raw bytes (FIPS 180-4). Throws std::runtime_error when OpenSSL has none.
std::string sha256(std::string_view bytes);

/// The same of bytes that come in pieces. Throws std::runtime_error when OpenSSL has none.
class sha256_stream {
public:
  sha256_stream();
  ~sha256_stream();
  sha256_stream(const sha256_stream&) = delete;
  sha256_stream& operator=(const sha256_stream&) = delete;

  void add(std::string_view bytes);
  std::string finish(); ///< once, at the end

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace ingot

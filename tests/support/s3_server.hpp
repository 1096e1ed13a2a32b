#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace ingot::testing {

/// A server that speaks S3 (s3rver, of tests/support/s3_server/package.json), as a child process on a port of its own, with
/// one empty bucket. It knows keys, and does not compute Signature Version 4. Its packages are installed once, in the system's
/// temporary folder.
class s3_server {
public:
  static constexpr auto bucket = "blobs";
  static constexpr auto access_key = "S3RVER";
  static constexpr auto secret_key = "S3RVER";

  /// Null, with a warning that says why, when npm or the packages cannot be had.
  static std::unique_ptr<s3_server> start();

  ~s3_server();
  s3_server(const s3_server&) = delete;
  s3_server& operator=(const s3_server&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// Where the bucket's objects lie.
  std::filesystem::path folder() const { return folder_ / bucket; }

private:
  s3_server(std::filesystem::path folder, int process, std::uint16_t port)
      : folder_{std::move(folder)}, process_{process}, port_{port} {}

  std::filesystem::path folder_;
  int process_;
  std::uint16_t port_;
};

} // namespace ingot::testing

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ingot::s3 {

/// Packed bytes on their way to the store: in memory while they are few, else in an unnamed temporary file. Throws
/// contents::blob_store_error.
class packed_blob {
public:
  static constexpr std::size_t memory_bytes_max = 4 * 1024 * 1024;

  packed_blob() = default;
  packed_blob(const packed_blob&) = delete;
  packed_blob& operator=(const packed_blob&) = delete;
  ~packed_blob();

  void append(std::string_view bytes);

  /// Puts up to `room` bytes from `offset` on into `into`. @returns how many; 0 at the end
  std::size_t read(std::uint64_t offset, char* into, std::size_t room) const;

  std::uint64_t size() const noexcept { return size_; }

private:
  void spill();
  void write(std::string_view bytes);

  std::string held_; ///< in memory; empty once there is a file
  int file_ = -1;
  std::uint64_t size_ = 0;
};

} // namespace ingot::s3

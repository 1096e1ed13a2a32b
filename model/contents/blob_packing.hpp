#pragma once

#include "model/contents/blob_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// The form in which blobs lie in a store: one zstd frame with a checksum, so that damage is found when a blob is read.
namespace ingot::contents {

/// Packs one blob after the other. One thread at a time.
class blob_packer {
public:
  /// @param level of zstd, 1 to 19
  explicit blob_packer(unsigned level);
  blob_packer(blob_packer&&) noexcept;
  blob_packer& operator=(blob_packer&&) noexcept;
  ~blob_packer();

  /// A blob that is at hand whole. Forgets one that was begun.
  std::string pack(std::string_view whole);

  /// Begins a blob that comes in pieces. Forgets one that was begun.
  void begin();
  /// Appends to `out` what is ready of the packed bytes, which may be nothing.
  void add(std::string_view bytes, std::string& out);
  /// Appends the rest.
  void finish(std::string& out);

private:
  struct context;
  std::unique_ptr<context> context_;
};

/// Gives a blob's packed bytes, piece by piece.
class packed_source {
public:
  virtual ~packed_source() = default;

  /// Valid until the next call; empty at the end. Throws blob_store_error.
  virtual std::string_view next() = 0;
};

/// Reads a packed blob from byte `offset` of its content on; what lies before is unpacked and passed over. Its read() throws
/// blob_store_error when a byte is not what was packed, or bytes are missing at the end. Holds some MB at most.
std::unique_ptr<blob_reader> unpack(std::unique_ptr<packed_source> packed, std::uint64_t offset);

} // namespace ingot::contents

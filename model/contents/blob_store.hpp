#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::contents {

/// The store failed; what it was asked for may work another time. Its text names no secret.
struct blob_store_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes one blob. Dropped before commit() it leaves nothing.
class blob_writer {
public:
  virtual ~blob_writer() = default;

  /// Pieces in order. Throws blob_store_error.
  virtual void write(std::string_view bytes) = 0;

  /// Gives it its key. It is readable under it from now on, and durable once blob_store::flush() has returned; a key that is
  /// there already is replaced as a whole. Throws blob_store_error.
  virtual void commit(const std::string& key) = 0;
};

/// Reads one blob.
class blob_reader {
public:
  virtual ~blob_reader() = default;

  /// The next bytes, at most `bytes_max`; empty at the end. Throws blob_store_error, when the blob is damaged too.
  virtual std::string read(std::size_t bytes_max) = 0;
};

/// Keeps the contents of files under keys: plain text of letters, digits, `.` and `-`, chosen by the caller and never used for
/// other bytes. Thread-safe; every call may block.
class blob_store {
public:
  virtual ~blob_store() = default;

  virtual std::unique_ptr<blob_writer> write() = 0;

  /// Makes all that was committed before, by this process, durable. Throws blob_store_error.
  virtual void flush() = 0;

  /// From byte `offset` of the uncompressed content on. Null when there is no such blob. Throws blob_store_error.
  virtual std::unique_ptr<blob_reader> read(const std::string& key, std::uint64_t offset = 0) = 0;

  /// No such blob is no error. Throws blob_store_error.
  virtual void remove(const std::string& key) = 0;

  /// Up to `count_max` keys in order, those after `after`; of each when it was last written, in seconds since 1970.
  struct stored {
    std::string key;
    std::int64_t written_at = 0;
  };
  virtual std::vector<stored> list(const std::string& after, std::size_t count_max) = 0;
};

} // namespace ingot::contents

#pragma once

#include "model/contents/blob_store.hpp"
#include "model/contents/provider.hpp"
#include "storage/content_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// Takes contents as a provider brings them: hashes and compresses each while it passes, gives it to the blob store when it is
/// what was asked for, and remembers what has become durable. One thread at a time.
class content_intake final : public contents::blob_sink {
public:
  /// @param key_number makes the keys of this attempt unique
  /// @param progress is told the number of contents that were taken so far, now and then
  content_intake(contents::blob_store& blobs, storage::content_store& rows, std::int64_t key_number, bool skip_binary,
                 std::function<void(std::uint64_t)> progress);

  void begin(const contents::wanted_blob& x, std::uint64_t size) override;
  void write(std::string_view bytes) override;
  bool end() override;
  void abandon() noexcept override;

  /// Makes durable and remembers what was taken so far. Throws blob_store_error, store_error.
  void settle();

  /// Contents that are binary and not wanted for it.
  const std::vector<contents::object_id>& binary() const noexcept { return binary_; }
  std::uint64_t taken() const noexcept { return taken_; }

private:
  contents::blob_store& blobs_;
  storage::content_store& rows_;
  std::string key_suffix_;
  bool skip_binary_;
  std::function<void(std::uint64_t)> progress_;

  contents::wanted_blob expected_;
  std::uint64_t size_ = 0;
  std::optional<contents::blob_hash> hash_;
  std::unique_ptr<contents::blob_writer> writer_;
  std::string first_; ///< bytes, for its kind

  std::vector<storage::stored_blob> unsettled_;
  std::uint64_t unsettled_bytes_ = 0;
  std::chrono::steady_clock::time_point unsettled_since_;
  std::vector<contents::object_id> binary_;
  std::uint64_t taken_ = 0;
};

} // namespace ingot

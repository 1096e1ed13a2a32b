#pragma once

#include "model/contents/blob_store.hpp"
#include "model/contents/lfs_sink.hpp"
#include "model/contents/object_id.hpp"
#include "model/sha256.hpp"
#include "storage/content_store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ingot {

/// Takes LFS objects as a provider brings them: each is a content like any other, under git's id of its bytes, and a repository
/// has it once its provider has granted it. One thread at a time.
class lfs_intake final : public contents::lfs_sink {
public:
  /// @param wanted with what is stored of it
  /// @param key_number makes the keys of this attempt unique
  lfs_intake(contents::blob_store& blobs, storage::content_store& rows, const std::vector<storage::wanted_object>& wanted,
             std::int64_t key_number);

  bool granted(const contents::lfs_pointer& x) override;
  void begin(const contents::lfs_pointer& x) override;
  void write(std::string_view bytes) override;
  bool end() override;
  void abandon() noexcept override;

  /// Makes durable and remembers what was taken and granted so far. Throws blob_store_error, store_error.
  void settle();

private:
  contents::blob_store& blobs_;
  storage::content_store& rows_;
  std::string key_suffix_;
  std::unordered_map<std::string, std::string> stored_; ///< git's ids of what the store has, by oid
  std::unordered_map<std::string, std::string> paths_;  ///< of pointers, by oid

  contents::lfs_pointer expected_;
  std::optional<contents::blob_hash> hash_;
  std::optional<sha256_stream> sha256_;
  std::unique_ptr<contents::blob_writer> writer_;
  std::uint64_t size_ = 0;
  std::string first_; ///< bytes, for its kind

  std::vector<storage::stored_blob> unsettled_;
  std::vector<storage::granted_object> granted_;
};

} // namespace ingot

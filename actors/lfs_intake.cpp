#include "actors/lfs_intake.hpp"

#include "model/signature.hpp"

#include <algorithm>
#include <utility>

namespace ingot {

lfs_intake::lfs_intake(contents::blob_store& blobs, storage::content_store& rows,
                       const std::vector<storage::wanted_object>& wanted, std::int64_t key_number)
    : blobs_{blobs}, rows_{rows}, key_suffix_{'.' + std::to_string(key_number)} {
  for (const auto& x : wanted) {
    paths_.emplace(x.of.oid, x.path);
    if (!x.stored_sha.empty())
      stored_.emplace(x.of.oid, x.stored_sha);
  }
}

bool lfs_intake::granted(const contents::lfs_pointer& x) {
  const auto found = stored_.find(x.oid);
  if (found == stored_.end())
    return true;
  granted_.push_back({x.oid, found->second});
  return false;
}

void lfs_intake::begin(const contents::lfs_pointer& x) {
  expected_ = x;
  size_ = 0;
  hash_.emplace(x.size);
  sha256_.emplace();
  writer_ = blobs_.write();
  first_.clear();
}

void lfs_intake::write(std::string_view bytes) {
  size_ += bytes.size();
  hash_->add(bytes);
  sha256_->add(bytes);
  if (first_.size() < contents::classified_bytes)
    first_.append(bytes.substr(0, contents::classified_bytes - first_.size()));
  writer_->write(bytes);
}

bool lfs_intake::end() {
  const auto writer = std::exchange(writer_, nullptr);
  if (size_ != expected_.size || to_hex(sha256_->finish()) != expected_.oid)
    return false;
  const auto id = hash_->finish();
  auto kind = contents::classify(paths_[expected_.oid], first_, size_);
  kind.lfs.reset(); // an object that reads as a pointer is none
  auto key = id.hex() + key_suffix_;
  writer->commit(key);
  unsettled_.push_back({id, size_, std::move(key), std::move(kind)});
  granted_.push_back({expected_.oid, id.hex()});
  stored_.emplace(expected_.oid, id.hex());
  settle(); // they are large: one flush each loses little
  return true;
}

void lfs_intake::abandon() noexcept {
  writer_ = nullptr;
}

void lfs_intake::settle() {
  if (!unsettled_.empty()) {
    blobs_.flush();
    for (const auto& key : rows_.keep(unsettled_))
      blobs_.remove(key);
    unsettled_.clear();
  }
  if (!granted_.empty())
    rows_.grant(granted_);
  granted_.clear();
}

} // namespace ingot

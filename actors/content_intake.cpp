#include "actors/content_intake.hpp"

#include "config/failpoints.hpp"
#include "model/contents/content_kind.hpp"

#include <algorithm>
#include <utility>

namespace ingot {

namespace {

/// One flush and one statement for so many: each costs as much as for one, and what a crash loses is fetched again.
constexpr std::size_t unsettled_max = 1'000;
constexpr std::uint64_t unsettled_bytes_max = 64 * 1024 * 1024;

/// The sweep takes objects that nobody has told of after an hour (content_sweeper.cpp).
constexpr auto unsettled_time_max = std::chrono::minutes{10};

} // namespace

content_intake::content_intake(contents::blob_store& blobs, storage::content_store& rows, std::int64_t key_number,
                               bool skip_binary, std::function<void(std::uint64_t)> progress)
    : blobs_{blobs}, rows_{rows}, key_suffix_{'.' + std::to_string(key_number)}, skip_binary_{skip_binary}, progress_{std::move(
                                                                                                                progress)} {}

void content_intake::begin(const contents::wanted_blob& x, std::uint64_t size) {
  expected_ = x;
  size_ = size;
  hash_.emplace(size);
  writer_ = blobs_.write();
  first_.clear();
}

void content_intake::write(std::string_view bytes) {
  hash_->add(bytes);
  if (first_.size() < contents::classified_bytes)
    first_.append(bytes.substr(0, contents::classified_bytes - first_.size()));
  writer_->write(bytes);
}

bool content_intake::end() {
  const auto writer = std::exchange(writer_, nullptr);
  if (hash_->finish() != expected_.id)
    return false;
  auto kind = contents::classify(expected_.path, first_, size_);
  ++taken_;
  if (skip_binary_ && kind.is_binary) {
    binary_.push_back(expected_.id);
    return true;
  }
  auto key = expected_.id.hex() + key_suffix_;
  writer->commit(key);
  const auto now = std::chrono::steady_clock::now();
  if (unsettled_.empty())
    unsettled_since_ = now;
  unsettled_.push_back({expected_.id, size_, std::move(key), std::move(kind)});
  unsettled_bytes_ += size_;
  if (unsettled_.size() >= unsettled_max || unsettled_bytes_ >= unsettled_bytes_max ||
      now - unsettled_since_ >= unsettled_time_max)
    settle();
  return true;
}

void content_intake::abandon() noexcept {
  writer_ = nullptr;
}

void content_intake::settle() {
  if (unsettled_.empty())
    return;
  failpoint("contents_before_flush");
  blobs_.flush();
  const auto not_needed = rows_.keep(unsettled_);
  failpoint("contents_blobs_kept");
  unsettled_.clear();
  unsettled_bytes_ = 0;
  for (const auto& key : not_needed)
    blobs_.remove(key);
  progress_(taken_);
}

} // namespace ingot

#include "storage/blob_files.hpp"

#include "model/contents/blob_packing.hpp"
#include "storage/blob_folder.hpp"

#include <cerrno>
#include <mutex>
#include <system_error>

#include <unistd.h>

namespace ingot::storage {

namespace {

constexpr auto held_bytes_max = std::size_t{256 * 1024}; // a smaller blob is packed and written in one go
constexpr auto piece_bytes = std::size_t{128 * 1024};    // written and read at a time
constexpr auto packers_kept_max = std::size_t{4};

/// Packers that are not in use: making one costs more than packing a small blob.
class packer_pool {
public:
  explicit packer_pool(unsigned level) : level_{level} {}

  contents::blob_packer take() {
    const auto lock = std::lock_guard{mutex_};
    if (free_.empty())
      return contents::blob_packer{level_};
    auto out = std::move(free_.back());
    free_.pop_back();
    return out;
  }

  void give_back(contents::blob_packer&& x) {
    const auto lock = std::lock_guard{mutex_};
    if (free_.size() < packers_kept_max)
      free_.push_back(std::move(x));
  }

private:
  unsigned level_;
  std::mutex mutex_;
  std::vector<contents::blob_packer> free_;
};

/// What writers and readers share; it outlives the store for them.
struct shared_parts {
  shared_parts(const std::filesystem::path& path, unsigned level) : folder{path}, packers{level} {}

  blob_folder folder;
  packer_pool packers;
};

class file_writer final : public contents::blob_writer {
public:
  explicit file_writer(std::shared_ptr<shared_parts> parts) : parts_{std::move(parts)} {}
  ~file_writer() override { drop(); }

  void write(std::string_view bytes) override {
    if (!packer_) {
      held_ += bytes;
      if (held_.size() > held_bytes_max)
        begin_stream();
      return;
    }
    packer_->add(bytes, held_);
    if (held_.size() >= piece_bytes)
      write_held();
  }

  void commit(const std::string& key) override {
    if (packer_) {
      packer_->finish(held_);
      parts_->packers.give_back(std::move(*packer_));
      packer_.reset();
    } else {
      auto packer = parts_->packers.take();
      held_ = packer.pack(held_);
      parts_->packers.give_back(std::move(packer));
      file_ = parts_->folder.make();
    }
    write_held();
    parts_->folder.commit(std::move(file_), key);
    committed_ = true;
  }

private:
  void begin_stream() {
    file_ = parts_->folder.make();
    packer_ = parts_->packers.take();
    packer_->begin();
    auto packed = std::string{};
    packer_->add(held_, packed);
    held_ = std::move(packed);
  }

  void write_held() {
    parts_->folder.write(file_, held_);
    held_.clear();
  }

  void drop() noexcept {
    if (!committed_ && !file_.name.empty())
      parts_->folder.abandon(file_);
  }

  std::shared_ptr<shared_parts> parts_;
  std::string held_; ///< content as it came, or packed bytes once there is a packer
  std::optional<contents::blob_packer> packer_;
  blob_folder::new_file file_;
  bool committed_ = false;
};

class file_source final : public contents::packed_source {
public:
  explicit file_source(file_handle file) : file_{std::move(file)} {}

  std::string_view next() override {
    piece_.resize(piece_bytes);
    auto got = ::read(file_.get(), piece_.data(), piece_.size());
    while (got < 0 && errno == EINTR)
      got = ::read(file_.get(), piece_.data(), piece_.size());
    if (got < 0)
      throw contents::blob_store_error{"cannot read a blob: " + std::generic_category().message(errno)};
    return std::string_view{piece_}.substr(0, static_cast<std::size_t>(got));
  }

private:
  file_handle file_;
  std::string piece_;
};

class blob_files final : public contents::blob_store {
public:
  blob_files(const std::filesystem::path& folder, unsigned level) : parts_{std::make_shared<shared_parts>(folder, level)} {}

  std::unique_ptr<contents::blob_writer> write() override { return std::make_unique<file_writer>(parts_); }
  void flush() override { parts_->folder.flush(); }
  void remove(const std::string& key) override { parts_->folder.remove(key); }

  std::unique_ptr<contents::blob_reader> read(const std::string& key, std::uint64_t offset) override {
    auto file = parts_->folder.open(key);
    return file ? contents::unpack(std::make_unique<file_source>(std::move(file)), offset) : nullptr;
  }

  std::vector<stored> list(const std::string& after, std::size_t count_max) override {
    auto out = std::vector<stored>{};
    for (const auto& fan : parts_->folder.fans(after))
      for (const auto& key : parts_->folder.keys_of(fan, after)) {
        if (out.size() == count_max)
          return out;
        // Nothing: it was removed meanwhile.
        if (const auto at = parts_->folder.written_at(key); at > 0)
          out.push_back({key, at});
      }
    return out;
  }

private:
  std::shared_ptr<shared_parts> parts_;
};

} // namespace

std::shared_ptr<contents::blob_store> open_blob_files(const std::filesystem::path& folder, unsigned zstd_level) {
  return std::make_shared<blob_files>(folder, zstd_level);
}

} // namespace ingot::storage

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::storage {

/// An open file, closed at the end.
class file_handle {
public:
  explicit file_handle(int fd = -1) noexcept : fd_{fd} {}
  file_handle(file_handle&& x) noexcept : fd_{std::exchange(x.fd_, -1)} {}
  file_handle& operator=(file_handle&& x) noexcept {
    std::swap(fd_, x.fd_);
    return *this;
  }
  ~file_handle();

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

/// The folder of blob_files: names, files and what is not on the disk yet; nothing of what is in the files. Thread-safe. All
/// throw contents::blob_store_error.
class blob_folder {
public:
  explicit blob_folder(const std::filesystem::path& path);

  /// A file of a name of its own in `new`.
  struct new_file {
    std::string name; ///< below the folder
    file_handle file;
  };
  new_file make();
  void write(const new_file& to, std::string_view bytes) const;
  /// Gives it its place; not durable before flush().
  void commit(new_file&& x, const std::string& key);
  void abandon(const new_file& x) const noexcept;

  void flush();

  /// Nothing when there is no such key.
  file_handle open(const std::string& key) const;
  void remove(const std::string& key) const;

  /// Those of one fan-out folder after `after`, in order.
  std::vector<std::string> keys_of(const std::string& fan, const std::string& after) const;
  /// The fan-out folders in order, from that of key `after` on.
  std::vector<std::string> fans(const std::string& after) const;
  /// Seconds since 1970; nothing (0) when it is gone.
  std::int64_t written_at(const std::string& key) const;

private:
  [[noreturn]] void fail(std::string_view doing, std::string_view name) const;
  std::string place_of(const std::string& key) const;
  void remove_leftovers() const;
  void sync_each(std::vector<file_handle> files) const;

  std::filesystem::path path_;
  file_handle root_;
  std::string own_; ///< first part of names in `new`: no other process has it
  std::atomic<std::uint64_t> made_{0};

  std::mutex flushing_; ///< held during a flush, so that one that finds nothing to do waits for that which does it
  std::string broken_;  ///< why no flush can succeed any more

  /// What flush() has to do.
  struct unflushed {
    std::vector<file_handle> files; ///< and folders, while they are few
    bool many = false;              ///< more than few: the whole file system is synced
  };
  std::mutex pending_mutex_;
  unflushed pending_;
};

} // namespace ingot::storage

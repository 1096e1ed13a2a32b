#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace ingot::http {

/// What a connection has received and not yet understood: one block of memory, taken at the first byte and kept.
class read_buffer {
public:
  explicit read_buffer(std::size_t capacity) noexcept : capacity_(capacity) {}

  std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const noexcept { return begin_ == end_; }

  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_)
      begin_ = end_ = 0;
  }

  /// Room for the next read: all of it, when what is held lies at the front. Never empty while the view is below capacity.
  struct room {
    char* data;
    std::size_t size;
  };
  room make_room() {
    if (!data_)
      data_.reset(new char[capacity_]); // not make_unique: it would clear what recv overwrites
    if (begin_ != 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void received(std::size_t count) noexcept { end_ += count; }

private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace ingot::http

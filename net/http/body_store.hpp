#pragma once

#include "net/http/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ingot::http {

/// A body that grows with what has arrived, never with what was promised, and whose memory is counted in `limits` first.
class body_store {
public:
  /// What is kept free behind the body, for simdjson.
  static constexpr std::size_t padding = 64;
  /// Promises up to this size are believed.
  static constexpr std::size_t first_step = 64 * 1024;

  explicit body_store(limits& held) noexcept : held_(held) {}
  body_store(const body_store&) = delete;
  body_store& operator=(const body_store&) = delete;
  ~body_store() { release(); }

  /// Makes room for `wanted` bytes of a body that ends at `bytes_max` at the latest.
  /// @returns false when the memory of all bodies together is at its bound
  bool make_room(std::size_t wanted, std::size_t bytes_max) {
    if (wanted <= room_)
      return true;
    const auto doubled = std::min(bytes_max, std::max(first_step, 2 * room_));
    const auto next = room_ == 0 && wanted <= first_step ? wanted : std::max(wanted, doubled);
    const auto more = next + padding - charged_;
    if (!held_.take_bytes(more))
      return false;
    charged_ += more;
    room_ = next;
    bytes.reserve(next + padding);
    return true;
  }

  std::size_t room() const noexcept { return room_; }

  /// The memory is no longer held: the request is answered or given up.
  void release() noexcept {
    held_.give_bytes(std::exchange(charged_, 0));
    room_ = 0;
  }

  std::string bytes;

private:
  limits& held_;
  std::size_t room_ = 0;
  std::size_t charged_ = 0;
};

} // namespace ingot::http

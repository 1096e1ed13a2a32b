#pragma once

#include "net/http/message.hpp"

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ingot::http {

using steady_time = std::chrono::steady_clock::time_point;

/// What a connection waits for; it decides what a deadline or a drain means to it.
enum class phase : std::uint8_t { handshake, idle, head, body, handling, writing, lingering };

/// Why a connection was woken from outside.
enum class cut : std::uint8_t { none, deadline, drain, stop };

/// What an I/O thread knows of a connection. Touched by that thread only.
class connection {
public:
  virtual ~connection() = default;

  /// Serves until it first waits; it may be gone then.
  virtual void start() = 0;

  /// Wakes whatever it waits for on the socket, with an error.
  virtual void interrupt() noexcept = 0;

  /// Calls interrupt(), or resumes it without an answer, so that it looks at `why`.
  void cut_off(cut why) noexcept {
    cut_ = why;
    if (waiter_)
      std::exchange(waiter_, {}).resume();
    else
      interrupt();
  }

  /// The sweeper found deadline() in the past.
  void on_deadline(steady_time now) noexcept {
    if (phase_ == phase::body && body_bytes_arrived_ >= body_bytes_wanted_) {
      body_bytes_arrived_ = 0;
      deadline_ = now + body_window_;
      return;
    }
    deadline_ = steady_time::max();
    cut_off(cut::deadline);
  }

  /// Hands over what the request in hand is answered with.
  void take_answer(std::optional<response> what) noexcept {
    answer_ = std::move(what);
    answered_ = true;
    if (waiter_)
      std::exchange(waiter_, {}).resume();
  }

  phase at() const noexcept { return phase_; }
  steady_time deadline() const noexcept { return deadline_; }
  bool waits_for_answer() const noexcept { return static_cast<bool>(waiter_); }

  std::uint32_t slot = 0;     ///< its place in the thread's table
  std::string remote_address; ///< for people
  std::string address_key;    ///< what the cap for an address counts by; empty: it does not

protected:
  void enter(phase next, steady_time until) noexcept {
    phase_ = next;
    deadline_ = until;
  }

  /// Lets the sweeper cut the body unless `bytes` arrive in every `window`. A mean over the whole body would let a sender
  /// be quick at first and then hold the memory for hours.
  void enter_body(steady_time now, std::size_t bytes, std::chrono::milliseconds window) noexcept {
    body_bytes_arrived_ = 0;
    body_bytes_wanted_ = bytes;
    body_window_ = window;
    enter(phase::body, now + window);
  }

  cut cut_ = cut::none;
  bool answered_ = false;
  std::optional<response> answer_;
  std::coroutine_handle<> waiter_;
  std::size_t body_bytes_arrived_ = 0;

private:
  phase phase_ = phase::idle;
  steady_time deadline_ = steady_time::max();
  std::size_t body_bytes_wanted_ = 0;
  std::chrono::milliseconds body_window_{};
};

} // namespace ingot::http

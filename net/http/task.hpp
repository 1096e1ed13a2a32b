#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace ingot::http {

/// A coroutine that another one awaits; it starts when awaited. Asio's own awaitable costs an allocation and a frame stack
/// more for each operation, and cannot be resumed by anything but a completion handler.
template <class T>
class [[nodiscard]] task {
public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr error;
    std::coroutine_handle<> waiter;

    struct final_awaiter {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        return self.promise().waiter;
      }
      void await_resume() const noexcept {}
    };

    task get_return_object() noexcept { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    final_awaiter final_suspend() const noexcept { return {}; }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() noexcept { error = std::current_exception(); }
  };

  task(task&& other) noexcept : self_(std::exchange(other.self_, {})) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (self_)
      self_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    self_.promise().waiter = waiter;
    return self_;
  }
  T await_resume() {
    if (self_.promise().error)
      std::rethrow_exception(self_.promise().error);
    return std::move(*self_.promise().value);
  }

private:
  explicit task(std::coroutine_handle<promise_type> self) noexcept : self_(self) {}
  std::coroutine_handle<promise_type> self_;
};

/// A coroutine that nobody awaits: it runs at once and frees itself at its end. It must not throw.
struct detached_task {
  struct promise_type {
    detached_task get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

} // namespace ingot::http

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace ingot::github {

/// The body is no gzip stream.
struct bad_gzip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Undoes gzip (RFC 1952) while a body passes, a piece of at most 64 KiB at a time, so that a small body that unpacks to a huge
/// one is stopped by whoever takes the pieces.
class inflate_stream {
public:
  using sink = std::function<void(std::string_view)>;

  explicit inflate_stream(const sink& into);
  ~inflate_stream();

  /// Throws bad_gzip, and what the sink throws.
  void write(std::string_view packed);
  /// At the body's end. Throws bad_gzip when the stream is not at its own.
  void finish() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace ingot::github

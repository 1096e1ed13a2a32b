#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// One answer as it stood on the wire.
struct raw_answer {
  unsigned status = 0;
  std::string head; ///< status line and fields, with CR LF
  std::string body;

  /// The value of the field `name` (any case), or empty.
  std::string operator[](std::string_view name) const;
};

struct connection_ended : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Cuts one answer off the front of `bytes`. Throws connection_ended when it is not whole, std::runtime_error when it is none.
raw_answer take_answer(std::string& bytes, bool to_head_request = false);

/// All answers in `bytes`, interim ones too; what does not make a whole answer throws.
std::vector<raw_answer> all_answers(std::string bytes);

/// A blocking TCP connection that sends bytes as they are. Waits at most 20 s for anything, then throws.
class raw_client {
public:
  explicit raw_client(std::uint16_t port, const char* from_address = "127.0.0.1");
  raw_client(raw_client&& other) noexcept;
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client();

  /// What the peer does not take (it may have closed) is dropped.
  void send(std::string_view bytes);
  void shutdown_send();
  raw_answer read_answer(bool to_head_request = false);
  /// Everything until the peer closes; a reset counts as a close.
  std::string read_rest();
  /// Whether the peer closes without another byte.
  bool ends() { return read_rest().empty(); }
  /// Whether something can be read, or the peer has closed, within `ms`.
  bool readable(int ms) const;
  int fd() const noexcept { return fd_; }

private:
  bool fill();
  int fd_ = -1;
  std::string buffer_;
};

} // namespace ingot::testing

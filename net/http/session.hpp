#pragma once

#include "net/http/body_store.hpp"
#include "net/http/chunked.hpp"
#include "net/http/connection.hpp"
#include "net/http/head_check.hpp"
#include "net/http/io_thread.hpp"
#include "net/http/read_buffer.hpp"
#include "net/http/stream.hpp"
#include "net/http/task.hpp"

#include <memory>
#include <string>

namespace ingot::http {

/// One connection's conversation: head, body, answer, and again. `Stream` is plain_stream or tls_stream. A request's
/// successors wait in the socket until it is answered, so that answers are in order and nothing more is buffered.
template <class Stream>
class session final : public connection {
public:
  session(io_thread& owner, Stream stream);

  void start() override { run(); }
  void interrupt() noexcept override { stream_.cancel(); }

private:
  /// How receiving a body ended.
  enum class arrival : std::uint8_t { whole, gone, slow, ended_early, malformed, too_large, overhead, overloaded };

  /// How waiting for bytes ended.
  enum class wake : std::uint8_t { bytes, end, deadline, drain, gone };

  detached_task run();
  task<bool> serve_one();
  task<bool> receive_head();
  task<arrival> receive_body(std::size_t bytes_max);
  task<arrival> receive_sized(std::size_t bytes_max);
  task<arrival> receive_chunked(std::size_t bytes_max);
  task<bool> wait_for_turn();
  task<bool> answer_with_application(request req);
  task<bool> refuse(fault why, std::string_view reason, std::string_view where = {});
  task<bool> refuse(arrival how);
  task<bool> finish(response what, bool keep);
  task<bool> send(std::string_view text);
  task<bool> send_pieces(body_source* source, std::uint64_t left, bool chunked);
  task<bool> linger();

  void begin_exchange(request_head& out);
  void freeze_fields(request_head& out) const;
  void end_exchange() noexcept;
  bool take_buffered_body();
  bool skip_buffered_body() noexcept;
  std::size_t weight() const noexcept;
  wake look(const io_result& read) noexcept;
  const server_settings& settings() const noexcept { return owner_.shared().settings; }

  /// The request in hand, as far as it is needed after its head has gone to the application.
  struct exchange {
    request_head head; ///< without its fields; filled only when on_answer wants it
    std::string request_id;
    std::vector<field> fields; ///< that the application wants on the answer
    steady_time begun;
    bool has_head = false;
    bool head_only = false;
    bool counted = false;  ///< in requests_in_flight
    sender from;           ///< whose turn it takes
    std::size_t taken = 0; ///< of that sender's turns
  };

  io_thread& owner_;
  Stream stream_;
  read_buffer buffer_;
  head_scanner scanner_;
  checked_head head_;
  exchange exchange_;
  body_store body_;
  std::string out_;
  bool served_before_ = false;
};

} // namespace ingot::http

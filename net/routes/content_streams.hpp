#pragma once

#include "model/contents/blob_store.hpp"
#include "net/http/server.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ingot::routes {

/// What is to be sent of a blob.
struct blob_part {
  std::string key;
  std::uint64_t size = 0; ///< of the whole blob
  std::uint64_t first = 0, count = 0;
};

/// Reads blobs for answers on threads of its own, since a blob store blocks. What it holds is bounded: piece_bytes and what it
/// takes to unpack (some MB) for each of streams_max answers.
class content_streams {
public:
  static constexpr auto threads_max = 4u;
  static constexpr auto streams_max = 32u;                    ///< answers that are sent in pieces at a time
  static constexpr auto piece_bytes = std::size_t{64} * 1024; ///< smaller parts are answered in one

  content_streams() = default;
  ~content_streams();

  /// Puts the part into `answer` and sends it by `done`; a refusal instead when the store has no such blob, fails, or too many
  /// are being sent. Returns at once. `store` and this object outlive the server.
  void send(contents::blob_store& store, const blob_part& part, http::response answer, std::string request_id,
            http::responder done);

private:
  friend class blob_source;

  void run(std::function<void()> work);
  void serve();
  void begin(contents::blob_store& store, const blob_part& part, http::response answer, const std::string& request_id,
             http::responder& done);

  std::atomic<unsigned> streams_{0}; ///< answers in pieces
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_; ///< one for each answer at most
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace ingot::routes

#include "net/routes/content_streams.hpp"

#include "telemetry/log.hpp"

#include <algorithm>
#include <utility>

namespace ingot::routes {

/// Reads what is left of a part, a piece at a time. Only one of its pieces is ever asked for, so nothing of it needs a lock.
class blob_source final : public http::body_source, public std::enable_shared_from_this<blob_source> {
public:
  blob_source(content_streams& owner, std::unique_ptr<contents::blob_reader> from, const blob_part& part)
      : owner_{owner}, from_{std::move(from)}, key_{part.key}, left_{part.count}, to_end_{part.first + part.count == part.size} {}
  ~blob_source() override { owner_.streams_.fetch_sub(1); }

  void next(http::responder to) override {
    owner_.run([self = shared_from_this(), to = std::make_shared<http::responder>(std::move(to))] {
      auto piece = http::response{};
      if (self->read(piece.body))
        (*to)(std::move(piece));
    });
  }

private:
  /// @returns false when the store fails: who asked is dropped then, and the connection cut
  bool read(std::string& into) noexcept {
    try {
      into = from_->read(static_cast<std::size_t>(std::min<std::uint64_t>(left_, content_streams::piece_bytes)));
      left_ -= into.size();
      // Only at its end does a blob show that it is whole; before that its last piece is not given out.
      if (left_ > 0 || !to_end_ || from_->read(1).empty())
        return true;
      log::error("a blob is longer than its row says", {{"key", key_}});
    } catch (const std::exception& e) {
      log::error("a blob cannot be read", {{"key", key_}, {"reason", e.what()}});
    }
    return false;
  }

  content_streams& owner_;
  std::unique_ptr<contents::blob_reader> from_;
  std::string key_;
  std::uint64_t left_;
  bool to_end_;
};

namespace {

/// A part that is no longer than a piece.
std::string read_whole(contents::blob_reader& from, const blob_part& part) {
  auto out = std::string{};
  while (out.size() < part.count) {
    const auto piece = from.read(static_cast<std::size_t>(part.count - out.size()));
    if (piece.empty())
      throw contents::blob_store_error{"a blob is shorter than its row says"};
    out += piece;
  }
  if (part.first + part.count == part.size && !from.read(1).empty())
    throw contents::blob_store_error{"a blob is longer than its row says"};
  return out;
}

} // namespace

content_streams::~content_streams() {
  {
    const auto lock = std::lock_guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& x : threads_)
    x.join();
}

void content_streams::run(std::function<void()> work) {
  const auto lock = std::lock_guard{mutex_};
  waiting_.push_back(std::move(work));
  if (idle_ < waiting_.size() && threads_.size() < threads_max)
    threads_.emplace_back([this] { serve(); });
  changed_.notify_one();
}

void content_streams::serve() {
  auto lock = std::unique_lock{mutex_};
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_)
      return;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr; // what it holds may end an answer
    lock.lock();
  }
}

void content_streams::send(contents::blob_store& store, const blob_part& part, http::response answer, std::string request_id,
                           http::responder done) {
  run([this, &store, part, answer = std::make_shared<http::response>(std::move(answer)), request_id = std::move(request_id),
       done = std::make_shared<http::responder>(std::move(done))] { begin(store, part, std::move(*answer), request_id, *done); });
}

void content_streams::begin(contents::blob_store& store, const blob_part& part, http::response answer,
                            const std::string& request_id, http::responder& done) {
  try {
    auto from = store.read(part.key, part.first);
    if (!from)
      throw contents::blob_store_error{"there is no such blob"};
    if (part.count <= piece_bytes) {
      answer.body = read_whole(*from, part);
    } else if (streams_.fetch_add(1) < streams_max) {
      answer.source = std::make_shared<blob_source>(*this, std::move(from), part);
      answer.source_bytes = part.count;
    } else {
      streams_.fetch_sub(1);
      answer = http::refusal({fault::overloaded, "too many large files are being sent", {}}, request_id);
    }
  } catch (const std::exception& e) {
    log::error("a blob cannot be read", {{"key", part.key}, {"reason", e.what()}, {"request_id", request_id}});
    answer = http::refusal({fault::internal, "the file's content cannot be read: the log tells why", {}}, request_id);
  }
  done(std::move(answer));
}

} // namespace ingot::routes

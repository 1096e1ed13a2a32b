#include "net/github/archive_reader.hpp"

#include "model/contents/provider.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include <archive.h>
#include <archive_entry.h>

namespace ingot::github {

namespace {

/// The reader has ended: the rest is not wanted.
struct reader_is_gone {};

/// A bounded pipe between two threads.
class pipe {
public:
  static constexpr std::size_t bytes_max = 1024 * 1024;

  /// Waits while the pipe is full. Throws reader_is_gone.
  void put(std::string_view bytes) {
    auto lock = std::unique_lock{mutex_};
    moved_.wait(lock, [&] { return held_ < bytes_max || reader_gone_; });
    if (reader_gone_)
      throw reader_is_gone{};
    pieces_.emplace_back(bytes);
    held_ += bytes.size();
    moved_.notify_all();
  }

  void end(std::exception_ptr why) {
    const auto lock = std::lock_guard{mutex_};
    ended_ = true;
    why_ = std::move(why);
    moved_.notify_all();
  }

  /// The next piece; empty at the end.
  std::string take() {
    auto lock = std::unique_lock{mutex_};
    moved_.wait(lock, [&] { return !pieces_.empty() || ended_; });
    if (pieces_.empty())
      return {};
    auto out = std::move(pieces_.front());
    pieces_.pop_front();
    held_ -= out.size();
    moved_.notify_all();
    return out;
  }

  void leave() {
    const auto lock = std::lock_guard{mutex_};
    reader_gone_ = true;
    moved_.notify_all();
  }

  /// @pre the writer's thread has been joined
  void rethrow() const {
    if (why_)
      std::rethrow_exception(why_);
  }

private:
  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<std::string> pieces_;
  std::size_t held_ = 0;
  bool ended_ = false, reader_gone_ = false;
  std::exception_ptr why_;
};

struct source {
  pipe& from;
  std::string piece; ///< that libarchive reads at present
};

la_ssize_t read_piece(archive*, void* data, const void** bytes) {
  auto& x = *static_cast<source*>(data);
  x.piece = x.from.take();
  *bytes = x.piece.data();
  return static_cast<la_ssize_t>(x.piece.size());
}

using archive_handle = std::unique_ptr<archive, decltype(&::archive_read_free)>;

[[noreturn]] void fail(archive* from) {
  const auto* why = ::archive_error_string(from);
  throw contents::provider_error{contents::trouble::transient,
                                 std::string{"the archive cannot be read: "} + (why != nullptr ? why : "it is damaged")};
}

std::string within_first_folder(std::string_view path) {
  const auto slash = path.find('/');
  return std::string{slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1)};
}

void pass_content(archive* from, const archive_sink& into) {
  const void* bytes = nullptr;
  auto size = std::size_t{0};
  auto offset = la_int64_t{0};
  for (;;) {
    const auto got = ::archive_read_data_block(from, &bytes, &size, &offset);
    if (got == ARCHIVE_EOF)
      return into.done();
    if (got != ARCHIVE_OK)
      fail(from);
    into.bytes({static_cast<const char*>(bytes), size});
  }
}

void read_entries(archive* from, const archive_sink& into) {
  archive_entry* entry = nullptr;
  for (;;) {
    const auto got = ::archive_read_next_header(from, &entry);
    if (got == ARCHIVE_EOF)
      return;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
      fail(from);
    const auto type = ::archive_entry_filetype(entry);
    const auto* path = ::archive_entry_pathname(entry);
    if (path == nullptr || (type != AE_IFREG && type != AE_IFLNK))
      continue;
    auto file = archived_file{within_first_folder(path), 0, {}};
    if (const auto* target = type == AE_IFLNK ? ::archive_entry_symlink(entry) : nullptr)
      file.link_target = target;
    file.size = type == AE_IFLNK ? file.link_target.size() : static_cast<std::uint64_t>(::archive_entry_size(entry));
    if (!into.wants(file))
      continue;
    if (type == AE_IFREG) {
      pass_content(from, into);
    } else {
      into.bytes(file.link_target);
      into.done();
    }
  }
}

void read_all(pipe& from, const archive_sink& into) {
  const auto handle = archive_handle{::archive_read_new(), &::archive_read_free};
  auto input = source{from, {}};
  if (!handle || ::archive_read_support_filter_gzip(handle.get()) != ARCHIVE_OK ||
      ::archive_read_support_format_tar(handle.get()) != ARCHIVE_OK ||
      ::archive_read_open(handle.get(), &input, nullptr, &read_piece, nullptr) != ARCHIVE_OK)
    fail(handle.get());
  read_entries(handle.get(), into);
  while (!from.take().empty()) { // what follows the archive's end, so that the connection can be kept
  }
}

} // namespace

void read_archive(const std::function<void(const std::function<void(std::string_view)>&)>& produce, const archive_sink& into) {
  auto between = pipe{};
  auto writer = std::thread{[&] {
    auto why = std::exception_ptr{};
    try {
      produce([&](std::string_view bytes) { between.put(bytes); });
    } catch (const reader_is_gone&) {
    } catch (...) {
      why = std::current_exception();
    }
    between.end(std::move(why));
  }};
  auto trouble = std::exception_ptr{};
  try {
    read_all(between, into);
  } catch (...) {
    trouble = std::current_exception();
  }
  between.leave();
  writer.join();
  between.rethrow(); // a cut is the reason of a damaged archive
  if (trouble)
    std::rethrow_exception(trouble);
}

} // namespace ingot::github

#include "net/s3/packed_blob.hpp"

#include "model/contents/blob_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace ingot::s3 {

namespace {

[[noreturn]] void fail(std::string_view doing) {
  const auto error = errno;
  throw contents::blob_store_error{"cannot " + std::string{doing} +
                                   " a temporary file: " + std::generic_category().message(error)};
}

} // namespace

packed_blob::~packed_blob() {
  if (file_ >= 0)
    ::close(file_);
}

void packed_blob::append(std::string_view bytes) {
  if (file_ < 0 && held_.size() + bytes.size() > memory_bytes_max)
    spill();
  if (file_ < 0)
    held_ += bytes;
  else
    write(bytes);
  size_ += bytes.size();
}

void packed_blob::spill() {
  file_ = ::open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ < 0)
    fail("make");
  write(held_);
  held_ = std::string{};
}

void packed_blob::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      fail("write");
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
}

std::size_t packed_blob::read(std::uint64_t offset, char* into, std::size_t room) const {
  if (offset >= size_)
    return 0;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room, size_ - offset));
  if (file_ < 0) {
    std::memcpy(into, held_.data() + offset, wanted);
    return wanted;
  }
  auto got = ::pread(file_, into, wanted, static_cast<off_t>(offset));
  while (got < 0 && errno == EINTR)
    got = ::pread(file_, into, wanted, static_cast<off_t>(offset));
  if (got <= 0)
    fail("read");
  return static_cast<std::size_t>(got);
}

} // namespace ingot::s3

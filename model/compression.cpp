#include "model/compression.hpp"

#include <memory>
#include <stdexcept>
#include <zstd.h>

namespace ingot {

namespace {

constexpr int level = 1;
constexpr std::size_t scratch_bytes_max = 256 * 1024; // what a thread keeps between calls

struct free_context {
  void operator()(ZSTD_CCtx* x) const noexcept { ZSTD_freeCCtx(x); }
  void operator()(ZSTD_DCtx* x) const noexcept { ZSTD_freeDCtx(x); }
};

std::unique_ptr<ZSTD_CCtx, free_context> make_compressor() {
  std::unique_ptr<ZSTD_CCtx, free_context> context(ZSTD_createCCtx());
  if (!context)
    throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  // zstd finds most damage only by this checksum; it costs about 1 µs for 18 KB.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  return context;
}

std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result))
    throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(result));
  return result;
}

} // namespace

std::string compress(std::string_view raw) {
  thread_local auto context = make_compressor();
  thread_local std::unique_ptr<char[]> scratch(new char[scratch_bytes_max]);
  const auto bytes_max = ZSTD_compressBound(raw.size());
  // Through a scratch buffer, so that the result, which waits in mailboxes, holds no more memory than it needs.
  if (bytes_max <= scratch_bytes_max) {
    const auto bytes = checked(ZSTD_compress2(context.get(), scratch.get(), scratch_bytes_max, raw.data(), raw.size()));
    return std::string(scratch.get(), bytes);
  }
  std::unique_ptr<char[]> large(new char[bytes_max]);
  const auto bytes = checked(ZSTD_compress2(context.get(), large.get(), bytes_max, raw.data(), raw.size()));
  return std::string(large.get(), bytes);
}

std::string decompress(std::string_view packed, std::size_t raw_bytes_max) {
  const auto announced = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (announced == ZSTD_CONTENTSIZE_ERROR || announced == ZSTD_CONTENTSIZE_UNKNOWN)
    throw std::runtime_error("zstd: not a frame that says its size");
  if (announced > raw_bytes_max)
    throw std::runtime_error("zstd: inflates to " + std::to_string(announced) + " bytes, over the limit of " +
                             std::to_string(raw_bytes_max));
  if (checked(ZSTD_findFrameCompressedSize(packed.data(), packed.size())) != packed.size())
    throw std::runtime_error("zstd: bytes follow the frame");
  thread_local std::unique_ptr<ZSTD_DCtx, free_context> context(ZSTD_createDCtx());
  if (!context)
    throw std::bad_alloc();
  std::string raw(announced, '\0');
  const auto bytes = checked(ZSTD_decompressDCtx(context.get(), raw.data(), raw.size(), packed.data(), packed.size()));
  if (bytes != announced)
    throw std::runtime_error("zstd: the frame holds less than it says");
  return raw;
}

} // namespace ingot

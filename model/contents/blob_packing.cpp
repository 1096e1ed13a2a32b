#include "model/contents/blob_packing.hpp"

#include <algorithm>

#include <zstd.h>

namespace ingot::contents {

namespace {

std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result))
    throw blob_store_error{std::string{"zstd: "} + ZSTD_getErrorName(result)};
  return result;
}

struct free_decompressor {
  void operator()(ZSTD_DStream* x) const noexcept { ZSTD_freeDStream(x); }
};

class unpacking_reader final : public blob_reader {
public:
  unpacking_reader(std::unique_ptr<packed_source> packed, std::uint64_t offset)
      : packed_{std::move(packed)}, stream_{ZSTD_createDStream()}, to_pass_over_{offset} {
    if (!stream_)
      throw std::bad_alloc{};
  }

  std::string read(std::size_t bytes_max) override {
    pass_over();
    auto out = std::string(bytes_max, '\0');
    out.resize(fill(out.data(), out.size()));
    return out;
  }

private:
  void pass_over() {
    if (to_pass_over_ == 0)
      return;
    auto scratch = std::string(ZSTD_DStreamOutSize(), '\0');
    while (to_pass_over_ > 0) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(to_pass_over_, scratch.size()));
      const auto got = fill(scratch.data(), wanted);
      to_pass_over_ = got < wanted ? 0 : to_pass_over_ - got;
    }
  }

  /// @returns fewer than `wanted` at the end only
  std::size_t fill(char* into, std::size_t wanted) {
    auto out = ZSTD_outBuffer{into, wanted, 0};
    while (out.pos < out.size && !ended_) {
      if (in_.pos == in_.size && !holds_more_)
        take_more();
      const auto left = checked(ZSTD_decompressStream(stream_.get(), &out, &in_));
      holds_more_ = out.pos == out.size; // zstd may hold content still when it has taken all of its input
      if (left == 0)
        end();
    }
    return out.pos;
  }

  void take_more() {
    piece_ = packed_->next();
    if (piece_.empty())
      throw blob_store_error{"a blob ends before its frame does"};
    in_ = {piece_.data(), piece_.size(), 0};
  }

  void end() {
    ended_ = true;
    if (in_.pos < in_.size || !packed_->next().empty())
      throw blob_store_error{"bytes follow a blob's frame"};
  }

  std::unique_ptr<packed_source> packed_;
  std::unique_ptr<ZSTD_DStream, free_decompressor> stream_;
  std::string_view piece_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::uint64_t to_pass_over_;
  bool holds_more_ = false, ended_ = false;
};

} // namespace

struct blob_packer::context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();

  context() = default;
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() { ZSTD_freeCCtx(zstd); }
};

blob_packer::blob_packer(unsigned level) : context_{std::make_unique<context>()} {
  if (context_->zstd == nullptr)
    throw std::bad_alloc{};
  checked(ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_compressionLevel, static_cast<int>(level)));
  checked(ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_checksumFlag, 1));
}

blob_packer::blob_packer(blob_packer&&) noexcept = default;
blob_packer& blob_packer::operator=(blob_packer&&) noexcept = default;
blob_packer::~blob_packer() = default;

std::string blob_packer::pack(std::string_view whole) {
  auto out = std::string(ZSTD_compressBound(whole.size()), '\0');
  out.resize(checked(ZSTD_compress2(context_->zstd, out.data(), out.size(), whole.data(), whole.size())));
  return out;
}

void blob_packer::begin() {
  checked(ZSTD_CCtx_reset(context_->zstd, ZSTD_reset_session_only));
}

void blob_packer::add(std::string_view bytes, std::string& out) {
  auto in = ZSTD_inBuffer{bytes.data(), bytes.size(), 0};
  while (in.pos < in.size) {
    const auto before = out.size();
    out.resize(before + ZSTD_CStreamOutSize());
    auto room = ZSTD_outBuffer{out.data() + before, out.size() - before, 0};
    checked(ZSTD_compressStream2(context_->zstd, &room, &in, ZSTD_e_continue));
    out.resize(before + room.pos);
  }
}

void blob_packer::finish(std::string& out) {
  for (auto left = std::size_t{1}; left > 0;) {
    const auto before = out.size();
    out.resize(before + ZSTD_CStreamOutSize());
    auto in = ZSTD_inBuffer{nullptr, 0, 0};
    auto room = ZSTD_outBuffer{out.data() + before, out.size() - before, 0};
    left = checked(ZSTD_compressStream2(context_->zstd, &room, &in, ZSTD_e_end));
    out.resize(before + room.pos);
  }
}

std::unique_ptr<blob_reader> unpack(std::unique_ptr<packed_source> packed, std::uint64_t offset) {
  return std::make_unique<unpacking_reader>(std::move(packed), offset);
}

} // namespace ingot::contents

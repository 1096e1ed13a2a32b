#include "storage/binary_array.hpp"

#include <bit>
#include <stdexcept>

namespace ingot::storage {

namespace {

// Dimensions, null flag, element type; then length and lower bound of the one dimension, which an empty array lacks.
constexpr std::size_t header_bytes = 20;
constexpr std::size_t empty_header_bytes = 12;

} // namespace

binary_array::binary_array(element_type type) : buffer_(header_bytes, '\0'), type_(type) {}

void binary_array::clear() noexcept {
  buffer_.resize(header_bytes);
  size_ = 0;
  has_null_ = false;
}

char* binary_array::extend(std::size_t bytes) {
  if (bytes > bytes_max || buffer_.size() + 4 + bytes > bytes_max)
    throw std::length_error("an array parameter of over " + std::to_string(bytes_max) + " bytes");
  const auto at = buffer_.size();
  buffer_.resize(at + 4 + bytes);
  put(buffer_.data() + at, static_cast<std::int32_t>(bytes));
  ++size_;
  return buffer_.data() + at + 4;
}

void binary_array::add_null() {
  char* length = extend(0) - 4;
  put(length, std::int32_t{-1});
  has_null_ = true;
}

pgx::binary binary_array::parameter() {
  char* header = buffer_.data();
  put(header, std::int32_t{size_ == 0 ? 0 : 1});
  put(header + 4, std::int32_t{has_null_ ? 1 : 0});
  put(header + 8, static_cast<std::uint32_t>(type_));
  put(header + 12, size_);
  put(header + 16, std::int32_t{1});
  return {std::string_view{buffer_}.substr(0, size_ == 0 ? empty_header_bytes : buffer_.size())};
}

void float8_array::add(double value) {
  put(extend(sizeof value), std::bit_cast<std::uint64_t>(value));
}

void timestamptz_array::add(timestamp value) {
  using namespace std::chrono;
  constexpr timestamp postgres_epoch = sys_days{year{2000} / 1 / 1};
  put(extend(8), static_cast<std::int64_t>((value - postgres_epoch).count()));
}

void date_array::add(std::chrono::sys_days value) {
  using namespace std::chrono;
  constexpr sys_days postgres_epoch = year{2000} / 1 / 1;
  put(extend(4), static_cast<std::int32_t>((value - postgres_epoch).count()));
}

void jsonb_array::add(std::string_view value) {
  constexpr char binary_version = 1;
  char* at = extend(value.size() + 1);
  *at = binary_version;
  value.copy(at + 1, value.size());
}

} // namespace ingot::storage

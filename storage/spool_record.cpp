#include "storage/spool_record.hpp"

#include <array>
#include <cstring>

namespace ingot::storage {

namespace {

constexpr char record_version = 1;

template <class Integer>
void put(std::string& to, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    to += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

void put(std::string& to, const std::string& text) {
  put(to, static_cast<std::uint32_t>(text.size()));
  to += text;
}

/// Takes members off the front; `sound` turns false when they do not fit.
struct reader {
  std::string_view left;
  bool sound = true;

  template <class Integer>
  void take(Integer& value) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof value && has(sizeof value); ++i)
      bits |= std::uint64_t{static_cast<unsigned char>(left[i])} << (8 * i);
    value = static_cast<Integer>(bits);
    left.remove_prefix(sound ? sizeof value : 0);
  }

  void take(std::string& text) {
    std::uint32_t size = 0;
    take(size);
    if (!has(size))
      return;
    text = left.substr(0, size);
    left.remove_prefix(size);
  }

  bool has(std::size_t size) {
    sound = sound && left.size() >= size;
    return sound;
  }
};

constexpr auto crc32c_table = [] {
  std::array<std::array<std::uint32_t, 256>, 8> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[0][i] = crc;
  }
  for (std::uint32_t i = 0; i < 256; ++i)
    for (std::size_t k = 1; k < 8; ++k)
      table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 0xff];
  return table;
}();

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  crc = ~crc;
  // Eight bytes a step: a spool of gigabytes is read through at start.
  for (; left >= 8; at += 8, left -= 8) {
    crc ^= std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24;
    crc = crc32c_table[7][crc & 0xff] ^ crc32c_table[6][(crc >> 8) & 0xff] ^ crc32c_table[5][(crc >> 16) & 0xff] ^
          crc32c_table[4][crc >> 24] ^ crc32c_table[3][at[4]] ^ crc32c_table[2][at[5]] ^ crc32c_table[1][at[6]] ^
          crc32c_table[0][at[7]];
  }
  for (; left > 0; ++at, --left)
    crc = (crc >> 8) ^ crc32c_table[0][(crc ^ *at) & 0xff];
  return ~crc;
}

} // namespace

std::string to_record(const delivery& d) {
  std::string record;
  record.reserve(d.body.size() + d.repository.size() + 256);
  record += record_version;
  for (const auto* text : {&d.source, &d.endpoint, &d.id, &d.event, &d.action, &d.content_type})
    put(record, *text);
  put(record, d.hook_id);
  put(record, d.repository_id);
  put(record, d.repository);
  put(record, d.installation_id);
  put(record, static_cast<std::int64_t>(d.received_at.time_since_epoch().count()));
  put(record, d.body_bytes);
  put(record, static_cast<std::uint8_t>(d.encoding));
  put(record, d.body);
  return record;
}

std::optional<delivery> from_record(std::string_view record) {
  if (record.empty() || record.front() != record_version)
    return std::nullopt;
  reader in{record.substr(1)};
  delivery d;
  std::int64_t received_at = 0;
  std::uint8_t encoding = 0;
  for (auto* text : {&d.source, &d.endpoint, &d.id, &d.event, &d.action, &d.content_type})
    in.take(*text);
  in.take(d.hook_id);
  in.take(d.repository_id);
  in.take(d.repository);
  in.take(d.installation_id);
  in.take(received_at);
  in.take(d.body_bytes);
  in.take(encoding);
  in.take(d.body);
  if (!in.sound || !in.left.empty() || encoding > static_cast<std::uint8_t>(body_encoding::zstd))
    return std::nullopt;
  d.received_at = timestamp{std::chrono::microseconds{received_at}};
  d.encoding = static_cast<body_encoding>(encoding);
  return d;
}

std::uint32_t row_checksum(std::int64_t sequence, std::string_view record) noexcept {
  std::string place;
  put(place, sequence);
  return crc32c(crc32c(0, place), record);
}

} // namespace ingot::storage

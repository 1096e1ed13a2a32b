#include "storage/spool_log.hpp"

#include "storage/spool_file.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <fstream>
#include <string>

namespace ingot::storage {

namespace {

constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::uint32_t magic_little_endian = 0x377f0682;
constexpr std::uint32_t magic_big_endian = 0x377f0683;
constexpr std::uint32_t page_bytes = 4096; // of all our files

std::string read_whole(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary | std::ios::ate};
  const auto end = in.tellg();
  std::string bytes(end > 0 ? static_cast<std::size_t>(end) : 0, '\0');
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return bytes;
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void put_big_endian(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

/// The log's running checksum: two sums over pairs of 32-bit words.
struct running_checksum {
  bool big;
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  void add(const std::string& bytes, std::size_t from, std::size_t count) {
    for (std::size_t at = from; at < from + count; at += 8) {
      a += word(bytes, at) + b;
      b += word(bytes, at + 4) + a;
    }
  }

  std::uint32_t word(const std::string& bytes, std::size_t at) const {
    const auto value = big_endian(bytes, at);
    return big ? value : __builtin_bswap32(value);
  }

  bool stands_at(const std::string& bytes, std::size_t at) const {
    return big_endian(bytes, at) == a && big_endian(bytes, at + 4) == b;
  }

  void put_at(std::string& bytes, std::size_t at) const {
    put_big_endian(bytes, at, a);
    put_big_endian(bytes, at + 4, b);
  }
};

/// A log in memory.
class log_image {
public:
  explicit log_image(const std::filesystem::path& file) : bytes_(read_whole(file)) {
    if (bytes_.size() < header_bytes)
      return;
    magic_ = big_endian(bytes_, 0);
    running_checksum sum{magic_ != magic_little_endian};
    sum.add(bytes_, 0, 24);
    header_sound_ = (magic_ == magic_little_endian || magic_ == magic_big_endian) && big_endian(bytes_, 8) == page_bytes &&
                    sum.stands_at(bytes_, 24);
    if (!header_sound_)
      restore_header();
    look_at_frames();
  }

  const log_state& state() const noexcept { return state_; }

  void force() {
    running_checksum sum{magic_ != magic_little_endian};
    sum.add(bytes_, 0, 24);
    sum.put_at(bytes_, 24);
    std::string kept = bytes_.substr(0, header_bytes);
    std::uint32_t pages_max = 0;
    for (std::size_t i = 0; i < state_.committed; ++i)
      pages_max = std::max(pages_max, big_endian(bytes_, frame(i) + 4));
    for (std::size_t i = 0; i < state_.committed; ++i) {
      const auto at = frame(i);
      // A page that no database of this size has: its number was hit, and nobody knows whose content this is.
      const auto page = big_endian(bytes_, at);
      if (page == 0 || page > pages_max)
        continue;
      if (page == 1)
        restore_file_header(bytes_.data() + at + frame_header_bytes);
      bytes_.replace(at + 8, 8, bytes_, 16, 8);
      sum.add(bytes_, at, 8);
      sum.add(bytes_, at + frame_header_bytes, page_bytes);
      sum.put_at(bytes_, at + 16);
      kept.append(bytes_, at, frame_header_bytes + page_bytes);
    }
    bytes_ = std::move(kept);
  }

  void write(const std::filesystem::path& file) const {
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
  }

private:
  std::size_t frame(std::size_t index) const { return header_bytes + index * (frame_header_bytes + page_bytes); }
  std::size_t whole_frames() const { return (bytes_.size() - header_bytes) / (frame_header_bytes + page_bytes); }

  /// What our files' headers hold, with the salts of the first frame.
  void restore_header() {
    magic_ = magic_little_endian;
    put_big_endian(bytes_, 0, magic_);
    put_big_endian(bytes_, 4, 3007000);
    put_big_endian(bytes_, 8, page_bytes);
    if (whole_frames() > 0)
      bytes_.replace(16, 8, bytes_, frame(0) + 8, 8);
  }

  /// Frames of an earlier round of the log have another first salt and a random second one.
  bool belongs(std::size_t at) const {
    const bool first = big_endian(bytes_, at + 8) == big_endian(bytes_, 16);
    const auto difference = big_endian(bytes_, at + 12) ^ big_endian(bytes_, 20);
    return difference == 0 || (first && std::popcount(difference) <= 8);
  }

  void look_at_frames() {
    running_checksum sum{magic_ != magic_little_endian};
    sum.add(bytes_, 0, 24);
    bool sound = header_sound_;
    for (std::size_t i = 0; i < whole_frames() && belongs(frame(i)); ++i) {
      const auto at = frame(i);
      sum.add(bytes_, at, 8);
      sum.add(bytes_, at + frame_header_bytes, page_bytes);
      const bool same_salts = bytes_.compare(at + 8, 8, bytes_, 16, 8) == 0;
      sound = sound && same_salts && sum.stands_at(bytes_, at + 16);
      state_.frames = i + 1;
      if (sound)
        state_.sound = i + 1;
      if (big_endian(bytes_, at + 4) != 0)
        state_.committed = i + 1;
    }
  }

  std::string bytes_;
  std::uint32_t magic_ = 0;
  bool header_sound_ = false;
  log_state state_;
};

} // namespace

log_state inspect_log(const std::filesystem::path& log) {
  return log_image{log}.state();
}

void force_log(const std::filesystem::path& log) {
  log_image image{log};
  if (image.state().committed == 0)
    return;
  image.force();
  image.write(log);
}

bool log_is_sound(const std::filesystem::path& path) {
  const auto log = path.string() + "-wal";
  return !std::filesystem::exists(log) || inspect_log(log).is_sound();
}

} // namespace ingot::storage

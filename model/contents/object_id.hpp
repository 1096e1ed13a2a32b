#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::contents {

/// The name of a git object: SHA-1 (git hash-object), 20 bytes. All zeros: none.
class object_id {
public:
  static constexpr std::size_t size = 20;
  using bytes_type = std::array<std::uint8_t, size>;

  object_id() = default;
  explicit object_id(const bytes_type& bytes) noexcept : bytes_{bytes} {}

  /// From 40 hexadecimal digits; nothing when it is anything else.
  static std::optional<object_id> parse(std::string_view hex) noexcept;

  /// 40 digits in lower case.
  std::string hex() const;
  const bytes_type& bytes() const noexcept { return bytes_; }
  explicit operator bool() const noexcept { return *this != object_id{}; }

  friend auto operator<=>(const object_id&, const object_id&) = default;

private:
  bytes_type bytes_{};
};

/// Computes the id of a blob while its bytes pass: SHA-1 over `blob <size>\0<bytes>`.
class blob_hash {
public:
  /// @param size of the whole blob. Throws std::runtime_error when OpenSSL has no SHA-1.
  explicit blob_hash(std::uint64_t size);
  blob_hash(blob_hash&&) noexcept;
  blob_hash& operator=(blob_hash&&) noexcept;
  ~blob_hash();

  void add(std::string_view bytes);

  /// Once, at the end. Of something else when other than `size` bytes were added.
  object_id finish();

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Of a blob that is at hand whole.
object_id id_of_blob(std::string_view bytes);

/// Of a tree object's bytes: SHA-1 over `tree <size>\0<bytes>`.
object_id id_of_tree(std::string_view bytes);

} // namespace ingot::contents

template <>
struct std::hash<ingot::contents::object_id> {
  std::size_t operator()(const ingot::contents::object_id& x) const noexcept {
    auto out = std::size_t{0};
    for (auto i = 0u; i < sizeof out; ++i)
      out = out << 8 | x.bytes()[i];
    return out; // a digest's bytes are as good as random
  }
};

#pragma once

#include "model/time.hpp"
#include "storage/pgx.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::storage {

/// Element types of arrays, by their fixed OIDs (PostgreSQL, catalog pg_type).
enum class element_type : std::uint32_t {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  float8 = 701,
  date = 1082,
  timestamptz = 1184,
  uuid = 2950,
  jsonb = 3802,
};

/// One-dimensional PostgreSQL array in binary format (array_recv), for `unnest($1::text[], …)`. Nothing needs escaping.
/// Use the typed arrays below. Values are passed on as they are: whether text is valid UTF-8 is for the database to judge.
class binary_array {
public:
  /// PostgreSQL allocates at most 1 GiB - 1 for one value (MaxAllocSize): no array may be larger.
  static constexpr std::size_t bytes_max = 0x3fffffff;

  void add_null();

  /// Elements so far.
  std::size_t size() const noexcept { return size_; }

  /// Empties it and keeps its memory.
  void clear() noexcept;

  /// The parameter for pgx::run, valid until the next change of the array.
  pgx::binary parameter();

protected:
  explicit binary_array(element_type type);

  /// Room for `bytes` bytes of one more element. Throws std::length_error when the array would pass bytes_max; it is unchanged
  /// then.
  char* extend(std::size_t bytes);

  template <class Integer>
  static void put(char* at, Integer value) noexcept {
    for (int i = sizeof(Integer) - 1; i >= 0; --i, value = static_cast<Integer>(static_cast<std::uint64_t>(value) >> 8))
      at[i] = static_cast<char>(value & 0xff);
  }

private:
  std::string buffer_; ///< header, then the elements
  element_type type_;
  std::uint32_t size_ = 0;
  bool has_null_ = false;
};

namespace detail {

/// What the typed arrays share. `add` takes a value or a std::optional of one.
template <class Self, element_type Type>
class typed_array : public binary_array {
public:
  typed_array() : binary_array(Type) {}

  template <class Value>
  void add(const std::optional<Value>& value) {
    if (value)
      static_cast<Self*>(this)->add(*value);
    else
      add_null();
  }
};

template <class Self, element_type Type>
class bytes_array : public typed_array<Self, Type> {
public:
  using typed_array<Self, Type>::add;
  void add(std::string_view value) {
    char* at = this->extend(value.size());
    value.copy(at, value.size());
  }
};

template <class Self, class Integer, element_type Type>
class integer_array : public typed_array<Self, Type> {
public:
  using typed_array<Self, Type>::add;
  void add(Integer value) { this->put(this->extend(sizeof value), value); }
};

} // namespace detail

class text_array : public detail::bytes_array<text_array, element_type::text> {};
class bytea_array : public detail::bytes_array<bytea_array, element_type::bytea> {};
/// Values are 16 bytes each.
class uuid_array : public detail::bytes_array<uuid_array, element_type::uuid> {};
class int8_array : public detail::integer_array<int8_array, std::int64_t, element_type::int8> {};
class int4_array : public detail::integer_array<int4_array, std::int32_t, element_type::int4> {};
class int2_array : public detail::integer_array<int2_array, std::int16_t, element_type::int2> {};

class bool_array : public detail::typed_array<bool_array, element_type::boolean> {
public:
  using typed_array::add;
  void add(bool value) { *extend(1) = value ? 1 : 0; }
};

class float8_array : public detail::typed_array<float8_array, element_type::float8> {
public:
  using typed_array::add;
  void add(double value);
};

/// Microseconds since 2000-01-01 UTC on the wire.
class timestamptz_array : public detail::typed_array<timestamptz_array, element_type::timestamptz> {
public:
  using typed_array::add;
  void add(timestamp value);
};

/// Days since 2000-01-01 on the wire.
class date_array : public detail::typed_array<date_array, element_type::date> {
public:
  using typed_array::add;
  void add(std::chrono::sys_days value);
};

/// Each value must be JSON text.
class jsonb_array : public detail::typed_array<jsonb_array, element_type::jsonb> {
public:
  using typed_array::add;
  void add(std::string_view value);
};

} // namespace ingot::storage

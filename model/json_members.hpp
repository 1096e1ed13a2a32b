#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// Where a value stands in a document: a chain on the stack that becomes a JSON pointer only when something is wrong.
struct json_place {
  const json_place* parent = nullptr; ///< nullptr: the top
  std::string_view name;
  std::optional<std::size_t> index; ///< instead of `name` in an array

  std::string pointer() const;
};

/// What is wrong with the fields of one document, gathered until all of it has been read.
class json_faults {
public:
  /// More are counted, not told.
  static constexpr std::size_t details_max = 20;

  /// A field that is needed is absent, or something else came.
  void lacks(const json_place& parent, std::string_view name, std::string_view expected, std::string_view came);
  /// An object says a field twice that is read.
  void repeats(const json_place& parent, std::string_view name);

  bool any() const noexcept { return lacking_ != 0 || !repeated_.empty(); }

  /// The failure, to be returned: malformed_body when a field came twice, else missing_field.
  /// @param what whose fields they are, for the message: `a push event`
  failure take(std::string_view what);

private:
  std::size_t lacking_ = 0;
  std::vector<fault_detail> missing_, repeated_;
};

/// An object to be read, or its absence, and where it stands or should stand.
struct json_child {
  std::optional<simdjson::dom::object> object;
  json_place place;
  json_faults* faults = nullptr;
};

/// Reads the members that were picked from an object. The `need_` functions report what is absent or of another type to
/// json_faults; the others are tolerant and give nothing then. All views live as long as the document.
class json_members_base {
public:
  json_members_base(const json_members_base&) = delete;
  json_members_base& operator=(const json_members_base&) = delete;

  const json_place& place() const noexcept { return place_; }

protected:
  using element = simdjson::dom::element;

  struct name_table {
    const std::string_view* names = nullptr;
    const std::uint8_t* slots = nullptr; ///< 1 + index of a name, by hash with linear probing; 0: none
  };

  json_members_base(const json_child& from, name_table table) : table_(table), place_(from.place), faults_(from.faults) {}
  ~json_members_base() = default;

  void fill(const std::optional<simdjson::dom::object>& object, std::optional<element>* values);

  static constexpr std::size_t slot_count = 128;
  static constexpr std::size_t slot_of(std::string_view name) noexcept {
    const auto edge = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    return name.empty() ? 0 : (name.size() * 31 + edge(0) * 7u + edge(name.size() - 1) + edge(name.size() / 2) * 5u) % slot_count;
  }

  std::optional<std::string_view> text_at(std::size_t i) const;
  std::optional<std::int64_t> integer_at(std::size_t i) const;
  std::optional<bool> flag_at(std::size_t i) const;
  std::optional<timestamp> time_at(std::size_t i) const;
  std::optional<simdjson::dom::array> array_at(std::size_t i) const;
  bool is_null_at(std::size_t i) const;
  json_child child_at(std::size_t i) const;
  std::string_view need_text_at(std::size_t i) const;
  std::int64_t need_positive_at(std::size_t i, std::int64_t max) const;
  timestamp need_time_at(std::size_t i) const;
  void lacks_at(std::size_t i, std::string_view expected) const;

  std::optional<element>* values_ = nullptr;
  name_table table_;
  json_place place_;
  json_faults* faults_;
};

/// A string as a template argument.
template <std::size_t N>
struct json_name {
  // NOLINTNEXTLINE(google-explicit-constructor): so that a literal can stand as the argument
  consteval json_name(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i)
      text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
  char text[N];
};

/// The members `Names` of one object, found in one pass over it. A name that is not among them does not compile.
template <json_name... Names>
class json_members : public json_members_base {
public:
  explicit json_members(const json_child& from) : json_members_base(from, {names.data(), slots.data()}) {
    fill(from.object, found_.data());
  }

  /// A string.
  template <json_name Name>
  std::optional<std::string_view> text() const {
    return text_at(index_of<Name>());
  }
  /// A whole number that fits int64.
  template <json_name Name>
  std::optional<std::int64_t> integer() const {
    return integer_at(index_of<Name>());
  }
  template <json_name Name>
  std::optional<bool> flag() const {
    return flag_at(index_of<Name>());
  }
  /// RFC 3339, or seconds since 1970 as a number.
  template <json_name Name>
  std::optional<timestamp> time() const {
    return time_at(index_of<Name>());
  }
  template <json_name Name>
  std::optional<simdjson::dom::array> array() const {
    return array_at(index_of<Name>());
  }
  /// Present, and null?
  template <json_name Name>
  bool is_null() const {
    return is_null_at(index_of<Name>());
  }
  /// The object there; an empty one when there is none.
  template <json_name Name>
  json_child child() const {
    return child_at(index_of<Name>());
  }
  template <json_name Name>
  std::string_view need_text() const {
    return need_text_at(index_of<Name>());
  }
  /// A whole number from 1 to `max`.
  template <json_name Name>
  std::int64_t need_positive(std::int64_t max = std::numeric_limits<std::int64_t>::max()) const {
    return need_positive_at(index_of<Name>(), max);
  }
  template <json_name Name>
  timestamp need_time() const {
    return need_time_at(index_of<Name>());
  }
  /// Reports that the member is not what is needed.
  template <json_name Name>
  void lacks(std::string_view expected) const {
    lacks_at(index_of<Name>(), expected);
  }

private:
  static_assert(sizeof...(Names) < slot_count / 2);
  static constexpr std::array<std::string_view, sizeof...(Names)> names{Names.view()...};

  static constexpr std::array<std::uint8_t, slot_count> make_slots() {
    std::array<std::uint8_t, slot_count> out{};
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto slot = slot_of(names[i]);
      while (out[slot] != 0)
        slot = (slot + 1) % slot_count;
      out[slot] = static_cast<std::uint8_t>(i + 1);
    }
    return out;
  }
  static constexpr auto slots = make_slots();

  template <json_name Name>
  static consteval std::size_t index_of() {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == Name.view())
        return i;
    throw "this name was not picked"; // not a constant expression: the compiler refuses
  }

  std::array<std::optional<element>, sizeof...(Names)> found_;
};

} // namespace ingot

#pragma once

#include "model/contents/object_id.hpp"
#include "model/fault.hpp"
#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ingot::github::api {

/// One answer while it is read: the document, and what is wrong with it. Texts that no database could keep are judged where they
/// are read, so that one in a member that we do not read hurts nobody.
class answer_document {
public:
  /// Of an object. @param padding as json_document::parse() has it
  std::optional<failure> read(std::string_view body, std::size_t padding = 0);

  /// Of an array, which becomes the member `items` of an object: pointers begin with `/items`.
  std::optional<failure> read_list(std::string_view body);

  json_child root() { return {document_.root(), {}, &faults_}; }

  /// @returns what is wrong, once all has been read; nothing when all is well
  std::optional<failure> faults(std::string_view what) {
    return faults_.any() ? std::optional{faults_.take(what)} : std::nullopt;
  }

private:
  std::string wrapped_;
  json_document document_;
  json_faults faults_;
};

/// The first byte of `body` that is no white space, or 0.
char first_of(std::string_view body) noexcept;

/// May a database keep it?
inline bool is_storable(std::string_view text) noexcept {
  return text.find('\0') == text.npos && find_bad_utf8(text) == text.npos;
}

/// A text that can be stored; of an absent one, empty.
template <json_name Name, class Members>
std::string text_of(const Members& x) {
  const auto text = x.template text<Name>().value_or("");
  if (is_storable(text))
    return std::string{text};
  x.template lacks<Name>("a text without NUL and lone surrogates");
  return {};
}

/// A text that must be there.
template <json_name Name, class Members>
std::string need_text_of(const Members& x) {
  if (x.template text<Name>().value_or("").empty())
    x.template lacks<Name>("a text");
  return text_of<Name>(x);
}

template <json_name Name, class Members>
contents::object_id need_id_of(const Members& x) {
  const auto id = contents::object_id::parse(x.template text<Name>().value_or(""));
  if (!id)
    x.template lacks<Name>("an object id of 40 hexadecimal digits");
  return id.value_or(contents::object_id{});
}

/// A count, 0 when it is absent or negative.
template <json_name Name, class Members>
std::int64_t count_of(const Members& x) {
  return std::max<std::int64_t>(0, x.template integer<Name>().value_or(0));
}

/// A path in git's sense: relative, no empty part, `.` or `..`, no NUL; and it can be stored.
bool is_git_path(std::string_view path) noexcept;

template <json_name Name, class Members>
std::string need_path_of(const Members& x) {
  const auto path = x.template text<Name>().value_or("");
  if (!is_git_path(path))
    x.template lacks<Name>("a relative path");
  return std::string{path};
}

/// Calls `each(json_child)` for every entry of the array at `Name` of `x`; what is no object is a fault. The array must be there.
template <json_name Name, class Members, class Each>
void for_each_of(const Members& x, const Each& each) {
  const auto array = x.template array<Name>();
  if (!array)
    return x.template lacks<Name>("an array");
  const auto list = x.template child<Name>(); // for its place
  auto index = std::size_t{0};
  for (const auto entry : *array) {
    auto child = json_child{std::nullopt, {&list.place, {}, index++}, list.faults};
    auto object = simdjson::dom::object{};
    if (entry.get_object().get(object) == simdjson::SUCCESS)
      child.object = object;
    each(child);
  }
}

/// `value` unless something is wrong with the document.
template <class Value>
std::variant<Value, failure> result_of(answer_document& document, Value&& value, std::string_view what) {
  if (auto wrong = document.faults(what))
    return std::move(*wrong);
  return std::forward<Value>(value);
}

} // namespace ingot::github::api

#pragma once

#include "model/json_write.hpp"
#include "net/http/valid_utf8.hpp"

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::testing {

/// A JSON value as text. What is no UTF-8 in a string is shown as U+FFFD, as GitHub does.
struct json {
  std::string text = "null";

  json() = default;
  json(std::nullptr_t) {}
  json(bool x) : text{x ? "true" : "false"} {}
  template <std::integral Number>
  json(Number x) : text{std::to_string(x)} {}
  json(double x) : text{std::to_string(x)} {}
  json(std::string_view x) {
    text.clear();
    append_json_string(text, http::valid_utf8(x));
  }
  json(const std::string& x) : json{std::string_view{x}} {}
  json(const char* x) : json{std::string_view{x}} {}
  template <class Value>
  json(const std::optional<Value>& x) : json{x ? json{*x} : json{}} {}

  using member = std::pair<std::string_view, json>;

  static json object(std::initializer_list<member> members) {
    json out;
    out.text = "{";
    for (const auto& x : members)
      out.append(x.first, x.second);
    out.text += '}';
    return out;
  }

  static json array(const std::vector<json>& items) {
    json out;
    out.text = "[";
    for (const auto& x : items) {
      if (out.text.size() > 1)
        out.text += ',';
      out.text += x.text;
    }
    out.text += ']';
    return out;
  }

  /// @pre it is an object
  json& with(std::string_view name, const json& value) {
    text.pop_back();
    append(name, value);
    text += '}';
    return *this;
  }

private:
  void append(std::string_view name, const json& value) {
    if (text.size() > 1)
      text += ',';
    append_json_string(text, name);
    text += ':';
    text += value.text;
  }
};

} // namespace ingot::testing

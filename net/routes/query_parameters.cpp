#include "net/routes/query_parameters.hpp"

#include "model/json_text.hpp"
#include "storage/refused_change.hpp"

#include <algorithm>
#include <charconv>

namespace ingot::routes {

namespace {

storage::refused_change refused(std::string_view name, std::string expected) {
  auto message = "the parameter " + std::string{name} + " takes " + expected;
  return storage::refused_change{{fault::bad_parameter, std::move(message), {{std::string{name}, std::move(expected)}}}};
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  auto x = std::int64_t{0};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return x;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

std::string percent_decoded(std::string_view text, bool plus_is_space) {
  const auto wrong = [](const char* why) { return storage::refused_change{{fault::bad_parameter, why, {}}}; };
  auto out = std::string{};
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const auto low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      throw wrong("a % in a path or a query is followed by two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (find_bad_utf8(out) != std::string_view::npos || out.find('\0') != std::string::npos)
    throw wrong("a path or a query holds UTF-8 without NUL");
  return out;
}

std::int64_t id_in_path(std::string_view text) {
  const auto id = integer_of(text);
  if (!id || *id < 1)
    throw storage::refused_change{{fault::not_found, "ids in paths are whole numbers from 1 on", {}}};
  return *id;
}

query_parameters::query_parameters(std::string_view query, std::initializer_list<std::string_view> known, others unknown) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty())
      continue;
    const auto equals = std::min(part.find('='), part.size());
    auto name = percent_decoded(part.substr(0, equals), true);
    const auto is_known = std::find(known.begin(), known.end(), name) != known.end();
    if (!is_known && unknown == others::pass)
      continue;
    if (!is_known)
      throw storage::refused_change{{fault::bad_parameter, "there is no parameter " + name + " here", {{name, "unknown"}}}};
    if (std::any_of(values_.begin(), values_.end(), [&](const auto& x) { return x.first == name; }))
      throw refused(name, "one value");
    values_.emplace_back(std::move(name), percent_decoded(part.substr(std::min(equals + 1, part.size())), true));
  }
}

std::string query_parameters::text(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name)
      return value;
  return {};
}

std::optional<bool> query_parameters::flag(std::string_view name) const {
  const auto value = one_of(name, {"true", "false"});
  return value.empty() ? std::nullopt : std::optional{value == "true"};
}

std::int64_t query_parameters::integer(std::string_view name, std::int64_t least, std::int64_t most,
                                       std::int64_t otherwise) const {
  const auto value = text(name);
  if (value.empty())
    return otherwise;
  const auto x = integer_of(value);
  if (!x || *x < least || *x > most)
    throw refused(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return *x;
}

std::string query_parameters::one_of(std::string_view name, std::initializer_list<std::string_view> choices) const {
  auto value = text(name);
  if (value.empty() || std::find(choices.begin(), choices.end(), value) != choices.end())
    return value;
  auto all = std::string{};
  for (const auto& x : choices)
    all += (all.empty() ? "" : ", ") + std::string{x};
  throw refused(name, "one of " + all);
}

} // namespace ingot::routes

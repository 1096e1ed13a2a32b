#include "model/json_locate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace ingot {

namespace {

/// Reads a document token by token and stops at the first thing that is wrong.
class walker {
public:
  explicit walker(std::string_view text) : text_(text) {}

  std::optional<failure> walk() {
    skip_space();
    if (at_ == text_.size())
      return malformed("expected JSON, and nothing came");
    while (!found_ && step_ != step::end) {
      switch (step_) {
      case step::value:
        value();
        break;
      case step::name:
        name();
        break;
      case step::after_value:
        after_value();
        break;
      case step::end:
        break;
      }
    }
    return std::move(found_);
  }

private:
  enum class step : std::uint8_t { value, name, after_value, end };

  struct level {
    bool is_array = false;
    std::size_t index = 0;
    std::size_t name_begin = 0, name_end = 0; // between the quotes
  };

  static constexpr char end_of_text = '\xFF'; // never in UTF-8

  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : end_of_text; }

  void skip_space() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  void value() {
    switch (peek()) {
    case '{':
    case '[':
      return open(text_[at_] == '[');
    case '"':
      step_ = step::after_value;
      return string();
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return number();
    }
  }

  void open(bool is_array) {
    if (depth_ == levels_.size())
      return unstorable("nested more than " + std::to_string(json_depth_max) + " levels deep");
    levels_[depth_++] = {is_array, 0, 0, 0};
    ++at_;
    skip_space();
    if (peek() == (is_array ? ']' : '}'))
      return close();
    step_ = is_array ? step::value : step::name;
  }

  void close() noexcept {
    --depth_;
    ++at_;
    step_ = step::after_value;
  }

  void name() {
    if (peek() != '"')
      return syntax("expected a member's name in quotes");
    auto& here = levels_[depth_ - 1];
    here.name_begin = here.name_end = at_ + 1;
    string();
    if (found_)
      return;
    here.name_end = at_ - 1;
    skip_space();
    if (peek() != ':')
      return syntax("expected ':'");
    ++at_;
    skip_space();
    step_ = step::value;
  }

  void after_value() {
    skip_space();
    if (depth_ == 0) {
      step_ = step::end;
      return at_ == text_.size() ? void() : syntax("expected the end");
    }
    auto& here = levels_[depth_ - 1];
    const char c = peek();
    if (c == (here.is_array ? ']' : '}'))
      return close();
    if (c != ',')
      return syntax(here.is_array ? "expected ',' or ']'" : "expected ',' or '}'");
    ++at_;
    ++here.index;
    skip_space();
    step_ = here.is_array ? step::value : step::name;
  }

  void string() {
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\\')
        escape();
      else if (c == '\0')
        unstorable("holds a NUL byte");
      else if (static_cast<unsigned char>(c) < 0x20)
        syntax("expected no bare control character in a string");
      else
        ++at_;
      if (found_)
        return;
    }
    syntax("expected a closing '\"'");
  }

  void escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : end_of_text;
    if (c != 'u') {
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
        return syntax("expected one of \" \\ / b f n r t u after '\\'");
      at_ += 2;
      return;
    }
    const auto read = read_unicode_escape(text_.substr(at_));
    if (read.verdict == unicode_escape::malformed)
      return syntax("expected four hexadecimal digits after '\\u'");
    if (read.verdict == unicode_escape::nul)
      return unstorable("holds an escaped NUL (\\u0000)");
    if (read.verdict == unicode_escape::lone_surrogate)
      return unstorable("holds half of a surrogate pair (" + std::string(text_.substr(at_, 6)) + ")");
    at_ += read.bytes;
  }

  void literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word)
      return syntax("expected a value");
    at_ += word.size();
    step_ = step::after_value;
  }

  std::size_t take_digits() noexcept {
    const auto begin = at_;
    while (peek() >= '0' && peek() <= '9')
      ++at_;
    return at_ - begin;
  }

  void number() {
    const auto begin = at_;
    if (peek() == '-')
      ++at_;
    const auto first = at_;
    if (take_digits() == 0)
      return syntax(begin == first ? "expected a value" : "expected a digit after '-'");
    if (text_[first] == '0' && at_ > first + 1) {
      at_ = first + 1;
      return syntax("expected no digit after a leading 0");
    }
    bool integer = true;
    if (peek() == '.') {
      integer = false;
      ++at_;
      if (take_digits() == 0)
        return syntax("expected a digit after '.'");
    }
    if (peek() == 'e' || peek() == 'E') {
      integer = false;
      ++at_;
      if (peek() == '+' || peek() == '-')
        ++at_;
      if (take_digits() == 0)
        return syntax("expected a digit in the exponent");
    }
    step_ = step::after_value;
    judge_number(text_.substr(begin, at_ - begin), integer);
  }

  void judge_number(std::string_view digits, bool integer) {
    const auto *begin = digits.data(), *end = begin + digits.size();
    if (integer) {
      std::int64_t negative = 0;
      std::uint64_t positive = 0;
      const auto result = *begin == '-' ? std::from_chars(begin, end, negative) : std::from_chars(begin, end, positive);
      if (result.ec != std::errc{})
        unstorable("is an integer of more than 64 bits");
      return;
    }
    double value = 0;
    if (std::from_chars(begin, end, value).ec != std::errc{} && !is_tiny(digits))
      unstorable("is a number beyond the range of a double");
  }

  /// Of a number that from_chars finds out of range: is it next to zero (1e-400, a fine zero) rather than enormous (1e400)?
  static bool is_tiny(std::string_view digits) {
    const auto e = digits.find_first_of("eE");
    const auto mantissa = digits.substr(0, e);
    const auto first = mantissa.find_first_of("123456789");
    if (first == std::string_view::npos)
      return true;
    std::int64_t exponent = 0;
    if (e != std::string_view::npos) {
      const bool negative = digits[e + 1] == '-';
      const auto* begin = digits.data() + e + 1 + (negative || digits[e + 1] == '+');
      if (std::from_chars(begin, digits.data() + digits.size(), exponent).ec != std::errc{})
        return negative;
      exponent = negative ? -exponent : exponent;
    }
    const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
    return point - static_cast<std::int64_t>(first) < -exponent;
  }

  void syntax(std::string_view expected) {
    if (peek() == '\0' && at_ < text_.size()) {
      found_ = failure{fault::unstorable_text, "the JSON cannot be stored", {{place_in_bytes(), "a NUL byte"}}};
      return;
    }
    std::string came = "the end";
    if (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte >= 0x20 && byte < 0x7F)
        came = std::string("'") + text_[at_] + "'";
      else
        came = "byte value " + std::to_string(byte);
    }
    found_ = malformed(std::string(expected) + ", and " + came + " came");
  }

  failure malformed(std::string message) const {
    return {fault::malformed_body, "the body is not valid JSON", {{place_in_bytes(), std::move(message)}}};
  }

  void unstorable(std::string message) {
    found_ = failure{fault::unstorable_text, "the JSON cannot be stored", {{pointer(), std::move(message)}}};
  }

  std::string place_in_bytes() const { return "byte " + std::to_string(at_); }

  std::string pointer() const {
    std::string out;
    for (std::size_t i = 0; i < depth_ && out.size() <= echo_bytes_max; ++i) {
      const auto& here = levels_[i];
      if (here.is_array)
        append_pointer_token(out, std::to_string(here.index));
      else if (here.name_end != here.name_begin || step_ != step::name || i + 1 != depth_)
        append_pointer_token(out, unescape_json(text_.substr(here.name_begin, here.name_end - here.name_begin), echo_bytes_max));
    }
    return cut_for_echo(out);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  step step_ = step::value;
  std::array<level, json_depth_max> levels_{};
  std::size_t depth_ = 0;
  std::optional<failure> found_;
};

} // namespace

std::optional<failure> find_json_fault(std::string_view text) {
  if (const auto bad = find_bad_utf8(text); bad != std::string_view::npos) {
    const auto value = std::to_string(static_cast<unsigned char>(text[bad]));
    return failure{fault::unstorable_text,
                   "the JSON cannot be stored",
                   {{"byte " + std::to_string(bad), "expected UTF-8, and byte value " + value + " came"}}};
  }
  return walker(text).walk();
}

} // namespace ingot

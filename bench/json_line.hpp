#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace ingot::bench {

/// One JSON object on one line. Keys and texts are the harness's own: they need no escaping.
class json_line {
public:
  json_line& add(std::string_view key, double x) {
    char text[40];
    std::snprintf(text, sizeof text, std::abs(x) >= 100 ? "%.1f" : "%.4f", x);
    return raw(key, text);
  }
  json_line& add(std::string_view key, std::uint64_t x) { return raw(key, std::to_string(x)); }
  json_line& add(std::string_view key, std::int64_t x) { return raw(key, std::to_string(x)); }
  json_line& add(std::string_view key, bool x) { return raw(key, x ? "true" : "false"); }
  json_line& add(std::string_view key, const std::string& x) { return raw(key, '"' + x + '"'); }
  json_line& add(std::string_view key, const json_line& x) { return raw(key, x.text()); }

  std::string text() const { return '{' + body_ + '}'; }

private:
  json_line& raw(std::string_view key, const std::string& value) {
    body_ += (body_.empty() ? "\"" : ",\"") + std::string{key} + "\":" + value;
    return *this;
  }

  std::string body_;
};

} // namespace ingot::bench

#include "net/http/answer_text.hpp"

#include <boost/beast/http/status.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace ingot::http {

namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const auto from = out.size();
  out += name;
  out += ": ";
  out += value;
  for (auto i = from; i < out.size(); ++i)
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0')
      out[i] = ' ';
  out += "\r\n";
}

} // namespace

void append_answer(std::string& out, const response& what, const answer_frame& frame) {
  out += "HTTP/1.1 ";
  append_number(out, what.status);
  out += ' ';
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(what.status));
  out.append(reason.data(), reason.size());
  out += "\r\nDate: ";
  out += frame.date;
  // RFC 9110 section 8.6: 204 and 304 announce no content of their own.
  const bool has_content = what.status != 204 && what.status != 304;
  if (has_content && (!what.source || what.source_bytes != unknown_length)) {
    out += "\r\nContent-Length: ";
    append_number(out, what.source ? static_cast<std::size_t>(what.source_bytes) : what.body.size());
  }
  if (has_content && frame.chunked)
    out += "\r\nTransfer-Encoding: chunked";
  out += "\r\nX-Request-Id: ";
  out += frame.request_id;
  if (frame.connection == connection_option::close)
    out += "\r\nConnection: close";
  else if (frame.connection == connection_option::keep_alive)
    out += "\r\nConnection: keep-alive";
  out += "\r\n";
  if (has_content)
    append_field(out, "Content-Type", what.content_type);
  for (const auto& [name, value] : what.fields)
    append_field(out, name, value);
  out += "\r\n";
  if (has_content && !frame.head_only)
    out += what.body;
}

void append_chunk(std::string& out, std::string_view data) {
  std::array<char, 16> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), data.size(), 16).ptr);
  out += "\r\n";
  out += data;
  out += "\r\n";
}

std::string imf_fixdate(std::chrono::sys_seconds at) {
  static constexpr const char* weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  std::array<char, 64> text;
  const int size = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", weekdays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace ingot::http

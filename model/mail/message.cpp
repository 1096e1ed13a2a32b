#include "model/mail/message.hpp"

#include "model/base64.hpp"
#include "model/email_address.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ingot::mail {

namespace {

constexpr std::size_t line_bytes_max = 76;         // RFC 2045 6.7 (5)
constexpr std::size_t encoded_word_bytes_max = 45; // before base64; RFC 2047 allows 75 characters with what stands around it

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// How many bytes of `text` make whole characters, at most `most`.
std::size_t whole_characters(std::string_view text, std::size_t most) {
  auto size = std::min(most, text.size());
  while (size > 1 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;
  return size;
}

/// RFC 5322 3.3; in UTC.
std::string date_text(timestamp at) {
  static constexpr const char* weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const auto date = std::chrono::year_month_day{day};
  const auto time = std::chrono::hh_mm_ss{std::chrono::floor<std::chrono::seconds>(at - day)};
  auto text = std::array<char, 64>{};
  std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000", weekdays[std::chrono::weekday{day}.c_encoding()],
      static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text.data();
}

/// A display name as a quoted string, or as encoded words.
std::string name_text(std::string_view name) {
  if (!is_ascii(name))
    return encoded_header(name);
  auto out = std::string{"\""};
  for (const auto c : name) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

/// RFC 5322 3.6.8, the letters and digits that are used.
bool is_header_name(std::string_view x) {
  return !x.empty() && std::all_of(x.begin(), x.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

failure refused(std::string_view header, const char* expected) {
  return {fault::invalid_fields, "this mail cannot be written", {{std::string{header}, expected}}};
}

} // namespace

std::string encoded_header(std::string_view text) {
  if (is_ascii(text))
    return std::string{text};
  auto out = std::string{};
  while (!text.empty()) {
    const auto size = whole_characters(text, encoded_word_bytes_max);
    out += (out.empty() ? "" : "\r\n ") + ("=?utf-8?B?" + to_base64(text.substr(0, size)) + "?=");
    text.remove_prefix(size);
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  static constexpr auto digits = std::string_view{"0123456789ABCDEF"};
  auto out = std::string{};
  auto line = std::size_t{0};
  const auto put = [&](std::string_view piece) {
    if (line + piece.size() >= line_bytes_max) {
      out += "=\r\n";
      line = 0;
    }
    out += piece;
    line += piece.size();
  };
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    const auto c = text[i];
    const auto ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    if (c == '\n') {
      out += "\r\n";
      line = 0;
    } else if ((c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && !ends_line)) {
      put({&c, 1});
    } else {
      const auto byte = static_cast<unsigned char>(c);
      put(std::string{'=', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out;
}

std::variant<std::string, failure> compose(const message& x) {
  for (const auto& [name, address] : {std::pair{"From", &x.from}, {"To", &x.to}})
    if (!parse_email_address(*address))
      return refused(name, "expected: one address in its plain form");
  for (const auto& [name, text] : {std::pair{"From", &x.from_name}, {"Subject", &x.subject}, {"Message-ID", &x.id}})
    if (std::any_of(text->begin(), text->end(), is_control))
      return refused(name, "expected: no control character");
  auto out = std::string{};
  const auto add = [&](std::string_view name, std::string_view value) { ((out += name) += ": ") += std::string{value} + "\r\n"; };
  add("Date", date_text(x.at));
  add("From", x.from_name.empty() ? x.from : name_text(x.from_name) + " <" + x.from + ">");
  add("To", x.to);
  add("Subject", encoded_header(x.subject));
  add("Message-ID", "<" + x.id + ">");
  add("MIME-Version", "1.0");
  add("Content-Type", "text/plain; charset=utf-8");
  add("Content-Transfer-Encoding", "quoted-printable");
  add("Auto-Submitted", "auto-generated"); // RFC 3834: no holiday notice comes back
  for (const auto& [name, value] : x.headers) {
    if (!is_header_name(name) || !is_ascii(value) || std::any_of(value.begin(), value.end(), is_control))
      return refused(name, "expected: a header of one line of ASCII");
    add(name, value);
  }
  return out + "\r\n" + quoted_printable(x.text) + "\r\n";
}

} // namespace ingot::mail

#include "net/http/head_check.hpp"

#include "net/http/character.hpp"

#include <cstring>

namespace ingot::http {

namespace {

constexpr head_verdict passed{};

constexpr head_verdict bad(std::string_view reason, std::string_view where = {}) {
  return {fault::bad_request_framing, reason, where};
}

/// What the fields say of framing, gathered while they are read and judged when all are known.
struct framing_fields {
  unsigned hosts = 0;
  unsigned lengths = 0;
  unsigned codings = 0;
  std::string_view coding;
  bool says_close = false;
  bool says_keep_alive = false;
};

std::string_view trim(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool valid_port(std::string_view text) noexcept {
  unsigned port = 0;
  if (text.size() > 5)
    return false;
  for (const char c : text) {
    if (!character::is_digit(c))
      return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535;
}

/// uri-host [":" port] (RFC 9110 section 7.2), the name being one of letters, digits and `-._~` or an IP literal.
bool valid_host(std::string_view text) noexcept {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3)
      return false;
    for (const char c : text.substr(1, end - 1))
      if (character::hex_value(c) < 0 && c != ':' && c != '.')
        return false;
    ++end;
  } else {
    while (end < text.size() && character::is(text[end], character::host))
      ++end;
    if (end == 0)
      return false;
  }
  return end == text.size() || (text[end] == ':' && valid_port(text.substr(end + 1)));
}

/// Digits only, no leading zero, below 2^63 (RFC 9110 section 8.6; the zero is a SHOULD).
bool parse_content_length(std::string_view text, std::uint64_t& out) noexcept {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0'))
    return false;
  out = 0;
  for (const char c : text) {
    if (!character::is_digit(c))
      return false;
    out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return true;
}

/// Every `%` is followed by two hexadecimal digits that make no control character.
bool valid_percents(std::string_view target) noexcept {
  for (auto at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 3)) {
    if (target.size() - at < 3)
      return false;
    const int high = character::hex_value(target[at + 1]);
    const int low = character::hex_value(target[at + 2]);
    if (high < 0 || low < 0)
      return false;
    const int code = high * 16 + low;
    if (code < 0x20 || code == 0x7F)
      return false;
  }
  return true;
}

/// Takes `http://authority` off an absolute-form target. @returns false when the authority is none
bool strip_authority(std::string_view& target) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme))
      continue;
    target.remove_prefix(scheme.size());
    const auto end = std::min(target.find_first_of("/?"), target.size());
    const bool valid = valid_host(target.substr(0, end));
    target.remove_prefix(end);
    return valid;
  }
  return true;
}

head_verdict check_target(std::string_view target, checked_head& out) {
  if (target.size() > target_bytes_max)
    return {fault::target_too_long, "the request target is too long", {}};
  if (out.method == "CONNECT")
    return {fault::not_implemented, "CONNECT is not served", {}};
  if (target.empty() || !character::all(target, character::target) || !valid_percents(target))
    return bad("the request target is none");
  if (target == "*") {
    out.path = target;
    out.query = {};
    return out.method == "OPTIONS" ? passed : bad("the target * belongs to OPTIONS");
  }
  const bool absolute = target.front() != '/';
  if (absolute) {
    const auto* before = target.data();
    if (!strip_authority(target) || target.data() == before)
      return bad("the request target is none");
  }
  const auto question = std::min(target.find('?'), target.size());
  out.path = question == 0 ? std::string_view("/") : target.substr(0, question);
  out.query = question < target.size() ? target.substr(question + 1) : std::string_view();
  return passed;
}

head_verdict check_version(std::string_view version, checked_head& out) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") {
    out.http_1_0 = version.back() == '0';
    return passed;
  }
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && character::is_digit(version[5]) &&
                      version[6] == '.' && character::is_digit(version[7]);
  if (shaped)
    return {fault::version_not_supported, "HTTP/1.0 and HTTP/1.1 are served", {}};
  return bad("the HTTP version is none");
}

head_verdict check_request_line(std::string_view line, checked_head& out) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos)
    return bad("the request line is none");
  out.method = line.substr(0, first);
  if (out.method.empty() || !character::all(out.method, character::token))
    return bad("the method is none");
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos)
    return bad("the request line has no version");
  if (const auto verdict = check_version(line.substr(second + 1), out); !verdict)
    return verdict;
  return check_target(line.substr(first + 1, second - first - 1), out);
}

void read_connection(std::string_view value, framing_fields& seen) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim(value.substr(0, comma));
    seen.says_close = seen.says_close || equal_ignoring_case(option, "close");
    seen.says_keep_alive = seen.says_keep_alive || equal_ignoring_case(option, "keep-alive");
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

/// Looks at the few fields that decide how the bytes are cut into requests.
head_verdict note_field(field_view field, framing_fields& seen, checked_head& out) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(field.name, name); };
  switch (field.name.size()) {
  case 4:
    if (is("host") && (++seen.hosts > 1 || !valid_host(field.value)))
      return bad("there is one Host, and it is a host", field.name);
    break;
  case 6:
    if (is("expect") && !out.http_1_0) {
      if (!equal_ignoring_case(field.value, "100-continue"))
        return {fault::expectation_failed, "only 100-continue can be expected", field.name};
      out.expects_continue = true;
    }
    break;
  case 10:
    if (is("connection"))
      read_connection(field.value, seen);
    break;
  case 14:
    if (is("content-length") && (++seen.lengths > 1 || !parse_content_length(field.value, out.content_length)))
      return bad("there is one Content-Length, and it is a decimal number", field.name);
    break;
  case 17:
    if (is("transfer-encoding")) {
      ++seen.codings;
      seen.coding = field.value;
    }
    break;
  default:
    break;
  }
  return passed;
}

head_verdict check_field(std::string_view line, framing_fields& seen, checked_head& out) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return bad("a field line is none");
  const field_view field{line.substr(0, colon), trim(line.substr(colon + 1))};
  // White space before the name (obs-fold) or the colon is no token character either.
  if (!character::all(field.name, character::token))
    return bad("a field name holds what no name may hold");
  if (!character::all(field.value, character::value))
    return bad("a field value holds a control character", field.name);
  if (out.fields.size() == fields_max)
    return {fault::head_too_large, "there are too many fields", {}};
  out.fields.push_back(field);
  return note_field(field, seen, out);
}

head_verdict check_framing(const framing_fields& seen, checked_head& out) {
  if (seen.hosts == 0 && !out.http_1_0)
    return bad("HTTP/1.1 asks for a Host", "Host");
  if (seen.codings != 0) {
    if (seen.lengths != 0)
      return bad("Transfer-Encoding stands beside Content-Length", "Transfer-Encoding");
    if (seen.codings > 1 || out.http_1_0)
      return bad("there is one Transfer-Encoding, and HTTP/1.0 has none", "Transfer-Encoding");
    if (!equal_ignoring_case(seen.coding, "chunked"))
      return {fault::not_implemented, "chunked is the only transfer coding", "Transfer-Encoding"};
    out.framing = body_framing::chunked;
  } else if (seen.lengths != 0 && out.content_length != 0) {
    out.framing = body_framing::length;
  }
  out.keep_alive = !seen.says_close && (!out.http_1_0 || seen.says_keep_alive);
  out.expects_continue = out.expects_continue && out.framing != body_framing::none;
  return passed;
}

} // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (character::to_lower(a[i]) != character::to_lower(b[i]))
      return false;
  return true;
}

head_scanner::result head_scanner::look(std::string_view all) noexcept {
  if (!all.empty() && !character::is(all.front(), character::token))
    return result::malformed;
  while (seen_ < all.size()) {
    const auto* lf = static_cast<const char*>(std::memchr(all.data() + seen_, '\n', all.size() - seen_));
    if (lf == nullptr)
      break;
    const auto at = static_cast<std::size_t>(lf - all.data());
    if (at == 0 || all[at - 1] != '\r')
      return result::malformed;
    const bool empty_line = at == line_begin_ + 1;
    line_begin_ = seen_ = at + 1;
    if (empty_line)
      return result::complete;
  }
  seen_ = all.size();
  return result::need_more;
}

head_verdict check_head(std::string_view raw, checked_head& out) {
  auto fields = std::move(out.fields);
  fields.clear();
  out = checked_head{};
  out.fields = std::move(fields);

  framing_fields seen;
  bool first = true;
  while (!raw.empty()) {
    const auto lf = raw.find('\n');
    if (lf == std::string_view::npos || lf == 0 || raw[lf - 1] != '\r')
      return bad("a line does not end in CR LF");
    const auto line = raw.substr(0, lf - 1);
    raw.remove_prefix(lf + 1);
    if (!first && line.empty())
      return raw.empty() ? check_framing(seen, out) : bad("bytes follow the head");
    const auto verdict = first ? check_request_line(line, out) : check_field(line, seen, out);
    if (!verdict)
      return verdict;
    first = false;
  }
  return bad("the head has no end");
}

} // namespace ingot::http
